import { describe, expect, it } from "vitest";
import type { BuildAnswer, DescriptionResult, InstalledModel, MlxBuilds } from "../../../src/fit/facts";
import { makePlan } from "../../../src/fit/plan/make-plan";
import { type PlanOption, resultText } from "../../../src/fit/plan/options";
import type { PlanInput } from "../../../src/fit/plan/plan-input";
import { contextOf, needBytes } from "../../../src/fit/verdict";
import { GIB } from "../../../src/fit/units";
import { described, llama, logged, measured, planFor, published, SERVER } from "../inputs";
import { mlxModel, QWEN_27B } from "../mlx-model";
import { mlxPlanFor, withGguf } from "../mlx-plan";

/** A server that gives models 32K, which the GGUF build of a 27B isn't made for on a small Mac. */
const SERVER_32K = { ...SERVER, version: "0.40.2", tierNumCtx: logged(32_768) };
const NAME = "qwen3.8:27b";
const QWEN = measured("qwen3.5-27b");

function optionsOf(planned: PlanInput): readonly PlanOption[] {
  const plan = makePlan(planned);
  return plan.kind === "options" ? plan.options : [];
}

const ofKind = (planned: PlanInput, kind: PlanOption["kind"]) =>
  optionsOf(planned).find((option) => option.kind === kind);

const gguf = (description?: DescriptionResult, changes: Partial<InstalledModel> = {}): BuildAnswer =>
  published(NAME, QWEN.weights, description, { runner: "llamacpp", ...changes });

describe("the GGUF build that a registry has", () => {
  const planned = mlxPlanFor(24, { server: { ...SERVER_32K, tierNumCtx: logged(4096) } });

  it("has its own verdict, at the context that Ollama would run it at", () => {
    const option = ofKind({ ...planned, gguf: gguf(described(QWEN.header)) }, "gguf-build");
    if (option === undefined) throw new Error("It isn't proposed.");
    expect(option.title).toBe("Use the GGUF Build");
    expect([option.isOpen, option.isPoor]).toEqual([undefined, undefined]);
    expect(llama(option.after).estimate.weights).toBe(QWEN.weights);
    expect(resultText(option)).toBe("Fits · 4K");
    expect(option.sentence).toContain("Unless a request says otherwise, it runs at 4K: Ollama's default (server log).");
    expect(option.commands).toEqual([`ollama pull --runner llamacpp ${NAME}`]);
    expect(option.costs.join()).toContain(`${NAME} is published`);
  });

  it("is judged as the list would judge it once it's pulled", () => {
    const pulled = planFor("qwen3.5-27b", 24, 26, { server: planned.input.server });
    const list = makePlan(pulled).before;
    const option = ofKind({ ...planned, gguf: gguf(described(QWEN.header)) }, "gguf-build");
    expect(option && needBytes(option.after)).toBe(list.kind === "unknown" ? undefined : needBytes(list));
  });

  it("is taken with a cap where it doesn't fit as it is, and the largest context that fits is named", () => {
    const long = mlxPlanFor(24, { server: { ...SERVER_32K, tierNumCtx: logged(262_144) } });
    const option = ofKind({ ...long, gguf: gguf(described(QWEN.header)) }, "gguf-build");
    expect(option?.title).toMatch(/^Use the GGUF Build, \d+K Context$/);
    expect(option?.after.kind).toBe("fits");
    const most = /It fits up to ([\d,]+) tokens/.exec(option?.sentence ?? "")?.[1]?.replace(",", "");
    expect(Number(most)).toBeGreaterThanOrEqual(option ? contextOf(option.after).value : Infinity);
    expect(Number(most)).toBeLessThan(2 * (option ? contextOf(option.after).value : 0));
    expect(option?.commands[0]).toBe(`ollama pull --runner llamacpp ${NAME}`);
    expect(option?.commands[1]).toContain(`FROM ${NAME}`);
  });

  it("names Ollama's own context beside one that was chosen to judge at", () => {
    const { server } = planned.input;
    const chosen = mlxPlanFor(24, { server, options: { context: 8192 } });
    const option = ofKind({ ...chosen, gguf: gguf(described(QWEN.header)) }, "gguf-build");
    expect(option && contextOf(option.after).value).toBe(8192);
    expect(option?.sentence).toContain(
      "Unless a request says otherwise, it runs at 4K: Ollama's default (server log).",
    );
  });

  it("is meant by its digest where the installed build has the same name", () => {
    const long = mlxPlanFor(24, { server: { ...SERVER_32K, tierNumCtx: logged(262_144) } });
    const same = gguf(described(QWEN.header), { sharesName: true, digest: "d".repeat(64) });
    const option = ofKind({ ...long, gguf: same }, "gguf-build");
    expect(option?.commands[1]).toContain(`FROM llamacpp:${"d".repeat(64)}`);
  });

  it("is never recommended, and nowhere called fitting, where it doesn't fit at all", () => {
    const tiny = mlxPlanFor(16, { server: SERVER_32K });
    const option = ofKind({ ...tiny, gguf: gguf(described(QWEN.header)) }, "gguf-build");
    expect(option).toMatchObject({ isPoor: true });
    expect(option && resultText(option)).not.toContain("Fits");
    expect(option?.sentence).toContain("It doesn't fit at any context.");
  });

  it.each([
    ["nobody was asked", undefined, "Check for Smaller Builds"],
    ["nobody answered", { kind: "unchecked", reason: "registry.ollama.ai gave no usable answer" }, "no usable answer"],
    ["its header can't be read", gguf({ kind: "unreadable", reason: "It broke off." }), "It broke off."],
    ["its header wasn't read", gguf(), "Its header wasn't read."],
    ["its architecture isn't known", gguf(described({ ...QWEN.header, values: new Map() })), "isn't known"],
  ] as const)("is Unknown where %s", (_, answer, reason) => {
    const option = ofKind({ ...planned, gguf: answer }, "gguf-build");
    if (option === undefined) throw new Error("It isn't proposed.");
    expect(resultText(option)).toBe("Unknown");
    expect(option.sentence).toContain(reason);
    expect(option).toMatchObject({ isOpen: true, isPoor: true });
    // What is said of RAM is said of the build that runs now.
    expect(option.costs.join()).not.toContain("RAM");
  });

  it("isn't proposed where none is published, nor beside one that's installed", () => {
    expect(ofKind({ ...planned, gguf: { kind: "missing" } }, "gguf-build")).toBeUndefined();
    const both = withGguf({ ...planned, gguf: gguf(described(QWEN.header)) }, "qwen3.5-27b");
    expect(ofKind(both, "gguf-build")).toBeUndefined();
  });
});

describe("smaller MLX builds that a registry has", () => {
  const model = mlxModel("qwen3.6-27b-8bit");
  const eightBits = mlxPlanFor(36, { description: { kind: "mlx", model, cautions: [], weightsAboveBytes: 0 } });
  const mlx = (name: string, weights: number, known = true) =>
    published(
      name,
      weights,
      known
        ? { kind: "mlx", model: { ...QWEN_27B, weights }, cautions: [], weightsAboveBytes: 0 }
        : { kind: "unreadable", reason: "Its config.json isn't there." },
      { format: "safetensors", runner: "mlx" },
    );
  const asked = (...builds: readonly ReturnType<typeof mlx>[]): MlxBuilds => ({ published: builds });
  const five = mlx("qwen3.8:27b-five", 21 * GIB);
  const four = mlx("qwen3.8:27b-nvfp4", QWEN_27B.weights);
  const two = mlx("qwen3.8:27b-two", 9 * GIB);

  it("are proposed by the largest that fits, with its exact weights", () => {
    const option = ofKind({ ...eightBits, mlx: asked(five, four, two) }, "smaller-mlx-build");
    expect(option).toMatchObject({ title: "Use the MLX Build qwen3.8:27b-nvfp4", after: { kind: "fits" } });
    expect(option?.after.estimate.weights).toBe(QWEN_27B.weights);
    expect(option?.commands).toEqual(["ollama pull --runner mlx qwen3.8:27b-nvfp4"]);
    expect(option?.costs.join()).toContain("16.9 GiB of weights instead of 26.6 GiB");
  });

  it("are judged at what the client sends, and not by the peaks of the installed build", () => {
    const peaks = [
      {
        model: "mlx",
        at: "2026-11-24T10:00:00",
        promptTokens: 60_000,
        readTokens: 60_000,
        readWhole: true,
        peakBytes: 40 * GIB,
      },
    ];
    const busy = { ...eightBits, input: { ...eightBits.input, peaks } };
    const option = ofKind({ ...busy, mlx: asked(two) }, "smaller-mlx-build");
    expect(option && contextOf(option.after).value).toBe(60_000);
    expect(option?.after.kind).toBe("fits");
  });

  it("have their own verdict where none fits, and aren't recommended then", () => {
    const option = ofKind({ ...eightBits, mlx: asked(five) }, "smaller-mlx-build");
    expect(option).toMatchObject({ isPoor: true });
    expect(option && resultText(option)).toMatch(/^(?:Fails|Tight)/);
  });

  it.each([
    ["nobody was asked", undefined, "Check for Smaller Builds"],
    ["nobody answered", { published: [], unchecked: "registry.ollama.ai gave no usable answer" }, "no usable answer"],
    ["too little can be read of it", asked(mlx("qwen3.8:27b-x", 9 * GIB, false)), "Its config.json isn't there."],
  ] as const)("are Unknown where %s", (_, answer, reason) => {
    const option = ofKind({ ...eightBits, mlx: answer }, "smaller-mlx-build");
    expect(option && resultText(option)).toBe("Unknown");
    expect(option?.sentence).toContain(reason);
  });

  it("aren't looked for where Ollama finds GGUF builds alone, nor proposed where none is published", () => {
    expect(ofKind({ ...eightBits, mlx: asked() }, "smaller-mlx-build")).toBeUndefined();
    const elsewhere = { ...eightBits.input, model: { ...eightBits.input.model, name: "hf.co/a/b:8bit" } };
    expect(ofKind({ ...eightBits, input: elsewhere }, "smaller-mlx-build")).toBeUndefined();
  });

  it("come after the GGUF build", () => {
    const all = optionsOf({ ...eightBits, gguf: gguf(described(QWEN.header)), mlx: asked(four) });
    const kinds = all.map(({ kind }) => kind);
    expect(kinds.indexOf("gguf-build")).toBeGreaterThanOrEqual(0);
    expect(kinds.indexOf("smaller-mlx-build")).toBeGreaterThan(kinds.indexOf("gguf-build"));
  });
});

describe("a smaller quantization that a registry has", () => {
  const planned = planFor("qwen3-coder-next", 48, 26);
  const { header } = measured("qwen3-coder-next");
  const tensors = header.tensors.map((tensor) => (tensor.type === "Q4_K" ? { ...tensor, type: "Q3_K" } : tensor));

  it("is judged by its own header, not by sizes that are supposed", () => {
    const own = published("x:q3_K_M", 60 * GIB, described({ ...header, tensors }));
    const option = optionsOf({ ...planned, builds: new Map([["Q3_K_M", own]]) }).find(
      ({ changes }) => changes.build?.name === own.name,
    );
    expect(option && needBytes(option.after)).toBeLessThan(60 * GIB);
    expect(option?.after.kind).toBe("fits");
  });
});
