import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BuildAnswer } from "../../../src/fit/facts";
import { makePlan } from "../../../src/fit/plan/make-plan";
import { applyChanges } from "../../../src/fit/plan/changes";
import { dominates } from "../../../src/fit/plan/cost";
import { headline, type Plan, type PlanOption } from "../../../src/fit/plan/options";
import type { PlanInput } from "../../../src/fit/plan/plan-input";
import type { PlanKind } from "../../../src/fit/plan/proposals";
import { LADDER, smallerQuantizations } from "../../../src/fit/plan/quantizations";
import { GIB, MIB } from "../../../src/fit/units";
import {
  contextOf,
  fitsLimit,
  judge,
  judgeAtContext,
  type JudgeInput,
  needBytes,
  swaps,
} from "../../../src/fit/verdict";
import { badgeText } from "../../../src/fit/verdict-text";
import { doesNotSay, says } from "../../support/meaning";
import { QWEN_27B } from "../mlx-model";
import { mlxPlanFor } from "../mlx-plan";
import { gguf, limitOf, logged, oracle, planFor, published, SERVER, withUsedRam } from "../inputs";

const RAM = [8, 16, 24, 32, 36, 48, 64, 96, 128, 256];

function optionsOf(planned: PlanInput): readonly PlanOption[] {
  const plan = makePlan(planned);
  if (plan.kind !== "options") throw new Error(`options expected, not ${plan.kind}`);
  return plan.options;
}

const allMissing = new Map(LADDER.map(({ name }) => [name, { kind: "missing" } as const]));

const kinds = (planned: PlanInput): readonly PlanKind[] => optionsOf(planned).map(({ kind }) => kind);

describe.each([15, 26])("plans on macOS %d", (major) => {
  it.each(RAM)("keep the laws on %d GB for every model", (ramGib) => {
    for (const { name } of oracle) {
      const planned = planFor(name, ramGib, major);
      const plan = makePlan(planned);
      if (plan.kind === "unknown") throw new Error(plan.reason);
      if (plan.kind === "impossible") {
        expect(plan.before.kind).not.toBe("fits");
        expect(plan.impossible.missing).toMatch(/^(?:Even a|A)t \d+K? /);
        expect(plan.impossible.waysOut.length).toBeGreaterThan(0);
        continue;
      }
      for (const option of plan.options) {
        expect(option.after.kind).toBe("fits");
        expect(plan.options.some((other) => dominates(other.cost, option.cost))).toBe(false);
        for (const command of option.commands) expect(command).not.toMatch(/#|\n/);
        expectHonest(planned, plan, option);
      }
      expect(new Set(plan.options.map(({ title }) => title)).size).toBe(plan.options.length);
    }
  });
});

/** The verdict of an option is what the list would say once its changes are made, and its limit may be set. */
function expectHonest(planned: PlanInput, { before }: Extract<Plan, { kind: "options" }>, option: PlanOption): void {
  const { limitMib, numCtx, kvCacheType, build } = option.changes;
  if (limitMib !== undefined) {
    expect(limitMib).toBeGreaterThan(Math.floor(before.limit.bytes / MIB));
    expect(limitMib).toBeLessThanOrEqual(planned.advice?.highestMib ?? 0);
  }
  const after = judge(applyChanges(planned.input, option.changes));
  expect(after).toEqual(option.after);
  if (build !== undefined) return;
  const { input } = planned;
  const byHand = judge({
    ...input,
    limit: limitMib === undefined ? input.limit : limitOf(limitMib * MIB),
    options: {
      context: numCtx ?? (limitMib === undefined ? input.options.context : contextOf(before).value),
      kvCacheType,
    },
  });
  expect(fitsLimit(byHand)).toBe(true);
  expect(byHand.estimate?.total).toBe(option.after.estimate.total);
}

describe("a model that is too large at its default context", () => {
  it("is first offered a higher limit, then a smaller context", () => {
    const options = optionsOf(planFor("qwen3-coder-next", 64, 26));
    expect(options.map(({ kind }) => kind)).toEqual([
      "higher-limit",
      "smaller-context",
      "quantized-kv-cache",
      "smaller-build",
    ]);
    expect(options[0]?.title).toBe("Raise the Limit to 53.0 GiB");
    expect(options[0]?.commands).toEqual(["sudo /usr/sbin/sysctl iogpu.wired_limit_mb=54272"]);
    expect(options[1]?.title).toBe("Cap the Context at 128K");
  });

  it("is offered no change of the limit on a remote Mac", () => {
    const { input, canCap, variantName } = planFor("qwen3-coder-next", 64, 26);
    const options = optionsOf({ input, canCap, variantName });
    expect(options.every(({ changes }) => changes.limitMib === undefined)).toBe(true);
  });

  it("is offered no variant where none can be made", () => {
    const options = optionsOf({ ...planFor("qwen3-coder-next", 64, 26), canCap: false });
    expect(options.every(({ changes }) => changes.numCtx === undefined)).toBe(true);
  });

  it("has to be stopped by hand before it sees a higher limit, where it is loaded", () => {
    const planned = planFor("qwen3-coder-next", 64, 26);
    const { model } = planned.input;
    const resident = { name: model.name, digest: model.digest, sizeBytes: 50 * GIB, vramBytes: 48 * GIB };
    const [raise] = optionsOf({ ...planned, input: { ...planned.input, loaded: [resident] } });
    expect(raise?.commands[1]).toBe(`ollama stop ${model.name}`);
  });

  it("goes beyond the advised reserve only where nothing within it does, and says so", () => {
    const planned = planFor("qwen3-coder-next", 64, 26, { options: { context: "effective", parallel: 1 } });
    const crowded = { ...planned, input: { ...planned.input, limit: limitOf(48 * GIB) } };
    const advice = planned.advice && { ...planned.advice, defaultMib: 48 * 1024, reserveBytes: 13 * GIB };
    const narrow = { ...crowded, advice };
    const raise = optionsOf(narrow).find(({ changes }) => changes.limitMib !== undefined);
    expect(raise?.kind).toBe("beyond-reserve");
    expect(raise?.costs.join()).toContain("less than the 13.0 GiB advised");
  });
});

describe("a limit below macOS's own", () => {
  const at = (ramGib: number, major: number, limitGib: number) => {
    const planned = planFor("llama3.1-8b", ramGib, major, { limit: limitOf(limitGib * GIB, { source: "override" }) });
    return { planned, options: optionsOf(planned) };
  };

  it.each([
    [16, 26],
    [24, 15],
    [64, 27],
  ])("is given back on a %s GB Mac with macOS %s, whatever else would be enough", (ramGib, major) => {
    const { planned, options } = at(ramGib, major, 4);
    expect(options[0]?.changes.limitMib).toBe(planned.advice?.defaultMib);
    expect(options[0]?.commands[0]).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=0");
    expect(options[0]?.costs.join()).not.toContain("advised");
    expect(options.some(({ changes }) => (changes.limitMib ?? Infinity) < (planned.advice?.defaultMib ?? 0))).toBe(
      false,
    );
  });

  it("isn't given back where macOS's own was only worked out", () => {
    const { planned } = at(64, 26, 4);
    const advice = planned.advice && { ...planned.advice, defaultEstimated: true };
    expect(optionsOf({ ...planned, advice })[0]?.title).toBe("Raise the Limit to 6.0 GiB");
  });

  it("is given back together with a cap where that alone isn't enough and no more is advised", () => {
    const planned = planFor("llama3.1-8b", 16, 26, {
      limit: limitOf(4 * GIB, { source: "override" }),
      options: { context: 131_072 },
    });
    const [option] = optionsOf(planned);
    expect(option?.kind).toBe("raise-and-cap");
    expect(option?.changes.limitMib).toBe(planned.advice?.defaultMib);
  });
});

describe("the tier trap", () => {
  /** A Mac whose own limit lies just below a tier. */
  const nearTier = (extra: Partial<JudgeInput>): PlanInput => {
    const planned = planFor("seed-oss-36b", 48, 15, extra);
    return { ...planned, advice: planned.advice && { ...planned.advice, defaultMib: 21.5 * 1024 } };
  };

  it("pins the context where the raised limit would change Ollama's default, and judges that", () => {
    const planned = nearTier({ limit: limitOf(21.5 * GIB) });
    const raise = optionsOf(planned).find(({ kind }) => kind === "higher-limit");
    expect(raise?.changes).toEqual({ limitMib: 23_552, numCtx: 4096 });
    expect(raise?.after).toMatchObject({ kind: "fits", run: { numCtx: { value: 4096 } } });
    expect(raise?.commands).toHaveLength(2);
    expect(raise?.costs.join()).toContain(
      "its default context changes from 4K to 32K for every GGUF model without its own",
    );
  });

  it("speaks of the other models, too, where this one has a context of its own", () => {
    const planned = nearTier({ limit: limitOf(21.5 * GIB) });
    const own = { ...gguf(planned.input.description), parameters: { numCtx: 4096, unreadable: [] } };
    const raise = optionsOf({ ...planned, input: { ...planned.input, description: own } }).find(
      ({ kind }) => kind === "higher-limit",
    );
    expect(raise?.changes).toEqual({ limitMib: 23_552 });
    expect(raise?.costs.join()).toContain("changes from 4K to 32K for every GGUF model without its own");
  });

  it("does not pin what a Modelfile or the server's settings pin already", () => {
    const planned = nearTier({
      limit: limitOf(21.5 * GIB),
      server: { ...SERVER, contextLength: logged(4096), startupTotalBytes: logged(21.5 * GIB) },
    });
    const raise = optionsOf(planned).find(({ kind }) => kind === "higher-limit");
    expect(raise?.changes).toEqual({ limitMib: 23_552 });
  });

  it("pins it for a restart, too, where the limit was raised since Ollama started", () => {
    const at = (startedGib: number) =>
      optionsOf(
        planFor("qwen3-32b", 36, 26, {
          limit: limitOf(23.5 * GIB),
          server: { ...SERVER, startupTotalBytes: logged(startedGib * GIB) },
          options: { context: startedGib < 23 ? "effective" : 4096, parallel: 6 },
        }),
      ).find(({ kind }) => kind === "quantized-kv-cache");
    expect(at(22)?.changes).toEqual({ kvCacheType: "q8_0", numCtx: 4096 });
    expect(at(22)?.costs.join()).toContain("its default context changes from 4K to 32K");
    expect(at(23.5)?.changes).toEqual({ kvCacheType: "q8_0" });
  });
});

describe("smaller builds", () => {
  const planned = planFor("qwen3-coder-next", 48, 26);
  const build = (name: string, gib: number): BuildAnswer => published(name, Math.round(gib * GIB));
  const smaller = (builds?: ReadonlyMap<string, BuildAnswer>) =>
    optionsOf({ ...planned, ...(builds ? { builds } : {}) }).find(({ kind }) => kind === "smaller-build");

  it("are named as unchecked, without a command, before a registry was asked", () => {
    const option = smaller();
    expect(option?.title).toMatch(/^Lower the Quantization to /);
    expect(option?.costs.join()).toContain("not checked whether this build is published");
    expect(option?.commands).toEqual([]);
    expect(option?.changes.build?.name).toBeUndefined();
  });

  it("are judged by their real size once it is known", () => {
    const option = smaller(new Map([["IQ4_XS", build("hf.co/a/b:IQ4_XS", 30)]]));
    expect(option?.changes.build).toMatchObject({ quantization: "IQ4_XS", name: "hf.co/a/b:IQ4_XS" });
    expect(option?.after.estimate.weights).toBe(30 * GIB);
    expect(option?.commands).toEqual(["ollama pull hf.co/a/b:IQ4_XS"]);
    expect(option?.costs.join()).toContain("30.0 GiB to download: hf.co/a/b:IQ4_XS is published");
    const heavy = smaller(new Map([["IQ4_XS", build("hf.co/a/b:IQ4_XS", 44)]]));
    expect(heavy?.changes.build?.quantization).not.toBe("IQ4_XS");
  });

  it("are not offered where a registry has none of them", () => {
    const plan = makePlan({ ...planned, builds: allMissing });
    expect(plan.kind === "options" ? plan.options.map(({ kind }) => kind) : []).not.toContain("smaller-build");
  });

  it("go together with a limit or a context where they alone would be poor", () => {
    const options = optionsOf(planFor("qwen3-32b", 24, 26));
    expect(options.map(({ title }) => title)).toEqual([
      "Lower the Quantization to Q3_K_M, 19.0 GiB Limit",
      "Lower the Quantization to IQ3_XXS",
    ]);
    expect(options[0]?.changes).toMatchObject({ limitMib: 19_456 });
    const [scout] = optionsOf(planFor("llama4-scout", 64, 26));
    expect(scout?.title).toBe("Lower the Quantization to IQ3_XXS, 64K Context");
    expect(scout?.changes).toMatchObject({ numCtx: 65_536 });
  });

  it("weigh at most a little more than llama.cpp's own", () => {
    // Ollama's q4_K_M of this model has 52 GB; 80 billion weights of 4.46 bits are 44 GB.
    const description = gguf(planFor("qwen3-coder-next", 64, 26).input.description);
    const all = smallerQuantizations(description.metadata, "Q8_0");
    expect(all.map(({ name }) => name)).toContain("IQ4_XS");
    const at = (name: string) => (all.find((each) => each.name === name)?.weightBytes ?? 0) / 1e9;
    expect(at("IQ4_XS")).toBeGreaterThan(44.4);
    expect(at("IQ4_XS")).toBeLessThan(48.6);
    for (const { weightBytes, usualBytes } of all) expect(weightBytes / usualBytes).toBeCloseTo(1.08, 2);
  });
});

describe("a build that costs too much quality", () => {
  it("stands behind a smaller model where nothing better makes the model fit", () => {
    const plan = makePlan(planFor("qwen3.5-27b", 16, 26));
    if (plan.kind !== "options") throw new Error(plan.kind);
    expect(plan.options.map(({ title }) => title)).toEqual(["Lower the Quantization to IQ2_M"]);
    expect(plan.options[0]?.costs.join()).toContain("a smaller model is often the better choice");
    expect(plan.instead?.comfortable).toContain("about 11 billion");
  });

  it("is an option among others where something else does", () => {
    for (const planned of [planFor("qwen3-coder-next", 64, 26), planFor("qwen3-32b", 24, 26)]) {
      const plan = makePlan(planned);
      expect(plan.kind === "options" && plan.instead).toBeUndefined();
    }
  });

  it("is a perhaps where only a light one would do, until a registry was asked", () => {
    const plan = makePlan(planFor("gemma3-27b", 16, 26));
    if (plan.kind !== "impossible") throw new Error(plan.kind);
    expect(plan.impossible.perhaps).toBe("Lower the Quantization to IQ2_M");
    expect(plan.impossible.waysOut.join()).toContain("Check for Smaller Builds can tell");
    const asked = makePlan({ ...planFor("gemma3-27b", 16, 26), builds: new Map() });
    expect(asked.kind === "impossible" && asked.impossible.perhaps).toBeUndefined();
  });
});

describe("a model that cannot fit", () => {
  it("says by how much, what is comfortable, and the ways out", () => {
    const plan = makePlan(planFor("deepseek-r1-671b", 64, 26));
    if (plan.kind !== "impossible") throw new Error(plan.kind);
    says(plan.impossible.missing, "4K", /37\d\.\d GiB/, "highest safe limit", "60.0 GiB", /3\d\d\.\d GiB missing/);
    says(plan.impossible.comfortable, "about 50 billion", "Q4_K_M", "56.0 GiB");
    says(plan.impossible.waysOut.join(" "), "exo", "llama.cpp's RPC", "Ollama's cloud, if it has deepseek-r1-671b");
  });

  it.each([
    [8, 4],
    [16, 11],
    [36, 30],
    [64, 50],
    [128, 100],
  ])("calls on %d GB models of up to %d billion parameters comfortable", (ramGib, billions) => {
    const plan = makePlan(planFor("deepseek-r1-671b", ramGib, 26));
    if (plan.kind !== "impossible") throw new Error(plan.kind);
    expect(plan.impossible.comfortable).toContain(`about ${billions} billion`);
  });

  it("is not said to be one where too little is known to promise anything", () => {
    const estimated = { limit: limitOf(100 * GIB, { estimated: true, sourceText: "estimated for macOS 26" }) };
    const unsure = makePlan(planFor("llama3.1-8b", 64, 26, estimated));
    if (unsure.kind !== "unknown") throw new Error(unsure.kind);
    says(unsure.reason, "limit is estimated for macOS 26", "no change can be promised");
    const old = makePlan(planFor("llama3.1-8b", 64, 26, { server: { ...SERVER, version: "0.24.0" } }));
    expect(old).toMatchObject({ kind: "unknown", reason: expect.stringContaining("0.30 or newer") });
  });
});

describe("an MLX model that a server doesn't tell enough of", () => {
  const caution = "Its windows are assumed to be 1024 tokens: its server doesn't tell.";
  const description = { kind: "mlx", model: QWEN_27B, cautions: [caution], weightsAboveBytes: 0 } as const;

  const planOf = (planned: PlanInput) => {
    const plan = makePlan(planned);
    if (plan.kind !== "options") throw new Error(plan.kind);
    return plan;
  };

  it("is loaded as it is where nothing else keeps it from Fits, and no smaller one is advised", () => {
    const { options, instead } = planOf(mlxPlanFor(64, { description }));
    expect([options[0]?.title, instead]).toEqual(["Load It Anyway", undefined]);
    says(options[0]?.sentence ?? "", "probably fits", caution);
  });

  it("isn't said to be too close to the limit where it's far below", () => {
    const { instead } = planOf(mlxPlanFor(48, { description, options: { context: 262_144 } }));
    says(instead?.missing ?? "", "At 4K it needs", caution);
    doesNotSay(instead?.missing ?? "", "too close");
  });
});

describe("a model that a client loaded at its own context", () => {
  // 48 GB, Ollama's own default 32K, an editor asks for all that the model was trained for.
  const planned = planFor("qwen3-coder-30b", 48, 26);
  const { input } = planned;
  const asked: PlanInput = {
    ...planned,
    input: {
      ...input,
      loaded: [
        { name: input.model.name, digest: input.model.digest, sizeBytes: 1, vramBytes: 1, contextLength: 262_144 },
      ],
      server: {
        ...input.server,
        contextLength: { value: 0, source: "server log" },
        tierNumCtx: { value: 32_768, source: "server log" },
      },
    },
  };

  it("is judged at that context, and told the largest one to set in the client", () => {
    const plan = makePlan(asked);
    if (plan.kind !== "options") throw new Error(plan.kind);
    expect(plan.before).toMatchObject({ kind: "spills", run: { isAskedByClient: true, numCtx: { value: 262_144 } } });
    const [first] = plan.options;
    expect(first).toMatchObject({ kind: "client-context", title: "Set 203,264 Tokens in the Client", commands: [] });
    expect(first?.changes).toEqual({ clientContext: 203_264 });
  });

  it("isn't offered a capped variant, which the client's request would overrule", () => {
    const plan = makePlan(asked);
    if (plan.kind !== "options") throw new Error(plan.kind);
    expect(plan.options.filter(({ changes }) => changes.numCtx !== undefined)).toEqual([]);
    const loadedAnew = makePlan({ ...asked, input: { ...asked.input, options: { context: "default" } } });
    expect(loadedAnew).toMatchObject({ before: { kind: "fits", run: { numCtx: { value: 32_768 } } } });
  });
});

describe("a model that fits", () => {
  const loaded = (changes: object) => ({
    name: "big:latest",
    digest: "big",
    sizeBytes: 40 * GIB,
    vramBytes: 40 * GIB,
    ...changes,
  });

  it("has nothing to do, and unloading is offered where others take its room", () => {
    expect(kinds(planFor("llama3.1-8b", 64, 26))).toEqual(["already-fits"]);
    expect(optionsOf(planFor("llama3.1-8b", 64, 26, { loaded: [loaded({})] }))[0]).toMatchObject({
      kind: "unload-others",
      changes: { unload: ["big:latest"] },
      commands: ["ollama stop big:latest"],
    });
    expect(kinds(planFor("llama3.1-8b", 64, 26, { loaded: [loaded({ vramBytes: 5 * GIB })] }))).toEqual([
      "already-fits",
    ]);
    // A variant of the same file makes way by itself.
    expect(kinds(planFor("llama3.1-8b", 64, 26, { loaded: [loaded({ sharesFile: true })] }))).toEqual(["already-fits"]);
  });

  it("unloads no more of them than its room takes", () => {
    // 29.6 GiB are left beside the model itself.
    const leaving = (sizes: Readonly<Record<string, number>>) => {
      const beside = Object.entries(sizes).map(([name, gib]) =>
        loaded({ name, digest: name, sizeBytes: gib * GIB, vramBytes: gib * GIB }),
      );
      return optionsOf(planFor("llama3.1-8b", 64, 26, { loaded: beside }))[0];
    };
    expect(leaving({ small: 4, big: 20, middle: 17 })).toMatchObject({
      changes: { unload: ["middle"] },
      sentence: expect.stringContaining("Next to small, big it still fits. Alone: "),
    });
    expect(leaving({ small: 4, big: 26 })).toMatchObject({ changes: { unload: ["small"] } });
    expect(leaving({ small: 24, big: 40, middle: 37 })).toMatchObject({ changes: { unload: ["big", "middle"] } });
  });

  it("is loaded anew where it spilled under a lower limit", () => {
    const planned = planFor("llama3.1-8b", 64, 26);
    const { name, digest } = planned.input.model;
    const spilled = loaded({ name, digest, sizeBytes: 20 * GIB, vramBytes: 18 * GIB });
    const [option] = optionsOf({ ...planned, input: { ...planned.input, loaded: [spilled] } });
    expect(option).toMatchObject({ kind: "reload-model", changes: { unload: [name] } });
    expect(option?.sentence).toMatch(/^2\.0 GiB of it spilled when it was loaded\. Now: /);
  });

  it("says when it only does so at a context that was chosen to judge at", () => {
    const [option] = optionsOf(planFor("qwen3-coder-next", 64, 26, { options: { context: 32_768 } }));
    expect(option?.kind).toBe("already-fits");
    expect(option?.costs).toHaveLength(1);
    says(option?.costs[0], "32K", "the context you chose", "Ollama runs the model at 256K");
  });
});

describe("RAM that other programs use", () => {
  const apps = (...gib: number[]) => gib.map((size, index) => ({ name: `App ${index + 1}`, bytes: size * GIB }));
  const busy = (usedGib: number, changes: Partial<PlanInput> = {}) => ({
    ...withUsedRam(planFor("qwen3-coder-next", 64, 26), usedGib * GIB),
    ...changes,
  });
  const titlesOf = (planned: PlanInput) => optionsOf(planned).map(({ title }) => title);

  it("is a cost while macOS can compress it away", () => {
    const [raise] = optionsOf(busy(14));
    expect(raise?.title).toBe("Raise the Limit to 53.0 GiB");
    expect(raise?.costs.join()).toMatch(/RAM is 1\.\d GiB short: other apps use 14\.0 GiB\. macOS would compress/);
    expect(optionsOf(busy(4))[0]?.costs.join()).not.toContain("RAM is");
  });

  it("puts what would swap behind everything else, and says so", () => {
    const options = optionsOf(busy(30.6, { builds: allMissing }));
    const calm = options.findIndex(({ after }) => swaps(after));
    expect(options.slice(0, calm).map(({ title }) => title)).toEqual([
      expect.stringMatching(/^Close Apps That Use 1\d\.\d GiB, Raise the Limit to 53\.0 GiB$/),
      expect.stringMatching(/^Close Apps That Use 1\d\.\d GiB, Cap the Context at 128K$/),
    ]);
    const raise = options.find(({ title }) => title === "Raise the Limit to 53.0 GiB");
    expect(raise?.after).toMatchObject({ kind: "tight", cause: "swap" });
    expect(raise?.costs.join()).toContain("The Mac would swap to the disk");
  });

  it("is made by quitting the fewest apps, which are named", () => {
    expect(titlesOf(busy(30.6, { apps: apps(20, 6, 2) }))[0]).toBe("Close App 1, Raise the Limit to 53.0 GiB");
    expect(titlesOf(busy(30.6, { apps: apps(12, 9, 7, 1) }))[0]).toBe(
      "Close App 1 and App 3, Raise the Limit to 53.0 GiB",
    );
    // Of two that cost the same kind of thing the one comes first that leaves room for the cache of earlier prompts.
    expect(titlesOf(busy(30.6, { apps: apps(7, 7, 7) })).slice(0, 2)).toEqual([
      "Close App 1, App 2 and 1 More, Cap the Context at 128K",
      "Close App 1, App 2 and 1 More, Raise the Limit to 53.0 GiB",
    ]);
    const [first] = optionsOf(busy(30.6, { apps: apps(12, 9, 7, 1) }));
    expect(first?.costs).toContain("To close: App 1 (12.0 GiB), App 3 (7.0 GiB)");
    expect(first?.after).toMatchObject({ kind: "fits", ram: { othersBytes: expect.closeTo(11.6 * GIB, -3) } });
  });

  it("can't be made where all apps together aren't enough: a smaller model is the answer then", () => {
    const plan = makePlan(busy(30.6, { apps: apps(5, 4), builds: allMissing }));
    if (plan.kind !== "options") throw new Error(plan.kind);
    expect(plan.options.every(({ after }) => swaps(after))).toBe(true);
    expect(plan.instead?.missing).toMatch(/^Even at 4K the Mac would swap\. RAM is \d+\.\d GiB short: other apps use/);
    expect(headline(plan)).toBe("Recommended");
  });

  it("leads to closing apps alone where the limit is high enough, or to a context that needs less", () => {
    const planned = planFor("qwen3-32b", 36, 26);
    expect(titlesOf(withUsedRam(planned, 18 * GIB))).toEqual([
      expect.stringMatching(/^Close Apps That Use \d\.\d GiB$/),
      "Cap the Context at 4K",
    ]);
    expect(titlesOf(withUsedRam(planFor("qwen3-coder-30b", 36, 26), 18 * GIB))[0]).toBe("Cap the Context at 16K");
  });

  it("leaves loading it anyway where nothing helps, which isn't recommended", () => {
    const planned = withUsedRam(planFor("llama3.1-8b", 16, 26), 14 * GIB);
    const plan = makePlan({ ...planned, canCap: false, apps: [], builds: allMissing });
    if (plan.kind !== "options") throw new Error(plan.kind);
    expect(plan.options.map(({ title }) => title)).toEqual(["Load It Anyway"]);
    expect(plan.instead).toBeDefined();
  });

  it("doesn't count what this server's own models hold", () => {
    const planned = planFor("llama3.1-8b", 64, 26);
    const { name, digest } = planned.input.model;
    const own = { name, digest, sizeBytes: 30 * GIB, vramBytes: 30 * GIB };
    const loaded = { ...planned, input: { ...planned.input, loaded: [own] } };
    expect(judge(withUsedRam(loaded, 70 * GIB).input).kind).toBe("fits");
    expect(judge(withUsedRam(planned, 70 * GIB).input).kind).toBe("tight");
  });

  it("is warned of where the cache of earlier prompts would fill it in time", () => {
    const costs = (usedGib: number, promptCacheMib?: number) => {
      const { input, ...rest } = busy(usedGib);
      const server = {
        ...input.server,
        promptCacheMib: promptCacheMib === undefined ? undefined : logged(promptCacheMib),
      };
      return optionsOf({ ...rest, input: { ...input, server } })[0]?.costs.join() ?? "";
    };
    says(costs(4), "Up to 8.0 GiB more over time", "earlier prompts in RAM", "LLAMA_ARG_CACHE_RAM");
    says(costs(10, 4096), "Up to 4.0 GiB more over time");
    doesNotSay(costs(4, 0), "in time");
  });

  it("keeps a warning out of the headline", () => {
    const headlineOf = (planned: PlanInput) => {
      const plan = makePlan(planned);
      return plan.kind === "options" ? headline(plan) : plan.kind;
    };
    expect(headlineOf(withUsedRam(planFor("llama3.1-8b", 64, 26), 8 * GIB))).toBe("It Fits");
    expect(headlineOf(withUsedRam(planFor("llama3.1-8b", 16, 26), 6 * GIB))).toBe("It Fits for Now");
    expect(headlineOf(planFor("qwen3-coder-next", 64, 26, { options: { context: 32_768 } }))).toBe("It Fits for Now");
    expect(headlineOf(busy(8))).toBe("Recommended");
  });
});

describe.each([8, 16, 18, 24, 32, 36, 48, 64, 128, 512])("what is recommended on %d GB", (ramGib) => {
  const LOADS = [
    { usedShare: 0.2, closableShare: 0 },
    { usedShare: 0.48, closableShare: 0.3 },
    { usedShare: 0.75, closableShare: 0.2 },
  ];

  it.each(LOADS)(
    "never swaps where something else doesn't: $usedShare of the RAM in use",
    ({ usedShare, closableShare }) => {
      const apps = [0.6, 0.3, 0.1].map((part, index) => ({
        name: `App ${index}`,
        bytes: closableShare * ramGib * GIB * part,
      }));
      for (const { name } of oracle) {
        const planned = { ...withUsedRam(planFor(name, ramGib, 26), usedShare * ramGib * GIB), apps };
        const plan = makePlan(planned);
        if (plan.kind !== "options") continue;
        const { options, instead, before } = plan;
        const calm = options.filter(({ after }) => !swapsBySum(planned, after));
        // Those that don't swap come first, and where there's none a smaller model is recommended instead.
        expect(options.slice(0, calm.length)).toEqual(calm);
        if (calm.length === 0) expect(instead).toBeDefined();
        for (const { after, changes } of options) {
          if (swapsBySum(planned, after)) expect(badgeText(after)).toContain("Swaps");
          if (changes.limitMib !== undefined && changes.limitMib * MIB - before.limit.bytes < 512 * MIB) {
            expect(options[0]?.changes.limitMib === changes.limitMib && instead === undefined).toBe(false);
          }
          const closed = changes.closeApps?.apps.reduce((sum, { bytes }) => sum + bytes, 0);
          if (closed !== undefined) expect(closed).toBeLessThanOrEqual(closableShare * ramGib * GIB + 1);
        }
      }
    },
  );
});

/** The RAM sum worked out once more: need against RAM less the larger of reserve and use, with 4% for the compressor. */
function swapsBySum({ advice }: PlanInput, { estimate, ram }: PlanOption["after"]): boolean {
  if (advice === undefined || ram === undefined) throw new Error("There is no sum.");
  const ramBytes = advice.ramMib * MIB;
  const left = ramBytes - Math.max(advice.reserveBytes, ram.othersBytes ?? 0);
  expect(ram.needBytes).toBeGreaterThanOrEqual(estimate.total);
  return ram.needBytes - Math.max(0, left) > ramBytes * 0.04;
}

describe("laws of the verdict", () => {
  const order = ["too-big", "spills", "tight", "fits"];

  it.each([15, 26])("more RAM never makes it worse on macOS %d, at the same context and batch", (major) => {
    for (const { name } of oracle) {
      const ranks = RAM.map((ramGib) => {
        const { input } = planFor(name, ramGib, major);
        const description = { ...gguf(input.description), parameters: { numCtx: 4096, numBatch: 512, unreadable: [] } };
        return order.indexOf(judge({ ...input, description }).kind);
      });
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      expect(ranks).not.toContain(-1);
    }
  });

  it("a higher limit never makes it worse, a smaller context never either", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...oracle),
        fc.double({ min: 4, max: 200, noNaN: true }),
        fc.double({ min: 4, max: 200, noNaN: true }),
        fc.constantFrom(4096, 8192, 16_384, 32_768),
        ({ name }, a, b, numCtx) => {
          const base = planFor(name, 256, 26).input;
          const at = (gib: number, context: number) =>
            judgeAtContext(
              {
                ...base,
                limit: limitOf(gib * GIB),
                description:
                  "kind" in base.description
                    ? base.description
                    : { ...base.description, parameters: { numBatch: 512, unreadable: [] } },
              },
              context,
            ).kind;
          const rank = (kind: string) => order.indexOf(kind);
          expect(rank(at(Math.max(a, b), numCtx))).toBeGreaterThanOrEqual(rank(at(Math.min(a, b), numCtx)));
          expect(rank(at(a, numCtx))).toBeGreaterThanOrEqual(rank(at(a, numCtx * 2)));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("a model that fits by its verdict and still failed to load", () => {
  const fitting = planFor("llama3.1-8b", 64, 26);
  const failed = { reason: "The last load failed." };

  it("is offered a smaller context first, and never that there's nothing to do", () => {
    expect(kinds(fitting)).toEqual(["already-fits"]);
    const [first, ...more] = optionsOf({ ...fitting, failed });
    expect(first?.title).toBe("Cap the Context at 64K");
    expect(more.map(({ title }) => title)).not.toContain("Nothing to Do");
  });

  it("fits then what it got on the GPU, where it spilled", () => {
    const before = judge(fitting.input);
    if (before.kind === "unknown") throw new Error(before.reason);
    fc.assert(
      fc.property(fc.double({ min: 0.2, max: 1, noNaN: true }), (share) => {
        const placedBytes = Math.round(needBytes(before) * share);
        const plan = makePlan({ ...fitting, failed: { ...failed, placedBytes } });
        const options = plan.kind === "options" ? plan.options.filter(({ kind }) => kind !== "already-fits") : [];
        for (const { after } of options) expect(needBytes(after)).toBeLessThanOrEqual(placedBytes);
      }),
      { numRuns: 30 },
    );
  });

  it("can be loaded anyway where nothing is smaller", () => {
    const options = optionsOf({ ...fitting, builds: allMissing, failed: { ...failed, placedBytes: 1 } });
    expect(options.map(({ title }) => title)).toEqual(["Load It Anyway"]);
  });
});

it("never recommends a limit that leaves macOS less than is advised, though nothing else is left", () => {
  const options = { context: "effective", kvCacheType: "q8_0" } as const;
  const planned = planFor("qwen3-coder-next", 64, 26, { options, limit: limitOf(48 * GIB) });
  const advice = planned.advice && { ...planned.advice, defaultMib: 48 * 1024, reserveBytes: 15 * GIB };
  const plan = makePlan({ ...planned, advice, canCap: false, builds: allMissing });
  if (plan.kind !== "options") throw new Error(`options expected, not ${plan.kind}`);
  expect(plan.options.map(({ kind }) => kind)).toEqual(["beyond-reserve"]);
  expect(headline(plan)).not.toMatch(/recommended/i);
});
