import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelDescription } from "../../src/fit/facts";
import {
  contextOf,
  expectedReport,
  fitsLimit,
  judge,
  judgeAtContext,
  type JudgeInput,
  ramNeed,
  swaps,
} from "../../src/fit/verdict";
import { badgeText, tooltipText, verdictSentence } from "../../src/fit/verdict-text";
import { GIB, MIB } from "../../src/fit/units";
import { described, inputFor, installed, lacking, limitOf, llama, logged, measured, oracle, SERVER } from "./inputs";

const qwen = measured("qwen3-8b");
const at8K = { options: { context: 8192 } } as const;

const roomy = llama(judge(inputFor(qwen, 100 * GIB, at8K)));
const need = roomy.estimate.total + roomy.run.margin.value;
const band = roomy.estimate.uncertainty;

describe("a verdict at the edges of the band", () => {
  const under = (limit: number, changes: Partial<JudgeInput> = {}) =>
    judge(inputFor(qwen, limit, { ...at8K, ...changes }));

  it("rests on a band of some MiB", () => expect(band).toBeGreaterThan(32 * MIB));

  it("is Fits from the upper edge on", () => {
    expect(under(need + band)).toMatchObject({ kind: "fits", spareBytes: band });
    expect(under(need + band - 1)).toMatchObject({ kind: "tight", because: expect.stringContaining("uncertainty") });
  });

  it("is Tight to the lower edge, and Spills what is missing below it", () => {
    expect(under(need - band)).toMatchObject({ kind: "tight", spareBytes: -band });
    expect(under(need - band - 1)).toMatchObject({ kind: "spills", missingBytes: band + 1, spareBytes: -band - 1 });
  });

  it("is Too Big only where the highest safe limit does not hold 4K either", () => {
    const least = llama(judge(inputFor(qwen, 100 * GIB, { options: { context: 4096 } })));
    const lowest = least.estimate.total - least.estimate.uncertainty + least.run.margin.value;
    const high = Math.ceil(lowest / MIB);
    expect(under(4 * GIB, { highestLimitMib: high })).toMatchObject({ kind: "spills" });
    expect(under(4 * GIB, { highestLimitMib: high - 1 })).toMatchObject({
      kind: "too-big",
      missingBytes: need - 4 * GIB,
    });
    expect(under(4 * GIB)).toMatchObject({ kind: "spills" });
  });

  it("is not Too Big while the limit in force, above the highest safe one, holds 4K", () => {
    const least = llama(judge(inputFor(qwen, 100 * GIB, { options: { context: 4096 } })));
    const limit = least.estimate.total + least.run.margin.value;
    expect(under(limit, { highestLimitMib: 1024, options: { context: 32_768 } })).toMatchObject({ kind: "spills" });
  });
});

describe("a model whose kind was never measured", () => {
  it("is judged within a wider band, and says so in the detail and in the tooltip", () => {
    const values = new Map(
      [...qwen.header.values].map(([key, value]) => [key.replace(/^qwen3\./, "mistral."), value] as const),
    );
    const metadata = { ...qwen.header, values: values.set("general.architecture", "mistral") };
    const input = (limit: number) => inputFor(qwen, limit, { ...at8K, description: described(metadata) });
    const verdict = llama(judge(input(100 * GIB)));
    expect(verdict).toMatchObject({ kind: "fits", cautions: [expect.stringContaining("wasn't measured")] });
    expect(tooltipText(verdict)).toContain("wasn't measured");
    expect(judge(input(need + band))).toMatchObject({ kind: "tight" });
    expect(roomy.cautions).toEqual([]);
  });
});

describe("nothing better than Tight", () => {
  it("rests on an estimated limit, and says so", () => {
    const limit = limitOf(100 * GIB, { estimated: true, sourceText: "worked out by formula", source: "formula" });
    const verdict = judge(inputFor(qwen, 0, { ...at8K, limit }));
    expect(verdict).toMatchObject({ kind: "tight", because: "The limit is worked out by formula." });
    const small = limitOf(4 * GIB, { estimated: true });
    expect(judge(inputFor(qwen, 0, { ...at8K, limit: small })).kind).toBe("spills");
  });

  it("is said of a server older than 0.30, and to update is the advice", () => {
    const server = { ...SERVER, version: "0.29.9" };
    expect(judge(inputFor(qwen, 100 * GIB, { ...at8K, server }))).toMatchObject({
      kind: "tight",
      because: expect.stringContaining("Update to 0.30"),
    });
    expect(judge(inputFor(qwen, 4 * GIB, { ...at8K, server })).kind).toBe("spills");
  });

  it("but a disagreement of two sources is shown without changing the verdict", () => {
    const limit = limitOf(100 * GIB, { disagreement: "One says 1, one says 2." });
    const verdict = judge(inputFor(qwen, 0, { ...at8K, limit }));
    expect(verdict.kind).toBe("fits");
    expect(tooltipText(verdict)).toContain("One says 1, one says 2.");
  });
});

describe("assumed settings", () => {
  it("are named in the tooltip, and only they", () => {
    const bare = { version: "0.33.0", identity: { kind: "terminal" as const, pid: 655 }, runners: [] };
    const assumed = tooltipText(judge(inputFor(qwen, 100 * GIB, { server: bare })));
    expect(assumed).toContain("Assumed: context, KV type f16, 1 slot, flash attention auto.");
    expect(tooltipText(judge(inputFor(qwen, 100 * GIB)))).not.toContain("Assumed");
    const some = { ...bare, contextLength: logged(8192), parallel: logged(4) };
    expect(tooltipText(judge(inputFor(qwen, 100 * GIB, { server: some })))).toContain(
      "Assumed: KV type f16, flash attention auto.",
    );
  });
});

describe("Unknown", () => {
  const reasonOf = (changes: Partial<JudgeInput>) => {
    const verdict = judge(inputFor(qwen, 100 * GIB, changes));
    return verdict.kind === "unknown" ? verdict.reason : verdict.kind;
  };
  const description = (changes: Partial<ModelDescription>) => ({ description: described(qwen.header, changes) });
  const withParameters = (changes: Partial<ModelDescription["parameters"]>) =>
    description({ parameters: { unreadable: [], ...changes } });

  it.each<[string, Partial<JudgeInput>, RegExp]>([
    ["a cloud model", { model: installed(qwen, { cloud: true }) }, /cloud/],
    ["unreadable metadata", { description: { kind: "unreadable", reason: "Torn." } }, /^Torn\.$/],
    ["a LoRA adapter of unknown size", description({ adapters: [{ path: "/blobs/a" }] }), /LoRA/],
    ["a draft model", description({ drafts: ["/blobs/a"] }), /draft model/],
    ["a projector of unknown size", description({ projectors: [{ path: "/blobs/p" }] }), /projector/],
    ["no layer on the GPU", withParameters({ numGpu: 0 }), /no layer/],
    ["some layers on the GPU", withParameters({ numGpu: 36 }), /only 36 layers/],
    ["num_gpu that is no number", withParameters({ unreadable: ["num_gpu"] }), /num_gpu/],
    ["num_batch that is no number", withParameters({ unreadable: ["num_batch"] }), /num_batch/],
    ["num_ctx that is no number", withParameters({ unreadable: ["num_ctx"] }), /num_ctx/],
    ["a batch that llama.cpp does not take", withParameters({ numBatch: 0 }), /num_batch/],
    ["an unknown limit", { limit: { kind: "unknown", reason: "State the limit." } }, /^State the limit\.$/],
    ["a strange cache type", { server: { ...SERVER, kvCacheType: logged("q3") } }, /q3/],
    ["no metadata", { description: described({ values: new Map(), tensors: [] }) }, /./],
  ])("is the word for %s", (_, changes, reason) => expect(reasonOf(changes)).toMatch(reason));

  it("is not the word for all layers on the GPU, the default of num_gpu, drafting without prediction layers, and a known projector", () => {
    expect(reasonOf(withParameters({ numGpu: 37 }))).toBe("fits");
    expect(reasonOf(withParameters({ numGpu: 999 }))).toBe("fits");
    expect(reasonOf(withParameters({ numGpu: -1 }))).toBe("fits");
    expect(reasonOf(withParameters({ draftNumPredict: 4 }))).toBe("fits");
    expect(reasonOf(description({ projectors: [{ path: "/blobs/p", bytes: GIB }] }))).toBe("fits");
  });

  it("counts a LoRA adapter in the sum, and promises nothing with it", () => {
    const adapters = [
      { path: "/a", bytes: 5 },
      { path: "/b", bytes: 7 },
    ];
    const verdict = llama(judge(inputFor(qwen, 100 * GIB, { ...at8K, ...description({ adapters }) })));
    expect(verdict).toMatchObject({ kind: "tight", cause: "caution" });
    expect(verdict.estimate.total).toBe(roomy.estimate.total + 12);
    expect(tooltipText(verdict)).toContain("LoRA Adapter 12 B");
    expect(ramNeed(verdict.estimate, qwen.weights + 12)).toBe(verdict.estimate.total);
    // Ollama's parser of llama-server's log knows no LoRA buffers.
    expect(expectedReport(verdict.estimate)).toBe(expectedReport(roomy.estimate));
  });

  it("keeps the sum while only the limit is not known", () => {
    const verdict = judge(inputFor(qwen, 0, { ...at8K, limit: { kind: "unknown", reason: "State it." } }));
    expect(verdict).toMatchObject({ kind: "unknown", estimate: { total: roomy.estimate.total } });
  });

  it("counts a projector in the sum", () => {
    const projectors = [
      { path: "/a", bytes: 5 },
      { path: "/b", bytes: 7 },
    ];
    const sum = llama(judge(inputFor(qwen, 100 * GIB, { ...at8K, ...description({ projectors }) }))).estimate;
    expect(sum.total).toBe(roomy.estimate.total + 12 + sum.projectorCompute);
    expect(sum.projector).toBe(12);
  });
});

describe("layers that are forced onto the GPU", () => {
  const from = measured("qwen3-8b");
  const need = llama(judge(inputFor(from, 100 * GIB)));
  const { total, uncertainty } = need.estimate;
  const forcedBy = {
    "num_gpu of all layers": { description: described(from.header, { parameters: { numGpu: 37, unreadable: [] } }) },
    "LLAMA_ARG_FIT=off": { server: { ...SERVER, fit: logged("off" as const) } },
  };

  it.each(Object.entries(forcedBy))("by %s need no margin, and don't spill", (_, changes) => {
    expect(judge(inputFor(from, total + uncertainty, changes))).toMatchObject({
      kind: "fits",
      run: { isForced: true, margin: { value: 0 } },
    });
    const over = judge(inputFor(from, total - GIB, changes));
    expect(over).toMatchObject({ kind: "over", missingBytes: GIB });
    expect(badgeText(over)).toMatch(/^Over the Limit · /);
    expect(verdictSentence(over)).toMatch(/1\.0 GiB over the limit: fails to load or pages\. Nothing spills/);
  });

  it("are fewer than all where num_gpu leaves the output out", () => {
    const description = described(from.header, { parameters: { numGpu: 36, unreadable: [] } });
    expect(judge(inputFor(from, 100 * GIB, { description })).kind).toBe("unknown");
  });

  it("are not forced where nothing asks for it", () => {
    expect(judge(inputFor(from, total - GIB))).toMatchObject({ kind: "spills", run: { isForced: false } });
    const on = { server: { ...SERVER, fit: logged("on" as const) } };
    expect(judge(inputFor(from, total - GIB, on)).kind).toBe("spills");
  });
});

describe("a limit that's only known at the least", () => {
  const least = (bytes: number) => ({ limit: limitOf(bytes, { isLeast: true, sourceText: "as x is whole there" }) });

  it("makes a firm Fits, and leaves open what needs more", () => {
    expect(judge(inputFor(qwen, 0, { ...at8K, ...least(need + band) })).kind).toBe("fits");
    for (const bytes of [need + band - 1, need - band - 1, GIB]) {
      expect(judge(inputFor(qwen, 0, { ...at8K, ...least(bytes) }))).toMatchObject({
        kind: "unknown",
        reason: expect.stringMatching(/only known to be at least [\d.]+ [GM]?i?B, as x is whole there\. /),
      });
    }
  });

  it("tells Ollama's default context only where that can't be higher", () => {
    const server = lacking(lacking(SERVER, "contextLength"), "startupTotalBytes");
    expect(contextOf(judge(inputFor(qwen, 0, { server, ...least(50 * GIB) })))?.value).toBe(40_960);
    expect(judge(inputFor(qwen, 0, { server, ...least(30 * GIB) }))).toMatchObject({ kind: "unknown" });
  });
});

describe("what comes before any sum", () => {
  const from = measured("qwen3-8b");

  it("is an Ollama that's too old for the model", () => {
    const description = described(from.header, { requires: "0.34.0" });
    expect(judge(inputFor(from, 100 * GIB, { description }))).toEqual({
      kind: "unknown",
      reason: "It needs Ollama 0.34.0 or newer, and this server is 0.33.0: update Ollama first.",
    });
    for (const version of ["0.34.0", "0.40.1", "0.0.0", undefined]) {
      expect(judge(inputFor(from, 100 * GIB, { description, server: { ...SERVER, version } })).kind).toBe("fits");
    }
    const odd = described(from.header, { requires: "soon" });
    expect(judge(inputFor(from, 100 * GIB, { description: odd })).kind).toBe("fits");
  });

  it("is a server that found no GPU", () => {
    const server = { ...SERVER, gpu: logged("none" as const) };
    expect(judge(inputFor(from, 100 * GIB, { server }))).toEqual({
      kind: "unknown",
      reason: "Ollama found no GPU when it started (server log): everything runs on the CPU until it restarts.",
    });
    expect(judge(inputFor(from, 100 * GIB, { server: { ...SERVER, gpu: logged("metal" as const) } })).kind).toBe(
      "fits",
    );
  });

  it("is a server that can't be told: nothing is better than Tight", () => {
    for (const identity of [
      { kind: "several", pids: [1, 2] },
      { kind: "unknown", reason: "lsof gave no answer." },
    ] as const) {
      expect(judge(inputFor(from, 100 * GIB, { server: { ...SERVER, identity } })).kind).toBe("tight");
    }
  });
});

describe("a verdict and the RAM", () => {
  const limit = 40 * GIB;
  const sum = llama(judge(inputFor(qwen, limit, at8K)));
  const fileBytes = sum.estimate.weights + 300 * MIB;
  const use = (usedBytes: number) => ({ ramBytes: 48 * GIB, reserveBytes: 8 * GIB, othersBytes: usedBytes });
  const withUsed = (usedBytes: number, changes: Partial<JudgeInput> = {}) =>
    llama(
      judge(
        inputFor(qwen, limit, {
          ...at8K,
          model: installed(qwen, { sizeBytes: fileBytes }),
          ram: use(usedBytes),
          ...changes,
        }),
      ),
    );
  const need = sum.estimate.total + 300 * MIB;

  it("counts the sum and what stays on the CPU, not the margin", () => {
    expect(withUsed(0).ram).toMatchObject({ kind: "enough", needBytes: need, carryBytes: 40 * GIB });
  });

  it("is Tight where the Mac would swap, and says so in badge, sentence and tooltip", () => {
    const used = 48 * GIB - need + 3 * GIB;
    const tight = withUsed(used);
    expect(tight).toMatchObject({ kind: "tight", cause: "swap", ram: { shortBytes: 3 * GIB } });
    expect(badgeText(tight)).toBe("Tight, Swaps 3.0 GiB · 8K");
    expect(verdictSentence(tight)).toMatch(
      /fits the limit, but not the memory\. RAM is 3\.0 GiB short: other apps use/,
    );
    expect(tooltipText(tight).match(/RAM is 3\.0 GiB short/g)).toHaveLength(1);
    expect([fitsLimit(tight), swaps(tight)]).toEqual([true, true]);
  });

  it("stays Fits where macOS only compresses, which the tooltip says", () => {
    const fits = withUsed(48 * GIB - need + GIB);
    expect(fits).toMatchObject({ kind: "fits", ram: { kind: "compresses" } });
    expect(badgeText(fits)).toBe("Fits · 8K");
    expect(tooltipText(fits)).toContain("RAM is 1.0 GiB short");
    expect(tooltipText(withUsed(0))).not.toContain("RAM");
  });

  it("says what isn't known, and judges by the reserve then", () => {
    const unread = withUsed(0, { ram: { ramBytes: 48 * GIB, reserveBytes: 8 * GIB } });
    expect(unread.kind).toBe("fits");
    expect(tooltipText(unread)).toContain("How much RAM other apps use couldn't be read.");
  });

  it("is what the limit says where that's worse", () => {
    expect(withUsed(48 * GIB, { limit: limitOf(4 * GIB) }).kind).toBe("spills");
    const estimated = withUsed(48 * GIB, { limit: limitOf(limit, { estimated: true }) });
    expect(estimated).toMatchObject({ kind: "tight", cause: "caution" });
    expect(fitsLimit(estimated)).toBe(false);
  });
});

describe("laws over all measured models", () => {
  const RANK = { "too-big": 0, over: 1, spills: 1, "wont-load": 0, fails: 1, tight: 2, fits: 3, unknown: -1 } as const;
  const model = fc.constantFrom(...oracle);
  const gib = fc.double({ min: 1, max: 256, noNaN: true });
  const tokens = fc.integer({ min: 1, max: 262_144 });
  const parallel = fc.constantFrom(1, 2, 4);
  const numBatch = fc.constantFrom(64, 512, 2048);
  const judged = (from: (typeof oracle)[number], limit: number, context: number, slots: number, batch: number) =>
    judgeAtContext(
      inputFor(from, limit * GIB, {
        description: described(from.header, { parameters: { numBatch: batch, unreadable: [] } }),
        server: { ...SERVER, parallel: logged(slots) },
        highestLimitMib: 60_000,
      }),
      context,
    );

  it("a higher limit never makes a verdict worse", () => {
    fc.assert(
      fc.property(model, gib, gib, tokens, parallel, numBatch, (from, a, b, context, slots, batch) => {
        const low = judged(from, Math.min(a, b), context, slots, batch);
        const high = judged(from, Math.max(a, b), context, slots, batch);
        expect(low.kind).not.toBe("unknown");
        expect(RANK[high.kind]).toBeGreaterThanOrEqual(RANK[low.kind]);
      }),
    );
  });

  it("a smaller context never needs more", () => {
    fc.assert(
      fc.property(model, tokens, tokens, parallel, numBatch, (from, a, b, slots, batch) => {
        const small = llama(judged(from, 100, Math.min(a, b), slots, batch));
        const large = llama(judged(from, 100, Math.max(a, b), slots, batch));
        expect(small.estimate.total).toBeLessThanOrEqual(large.estimate.total);
        expect(small.estimate.uncertainty).toBeLessThanOrEqual(large.estimate.uncertainty);
        expect(small.spareBytes).toBeGreaterThanOrEqual(large.spareBytes);
      }),
    );
  });

  it("Fits, Tight and the rest follow from the sum alone", () => {
    fc.assert(
      fc.property(model, gib, tokens, parallel, numBatch, (from, limit, context, slots, batch) => {
        const verdict = llama(judged(from, limit, context, slots, batch));
        const { estimate, run } = verdict;
        const rest = limit * GIB - estimate.total - run.margin.value;
        const expected = rest >= estimate.uncertainty ? "fits" : rest >= -estimate.uncertainty ? "tight" : "no";
        expect(verdict.kind === "spills" || verdict.kind === "too-big" ? "no" : verdict.kind).toBe(expected);
      }),
    );
  });
});
