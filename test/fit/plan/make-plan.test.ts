import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SmallerBuild } from "../../../src/fit/facts";
import { makePlan } from "../../../src/fit/plan/make-plan";
import { applyChanges } from "../../../src/fit/plan/changes";
import { dominates } from "../../../src/fit/plan/cost";
import type { Plan, PlanOption } from "../../../src/fit/plan/options";
import type { PlanInput } from "../../../src/fit/plan/plan-input";
import type { PlanKind } from "../../../src/fit/plan/proposals";
import { smallerQuantizations } from "../../../src/fit/plan/quantizations";
import { GIB, MIB } from "../../../src/fit/units";
import { judge, judgeAtContext } from "../../../src/fit/verdict";
import { limitOf, logged, oracle, planFor, SERVER, withUsedRam } from "../inputs";

const RAM = [8, 16, 24, 32, 36, 48, 64, 96, 128, 256];

function optionsOf(planned: PlanInput): readonly PlanOption[] {
  const plan = makePlan(planned);
  if (plan.kind !== "options") throw new Error(`options expected, not ${plan.kind}`);
  return plan.options;
}

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
      context: numCtx ?? (limitMib === undefined ? input.options.context : before.run.numCtx.value),
      kvCacheType,
    },
  });
  expect(byHand.kind).toBe("fits");
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
    const narrow = { ...crowded, advice: crowded.advice && { ...crowded.advice, reserveBytes: 13 * GIB } };
    const raise = optionsOf(narrow).find(({ changes }) => changes.limitMib !== undefined);
    expect(raise?.kind).toBe("beyond-reserve");
    expect(raise?.costs.join()).toContain("less than the 13.0 GiB advised");
  });
});

describe("the tier trap", () => {
  it("pins the context where the raised limit would change Ollama's default, and judges that", () => {
    const planned = planFor("seed-oss-36b", 48, 15, { limit: limitOf(21.5 * GIB) });
    const raise = optionsOf(planned).find(({ kind }) => kind === "higher-limit");
    expect(raise?.changes).toEqual({ limitMib: 23_552, numCtx: 4096 });
    expect(raise?.after).toMatchObject({ kind: "fits", run: { numCtx: { value: 4096 } } });
    expect(raise?.commands).toHaveLength(2);
    expect(raise?.costs.join()).toContain("its default context changes from 4K to 32K for every model without its own");
  });

  it("speaks of the other models, too, where this one has a context of its own", () => {
    const planned = planFor("seed-oss-36b", 48, 15, { limit: limitOf(21.5 * GIB) });
    const { description } = planned.input;
    if ("kind" in description) throw new Error(description.reason);
    const own = { ...description, parameters: { numCtx: 4096, unreadable: [] } };
    const raise = optionsOf({ ...planned, input: { ...planned.input, description: own } }).find(
      ({ kind }) => kind === "higher-limit",
    );
    expect(raise?.changes).toEqual({ limitMib: 23_552 });
    expect(raise?.costs.join()).toContain("changes from 4K to 32K for every model without its own");
  });

  it("does not pin what a Modelfile or the server's settings pin already", () => {
    const planned = planFor("seed-oss-36b", 48, 15, {
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
  const build = (name: string, gib: number): SmallerBuild => ({
    kind: "published",
    name,
    weightBytes: Math.round(gib * GIB),
    downloadBytes: Math.round(gib * GIB) + 500,
  });
  const smaller = (builds?: ReadonlyMap<string, SmallerBuild>) =>
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
    const gone = new Map(
      ["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q3_K_M", "IQ3_XXS", "IQ2_M", "Q2_K"].map((name) => [
        name,
        { kind: "missing" } as const,
      ]),
    );
    const plan = makePlan({ ...planned, builds: gone });
    expect(plan.kind === "options" ? plan.options.map(({ kind }) => kind) : []).not.toContain("smaller-build");
  });

  it("go together with a limit or a context where they alone would be poor", () => {
    const options = optionsOf(planFor("qwen3-32b", 24, 26));
    expect(options.map(({ title }) => title)).toEqual([
      "Lower the Quantization to Q3_K_M, 19.0 GiB of Limit",
      "Lower the Quantization to IQ3_XXS",
    ]);
    expect(options[0]?.changes).toMatchObject({ limitMib: 19_456 });
    const [scout] = optionsOf(planFor("llama4-scout", 64, 26));
    expect(scout?.title).toBe("Lower the Quantization to IQ3_XXS, 64K of Context");
    expect(scout?.changes).toMatchObject({ numCtx: 65_536 });
  });

  it("weigh at most a little more than llama.cpp's own", () => {
    // Ollama's q4_K_M of this model has 52 GB; 80 billion weights of 4.46 bits are 44 GB.
    const { description } = planFor("qwen3-coder-next", 64, 26).input;
    if ("kind" in description) throw new Error(description.reason);
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
    expect(plan.impossible.missing).toMatch(
      /^Even at 4K it needs 37\d\.\d GiB; the highest safe limit of this Mac is 60\.0 GiB: 3\d\d\.\d GiB missing\.$/,
    );
    expect(plan.impossible.comfortable).toBe(
      "Comfortable on this Mac: models of up to about 50 billion parameters at Q4_K_M, with a limit of 56.0 GiB.",
    );
    expect(plan.impossible.waysOut.join(" ")).toMatch(/exo.*llama\.cpp's RPC.*deepseek-r1-671b has a cloud tag/);
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
    expect(makePlan(planFor("llama3.1-8b", 64, 26, estimated))).toMatchObject({
      kind: "unknown",
      reason: "The limit is estimated for macOS 26. So no change can be promised to make it fit.",
    });
    const old = makePlan(planFor("llama3.1-8b", 64, 26, { server: { ...SERVER, version: "0.24.0" } }));
    expect(old).toMatchObject({ kind: "unknown", reason: expect.stringContaining("0.30 or newer") });
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
    expect(first).toMatchObject({ kind: "client-context", title: "Set 203,264 in the Client", commands: [] });
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

  it("is loaded anew where it spilled under a lower limit", () => {
    const planned = planFor("llama3.1-8b", 64, 26);
    const { name, digest } = planned.input.model;
    const spilled = loaded({ name, digest, sizeBytes: 20 * GIB, vramBytes: 18 * GIB });
    const [option] = optionsOf({ ...planned, input: { ...planned.input, loaded: [spilled] } });
    expect(option).toMatchObject({ kind: "reload-model", changes: { unload: [name] } });
    expect(option?.sentence).toMatch(/^2\.0 GiB of it spilled when it was loaded\. Now: /);
  });

  it("asks for memory where RAM is short, not the limit, and counts what it holds itself as free", () => {
    const planned = planFor("llama3.1-8b", 64, 26);
    const need = (judge(planned.input).estimate?.total ?? 0) + 64 * MIB;
    const used = 64 * GIB - need + 2 * GIB;
    const [short] = optionsOf(withUsedRam(planned, used));
    expect(short).toMatchObject({ kind: "close-apps", title: expect.stringMatching(/^Close Apps That Use 1\.9 GiB$/) });
    expect(short?.costs.join()).toContain("LLAMA_ARG_CACHE_RAM");
    expect(kinds(withUsedRam(planned, used - 2 * GIB))).toEqual(["already-fits"]);
    const { name, digest } = planned.input.model;
    const own = loaded({ name, digest, sizeBytes: 3 * GIB, vramBytes: 3 * GIB });
    expect(kinds(withUsedRam({ ...planned, input: { ...planned.input, loaded: [own] } }, used))).toEqual([
      "already-fits",
    ]);
  });

  it("says of every option when RAM is short for it", () => {
    const options = optionsOf(withUsedRam(planFor("qwen3-coder-next", 64, 26), 20 * GIB));
    expect(options[0]?.costs.join()).toMatch(/RAM is \d+\.\d GiB short: other apps use 20\.0 GiB/);
    const free = optionsOf(withUsedRam(planFor("qwen3-coder-next", 64, 26), 4 * GIB));
    expect(free[0]?.costs.join()).not.toContain("RAM is");
  });

  it("says when it only does so at a context that was chosen to judge at", () => {
    const [option] = optionsOf(planFor("qwen3-coder-next", 64, 26, { options: { context: 32_768 } }));
    expect(option?.kind).toBe("already-fits");
    expect(option?.costs).toEqual([
      "True at 32K, the context you chose to judge at. Unless a request asks for it, Ollama runs the model at 256K",
    ]);
  });
});

describe("laws of the verdict", () => {
  const order = ["too-big", "spills", "tight", "fits"];

  it.each([15, 26])("more RAM never makes it worse on macOS %d, at the same context and batch", (major) => {
    for (const { name } of oracle) {
      const ranks = RAM.map((ramGib) => {
        const { input } = planFor(name, ramGib, major);
        if ("kind" in input.description) throw new Error(input.description.reason);
        const description = { ...input.description, parameters: { numCtx: 4096, numBatch: 512, unreadable: [] } };
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
