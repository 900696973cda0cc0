import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fitTogether,
  groupCaution,
  type Judged,
  type Loadable,
  maximalGroups,
  MOST_GROUPS,
  mostLoaded,
} from "../../src/fit/together";
import { GIB, MIB } from "../../src/fit/units";
import { judge, type JudgeInput } from "../../src/fit/verdict";
import { described, inputFor, installed, limitOf, llama as llamaVerdict, measured, SERVER } from "./inputs";

const model = (name: string, bytes: number, file = name): Loadable => ({ name, file, bytes });
const namesOf = (groups: readonly { members: readonly Loadable[] }[]) =>
  groups.map(({ members }) => members.map(({ name }) => name).join("+"));

const models = fc
  .array(fc.record({ bytes: fc.integer({ min: 1, max: 60 }), file: fc.integer({ min: 0, max: 8 }) }), { maxLength: 12 })
  .map((list) => list.map(({ bytes, file }, index) => model(`m${String(index).padStart(2, "0")}`, bytes, `f${file}`)));
const room = fc.integer({ min: 0, max: 120 });

describe("a server that keeps fewer models loaded", () => {
  const three = [model("a", 3), model("b", 2), model("c", 1)];

  it("is offered no larger groups", () => {
    expect(namesOf(maximalGroups(three, 10))).toEqual(["a+b+c"]);
    expect(namesOf(maximalGroups(three, 10, 2))).toEqual(["a+b", "a+c", "b+c"]);
    expect(maximalGroups(three, 10, 1)).toEqual([]);
  });

  it("is told by its setting, else by Ollama's default", () => {
    expect(mostLoaded(SERVER)).toBe(3);
    expect(mostLoaded({ ...SERVER, maxLoadedModels: { value: 1, source: "server log" } })).toBe(1);
  });
});

/** Every set of two or three that fits, found the plain way. */
function allFitting(list: readonly Loadable[], roomBytes: number): Loadable[][] {
  const sets: Loadable[][] = [];
  for (const [a, first] of list.entries())
    for (const [b, second] of list.entries())
      for (const third of [undefined, ...list.slice(Math.max(a, b) + 1)]) {
        if (b <= a) continue;
        const set = third === undefined ? [first, second] : [first, second, third];
        const fits = set.reduce((sum, { bytes }) => sum + bytes, 0) <= roomBytes;
        if (fits && new Set(set.map(({ file }) => file)).size === set.length) sets.push(set);
      }
  return sets;
}

describe("groups of models", () => {
  it("are as large as they can be, the largest use first", () => {
    const list = [model("a", 30), model("b", 20), model("c", 15), model("d", 5)];
    expect(namesOf(maximalGroups(list, 50))).toEqual(["a+b", "a+c+d", "b+c+d"]);
    expect(namesOf(maximalGroups(list, 55))).toEqual(["a+b+d", "a+c+d", "b+c+d"]);
    expect(maximalGroups(list, 55)[0]?.bytes).toBe(55);
  });

  it("are none where a model fits only alone", () => {
    expect(maximalGroups([model("a", 30), model("b", 30)], 50)).toEqual([]);
    expect(maximalGroups([], 50)).toEqual([]);
  });

  it("never hold two variants of one file, however small", () => {
    const list = [model("a", 10), model("a-8k", 5, "a"), model("a-4k", 1, "a"), model("b", 10)];
    expect(namesOf(maximalGroups(list, 100))).toEqual(["a+b", "b+a-8k", "b+a-4k"]);
  });

  it("fit, are distinct, and stand in order", () => {
    fc.assert(
      fc.property(models, room, (list, roomBytes) => {
        const groups = maximalGroups(list, roomBytes);
        expect(groups.length).toBeLessThanOrEqual(MOST_GROUPS);
        for (const [index, { members, bytes }] of groups.entries()) {
          expect(bytes).toBe(members.reduce((sum, member) => sum + member.bytes, 0));
          expect(bytes).toBeLessThanOrEqual(roomBytes);
          expect(members.length).toBeGreaterThanOrEqual(2);
          expect(members.length).toBeLessThanOrEqual(3);
          expect(new Set(members.map(({ file }) => file)).size).toBe(members.length);
          expect(bytes).toBeLessThanOrEqual(groups[index - 1]?.bytes ?? Infinity);
          for (const [other, { members: others }] of groups.entries())
            expect(other !== index && members.every((member) => others.includes(member))).toBe(false);
        }
      }),
    );
  });

  it("are the largest of all that are contained in no other", () => {
    fc.assert(
      fc.property(models, room, (list, roomBytes) => {
        const fitting = allFitting(list, roomBytes);
        const maximal = fitting.filter(
          (set) => !fitting.some((other) => other.length > set.length && set.every((each) => other.includes(each))),
        );
        const uses = maximal.map((set) => set.reduce((sum, { bytes }) => sum + bytes, 0)).sort((a, b) => b - a);
        expect(maximalGroups(list, roomBytes).map(({ bytes }) => bytes)).toEqual(uses.slice(0, MOST_GROUPS));
      }),
    );
  });

  it("do not depend on the order of the models", () => {
    fc.assert(
      fc.property(models, room, (list, roomBytes) => {
        expect(namesOf(maximalGroups(list.toReversed(), roomBytes))).toEqual(namesOf(maximalGroups(list, roomBytes)));
      }),
    );
  });

  it("are found among thousands of models by looking at the first 200", () => {
    const many = Array.from({ length: 5000 }, (_, index) => model(`m${index}`, index < 200 ? 10 + index : 1));
    const groups = maximalGroups(many, 500);
    expect(groups).toHaveLength(MOST_GROUPS);
    expect(groups[0]?.bytes).toBe(500);
  });
});

function judged(name: string, changes: Partial<JudgeInput> = {}, limitBytes = 51.84 * GIB): Judged {
  const input = inputFor(measured(name), limitBytes, { options: { context: 8192 }, ...changes });
  return { input, verdict: judge(input) };
}

const LLAMA = "llama3.1-8b";
const QWEN = "qwen3-8b";

describe("models that fit together", () => {
  it("count with the upper end of their estimates and one margin", () => {
    const [llama, qwen] = [judged(LLAMA), judged(QWEN)];
    const need = [llama, qwen].reduce((sum, { verdict }) => {
      const { estimate } = llamaVerdict(verdict);
      return sum + estimate.total + estimate.uncertainty;
    }, 0);
    const under = (limitBytes: number) => fitTogether([judged(LLAMA, {}, limitBytes), judged(QWEN, {}, limitBytes)]);
    const limit = need + 1024 * MIB;
    expect(under(limit)?.groups.map(({ bytes }) => bytes)).toEqual([need]);
    expect(under(limit)?.marginBytes).toBe(1024 * MIB);
    expect(under(limit - 1)?.groups).toEqual([]);
  });

  it("say at which context, and why a yes is not firm", () => {
    const estimated = limitOf(51.84 * GIB, { estimated: true, sourceText: "estimated" });
    const together = fitTogether([judged(LLAMA, { limit: estimated }), judged(QWEN, { limit: estimated })]);
    expect(together?.groups[0]?.members).toMatchObject([
      { numCtx: 8192, caution: "The limit is estimated." },
      { numCtx: 8192, caution: "The limit is estimated." },
    ]);
    expect(fitTogether([judged(LLAMA), judged(QWEN)])?.groups[0]?.members[0]).not.toHaveProperty(
      "caution",
      expect.anything(),
    );
  });

  it("leave out and count what is not known", () => {
    const server = { ...SERVER, kvCacheType: { value: "q2_x", source: "server log" } };
    const together = fitTogether([judged(LLAMA), judged(QWEN), judged(LLAMA, { server })]);
    expect(together?.unknown).toBe(1);
    expect(together?.groups).toHaveLength(1);
    expect(fitTogether([])).toBeUndefined();
    expect(fitTogether([judged(LLAMA, { limit: { kind: "unknown", reason: "Not stated." } })])).toBeUndefined();
  });

  const qwen = measured(QWEN);
  const llama = measured(LLAMA);
  const as = (name: string, from = llama, file?: string, parentModel?: string): Partial<JudgeInput> => ({
    model: installed(from, { name, digest: `digest of ${name}`, ...(parentModel ? { parentModel } : {}) }),
    description: described(from.header, file === undefined ? {} : { weightsFile: file }),
  });
  it.each<[string, Partial<JudgeInput>, Partial<JudgeInput>, boolean]>([
    ["of one file", as("a:latest", llama, "/blobs/x"), as("b:latest", llama, "/blobs/x"), false],
    ["of two files", as("a:latest", llama, "/blobs/x"), as("b:latest", llama, "/blobs/y"), true],
    ["of two files since the parent was pulled anew", as("a", llama, "/x"), as("b", llama, "/y", "a"), true],
    [
      "of a parent whose file is not known",
      as("A:latest", llama, "/blobs/x"),
      as("b:8k", llama, undefined, "a"),
      false,
    ],
    ["of one parent that is gone", as("a:4k", llama, undefined, "p:1"), as("b:8k", llama, undefined, "p:1"), false],
    ["without anything in common", as("a:latest"), as("b:latest", qwen), true],
  ])("are those %s only where they can be loaded at once", (_, one, other, fit) => {
    expect(fitTogether([judged(LLAMA, one), judged(QWEN, other)])?.groups).toHaveLength(fit ? 1 : 0);
  });

  it("are not two names of one model", () => {
    const twin = { model: installed(llama, { name: "copy:latest" }) };
    expect(fitTogether([judged(LLAMA), judged(LLAMA, twin)])?.groups).toEqual([]);
  });
});

it("warns of a group that fits the limit and would make the Mac swap", () => {
  const ram = { ramBytes: 64 * GIB, reserveBytes: 8 * GIB, othersBytes: 30 * GIB };
  expect(groupCaution({ members: [], bytes: 45 * GIB }, { ram })).toMatch(/^RAM is 11\.0 GiB short.* swap/);
  expect(groupCaution({ members: [], bytes: 20 * GIB }, { ram })).toBeUndefined();
});
