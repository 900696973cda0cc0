import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newJournal } from "../../src/apply/journal";
import { readJournal, writeJournal } from "../../src/apply/journal-store";
import { isStep, planSteps, type Step, type StepOf, undoUnseen } from "../../src/apply/steps";
import { makePlan } from "../../src/fit/plan/make-plan";
import { variantName } from "../../src/fit/model-name";
import { MODEL_RUNNERS } from "../../src/fit/model-runner";
import { planFor } from "../fit/inputs";
import { keptIn } from "./kept";

const whole = fc.nat();
const positive = fc.integer({ min: 1 });
const name = fc.string({ minLength: 1 });
const runner = fc.constantFrom(...MODEL_RUNNERS);

interface Optional<T> {
  readonly mayBeAbsent: fc.Arbitrary<T>;
}
const optional = <T>(mayBeAbsent: fc.Arbitrary<T>): Optional<T> => ({ mayBeAbsent });

/** A sample for each field; what may be absent is marked, and nothing else. */
type SampleFields<S extends Step> = {
  readonly [F in Exclude<keyof S, "kind">]-?: undefined extends S[F]
    ? Optional<Exclude<S[F], undefined>>
    : fc.Arbitrary<S[F]>;
};

/** Steps of every kind, with what may be absent; a kind or a field that's forgotten is a type error. */
const FIELDS: { readonly [K in Step["kind"]]: SampleFields<StepOf<K>> } = {
  "set-limit": {
    mib: whole,
    beforeMib: whole,
    daemon: fc.constantFrom("keep" as const, "install" as const, "remove" as const),
    daemonBeforeMib: optional(whole),
  },
  "close-apps": {
    apps: fc.array(fc.record({ name, bundlePath: name })),
    mostUsedBytes: optional(positive),
    gpuBytes: optional(positive),
  },
  "set-kv-cache": { type: fc.string(), before: fc.string() },
  "create-variant": {
    source: name,
    sourceRunner: optional(runner),
    name,
    numCtx: positive,
    replaces: optional(name),
  },
  "restart-ollama": { cutsOff: optional(fc.array(name)) },
  "remove-variant": {
    name,
    made: fc.oneof(fc.record({ digest: name }), fc.record({ source: name, numCtx: positive })),
  },
  unload: { name, runner: optional(runner) },
  load: {
    name,
    runner: optional(runner),
    numCtx: optional(positive),
    keepAlive: optional(fc.oneof(positive, fc.constant(-1))),
    expected: optional(fc.record({ numCtx: positive, bytes: positive, leastBytes: positive })),
  },
};
const KINDS = Object.keys(FIELDS) as Step["kind"][];
/** One value of each type that JSON has, and numbers that count nothing. */
const VALUES: readonly unknown[] = [null, true, "text", [], {}, [1], -1, 0.5, 1e300];

/** The fields of a kind without their types, which TypeScript doesn't follow through a union. */
const fieldsOf = (kind: Step["kind"]) => Object.entries<fc.Arbitrary<unknown> | Optional<unknown>>(FIELDS[kind]);
const isOptional = (kind: Step["kind"], field: string) =>
  fieldsOf(kind).some(([other, sample]) => other === field && "mayBeAbsent" in sample);

function stepOf(kind: Step["kind"]) {
  const model = fieldsOf(kind).map(([field, sample]) => [field, "mayBeAbsent" in sample ? sample.mayBeAbsent : sample]);
  const requiredKeys = fieldsOf(kind).flatMap(([field]) => (isOptional(kind, field) ? [] : [field]));
  return fc
    .record(Object.fromEntries(model) as Record<string, fc.Arbitrary<unknown>>, { requiredKeys })
    .map((fields) => ({ kind, ...fields }));
}

const typeOf = (value: unknown) =>
  Array.isArray(value) ? "array" : value === null ? "null" : typeof value === "number" ? "number" : typeof value;
const asStored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe.each(KINDS)("the stored form of %s", (kind) => {
  it("is read back as it was written", () => {
    fc.assert(
      fc.property(stepOf(kind), (step) => {
        const stored = asStored(step);
        expect(stored).toEqual(step);
        expect(isStep(stored)).toBe(true);
      }),
    );
  });

  it("is refused without one of its fields, with one of another type, and with one more", () => {
    fc.assert(
      fc.property(stepOf(kind), (step) => {
        expect(isStep({ ...step, more: 1 })).toBe(false);
        for (const [field, value] of Object.entries(step)) {
          const without = Object.fromEntries(Object.entries(step).filter(([other]) => other !== field));
          expect(isStep(without), `without ${field}`).toBe(isOptional(kind, field));
          const others = VALUES.filter((other) => typeOf(other) !== typeOf(value) || typeOf(other) === "number");
          for (const other of others) {
            // It means for ever there.
            if (field === "keepAlive" && other === -1) continue;
            const broken = { ...step, [field]: other };
            expect(isStep(broken), JSON.stringify(broken)).toBe(false);
          }
        }
      }),
    );
  });
});

describe("a stored step", () => {
  it("is refused where what a load is held against is not whole", () => {
    const load = { kind: "load", name: "a", expected: { numCtx: 1, bytes: 2, leastBytes: 1 } };
    expect(isStep(load)).toBe(true);
    for (const field of ["numCtx", "bytes", "leastBytes"] as const) {
      // Of a model that takes no memory for a context when it loads none is predicted.
      for (const value of [...(field === "numCtx" ? [] : [undefined]), null, "1", 0, 1.5]) {
        expect(isStep({ ...load, expected: { ...load.expected, [field]: value } }), `${field} ${value}`).toBe(false);
      }
    }
    expect(isStep({ ...load, expected: { ...load.expected, more: 1 } })).toBe(false);
    for (const keepAlive of [-1, 600]) expect(isStep({ ...load, keepAlive })).toBe(true);
    for (const keepAlive of [0, -2, 1.5, "5m", null]) expect(isStep({ ...load, keepAlive })).toBe(false);
  });

  it("is refused where it names models that make no sense", () => {
    const restart = { kind: "restart-ollama", cutsOff: ["a"] };
    expect(isStep(restart)).toBe(true);
    expect(isStep({ ...restart, cutsOff: [1] })).toBe(false);
    expect(isStep({ kind: "unload", name: "" })).toBe(false);
    for (const made of [
      {},
      { digest: "" },
      { digest: "d", source: "a" },
      { source: "a" },
      { source: "a", numCtx: 0 },
    ]) {
      expect(isStep({ kind: "remove-variant", name: "a", made })).toBe(false);
    }
    expect(isStep({ kind: "set-limit", mib: 1, beforeMib: 0, daemon: "run" })).toBe(false);
  });

  it("is of a kind that this version knows", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void expect(isStep(value)).toBe(false)));
    for (const kind of ["toString", "__proto__", "run-anything", "", 1, undefined]) {
      expect(isStep({ kind, name: "a" })).toBe(false);
    }
    for (const value of [undefined, null, "unload", 1]) expect(isStep(value)).toBe(false);
  });
});

describe("a journal", () => {
  it("keeps each step of each option of a plan, and each step that takes them back", async () => {
    const seen = new Set<string>();
    // Together they are offered every kind of change.
    for (const model of ["llama3.1-8b", "command-r-08-2024", "qwen3-32b"]) {
      for (const ramGib of [24, 32, 48]) {
        const planned = planFor(model, ramGib, 26, { options: { context: 131_072 } });
        const plan = makePlan(planned);
        for (const option of plan.kind === "options" ? plan.options : []) {
          const { input } = planned;
          const loaded = [
            { name: input.model.name, digest: input.model.digest, sizeBytes: 2, vramBytes: 1 },
            { name: "other:1b", digest: "other", sizeBytes: 2, vramBytes: 1 },
          ];
          const steps = planSteps({
            option,
            model: input.model,
            variantName,
            limitNowMib: 0,
            server: input.server,
            loaded,
            kvCacheTypeNow: "",
            closing: [{ name: "Xcode", bundlePath: "/Applications/Xcode.app", bytes: 1 }],
            existing: () => undefined,
          });
          const all = [...steps, ...steps.flatMap(undoUnseen)];
          const about = { title: option.title, model, digest: "d", url: "http://127.0.0.1:11434" };
          const journal = newJournal(about, all, new Date());
          const storage = keptIn();
          await writeJournal(storage, journal);
          expect(await readJournal(storage)).toEqual({ kind: "journal", journal });
          for (const { kind } of all) seen.add(kind);
        }
      }
    }
    expect([...seen].toSorted()).toEqual(KINDS.toSorted());
  });

  it("is refused as a whole where one of its steps is broken", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(...KINDS.map(stepOf)), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.nat(),
        async (steps, place, choice) => {
          const about = { title: "Raise", model: "a:1b", digest: "d", url: "http://127.0.0.1:11434" };
          const storage = keptIn();
          await writeJournal(storage, newJournal(about, steps as unknown as Step[], new Date()));
          const [[key, text] = ["", ""]] = [...storage.texts];
          expect(await readJournal(storage)).toMatchObject({ kind: "journal" });
          const kept = JSON.parse(text) as { journal: { entries: { step: Record<string, unknown> }[] } };
          const entry = kept.journal.entries[place % steps.length];
          const fields = Object.keys(entry?.step ?? {}).filter(
            (field) => !isOptional(entry?.step["kind"] as Step["kind"], field),
          );
          delete entry?.step[fields[choice % fields.length] ?? ""];
          const broken = keptIn(new Map([[key, JSON.stringify(kept)]]));
          expect(await readJournal(broken)).toEqual({ kind: "unreadable", why: "damaged" });
        },
      ),
    );
  });
});
