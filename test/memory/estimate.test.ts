import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimate, needsArrays } from "../../src/memory/estimate";
import type { MetadataValue, ModelMetadata } from "../../src/memory/metadata";
import { KV_CACHE_TYPES, RUNTIMES, type RunSettings } from "../../src/memory/settings";
import { build } from "./architectures/build";
import { readOracle } from "./oracle";

const models = readOracle();
const settings: RunSettings = {
  numCtx: 8192,
  parallel: 1,
  kvCacheType: "f16",
  flashAttention: "auto",
  batch: 512,
  runtime: "b10488",
};

function model(name: string): ModelMetadata {
  const found = models.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`There is no ${name}.`);
  return found.header;
}

function changed(metadata: ModelMetadata, changes: Record<string, MetadataValue | undefined>): ModelMetadata {
  const values = new Map(metadata.values);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) values.delete(key);
    else values.set(key, value);
  }
  return { ...metadata, values };
}

const hostile = fc.oneof(
  fc.constantFrom<MetadataValue>(0, -1, 0.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY, "", "8", true, [], [0], [
    [],
  ] as never),
  fc.integer(),
  fc.bigInt(),
  fc.string(),
  fc.array(fc.oneof(fc.integer(), fc.string(), fc.boolean())),
  fc.constant<MetadataValue>({ omitted: true }),
);

describe("hostile metadata", () => {
  it("is Unknown or a sound sum, never a crash", () => {
    const keysOf = (metadata: ModelMetadata) => [...metadata.values.keys()];
    fc.assert(
      fc.property(
        fc.constantFrom(...models).chain(({ header }) =>
          fc.record({
            header: fc.constant(header),
            keys: fc.subarray(keysOf(header), { minLength: 1, maxLength: 4 }),
            values: fc.array(fc.option(hostile, { nil: undefined }), { minLength: 4, maxLength: 4 }),
          }),
        ),
        ({ header, keys, values }) => {
          const broken = changed(header, Object.fromEntries(keys.map((key, index) => [key, values[index]])));
          const sum = estimate(broken, settings);
          if (sum.kind === "unknown") {
            expect(sum.reason).not.toBe("");
            return;
          }
          for (const bytes of [sum.weights, sum.kvCache, sum.recurrentState, sum.compute, sum.total, sum.uncertainty]) {
            expect(Number.isFinite(bytes)).toBe(true);
            expect(bytes).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is Unknown, with the reason, for what is not known", () => {
    const llama = model("llama3.1-8b");
    const reason = (metadata: ModelMetadata) => estimate(metadata, settings);
    expect(reason(changed(llama, { "general.architecture": "shiny-new" }))).toMatchObject({
      kind: "unknown",
      architecture: "shiny-new",
      reason: `The architecture "shiny-new" isn't known to this version.`,
    });
    expect(reason(changed(llama, { "llama.block_count": undefined })).kind).toBe("unknown");
    expect(reason(changed(llama, { "llama.attention.head_count": 0 })).kind).toBe("unknown");
    expect(reason({ ...llama, tensors: [{ name: "token_embd.weight", type: "Q9_X", shape: [32, 32] }] }).kind).toBe(
      "unknown",
    );
    expect(reason({ values: new Map(), tensors: [] }).kind).toBe("unknown");
  });

  it("asks for the arrays that plain show leaves out where the tensors do not decide", () => {
    const pattern = { "gemma3.attention.sliding_window_pattern": { omitted: true } as const };
    expect(needsArrays(changed(model("gemma3-4b"), pattern))).toBe(true);
    expect(needsArrays(model("gemma3-4b"))).toBe(false);
    expect(needsArrays(models.find(({ name }) => name === "gemma4-31b")?.show ?? model("gemma3-4b"))).toBe(false);
    expect(needsArrays(changed(model("llama3.1-8b"), { "llama.block_count": { omitted: true } }))).toBe(true);
  });
});

describe("settings llama.cpp refuses", () => {
  it.each([
    [{ flashAttention: "off", kvCacheType: "q8_0" }, "needs flash attention"],
    [{ kvCacheType: "iq4_nl" }, "would run on the CPU"],
    [{ numCtx: 0 }, "num_ctx is 0"],
    [{ parallel: 1.5 }, "slots is 1.5"],
    [{ batch: -1 }, "num_batch is -1"],
    [{ numCtx: 2 ** 40 }, "num_ctx is"],
    [{ parallel: 257 }, "slots is 257"],
    [{ numCtx: 2 ** 29, parallel: 4 }, "num_ctx x slots is"],
    [{ numCtx: Number.NaN }, "num_ctx is NaN"],
  ] as const)("%j", (change, words) => {
    const sum = estimate(model("llama3.1-8b"), { ...settings, ...change });
    expect(sum).toMatchObject({ kind: "unknown", reason: expect.stringContaining(words) });
  });
});

describe("flash attention", () => {
  const mha = (keyLength: number) =>
    build({
      architecture: "llama",
      blocks: 2,
      width: 1024,
      keys: { "attention.head_count": 8, "attention.key_length": keyLength, "attention.value_length": keyLength },
      block: () => ({ attn_k: [1024, 8 * keyLength], attn_v: [1024, 8 * keyLength], ffn_up: [1024, 4096] }),
    });

  it("auto is on where Metal has a kernel for the head size, else off without widening V", () => {
    const at = (metadata: ModelMetadata, flashAttention: "auto" | "on" | "off") =>
      estimate(metadata, { ...settings, flashAttention });
    expect(at(mha(128), "auto")).toEqual(at(mha(128), "on"));
    expect(at(mha(136), "auto")).toEqual(at(mha(136), "off"));
    const gemma = model("gemma4-31b");
    expect(at(gemma, "auto")).toEqual(at(gemma, "on"));
  });

  it("a quantized cache forces it on, and does not load where its blocks do not divide the head", () => {
    const q8 = { ...settings, kvCacheType: "q8_0" } as const;
    expect(estimate(mha(160), q8)).toEqual(estimate(mha(160), { ...q8, flashAttention: "on" }));
    expect(estimate(mha(80), q8)).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining("does not divide"),
    });
    expect(estimate(mha(80), settings).kind).toBe("known");
  });

  it("a quantized cache without it does not load, not even for a model that has no cache", () => {
    const refused = { ...settings, kvCacheType: "q4_0", flashAttention: "off" } as const;
    for (const name of ["mamba-2.8b", "bge-m3", "qwen3-8b"]) {
      expect(estimate(model(name), refused)).toMatchObject({
        kind: "unknown",
        reason: expect.stringContaining("needs flash attention"),
      });
    }
  });
});

describe("header and plain show", () => {
  it.each(models.map(({ name, header, show }) => ({ name, header, show })))(
    "give the same estimate: $name",
    ({ header, show }) => {
      for (const flashAttention of ["on", "off"] as const) {
        const run = { ...settings, numCtx: 16_384, parallel: 2, flashAttention };
        expect(estimate(show, run)).toEqual(estimate(header, run));
      }
    },
  );
});

describe("keys that the tensors contradict", () => {
  const decisive = ["head_count_kv", "key_length", "value_length"] as const;

  it("are Unknown, not another number", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("llama3.2-3b", "qwen3-8b", "gpt-oss-20b", "gemma3-4b", "glm-4.5-air", "qwen3.5-9b"),
        fc.constantFrom(...decisive),
        fc.integer({ min: 0, max: 1024 }),
        (name, key, value) => {
          const header = model(name);
          const full = `${String(header.values.get("general.architecture"))}.attention.${key}`;
          const sum = estimate(changed(header, { [full]: value }), settings);
          if (header.values.get(full) === value) expect(sum).toEqual(estimate(header, settings));
          else expect(sum.kind).toBe("unknown");
        },
      ),
    );
  });
});

describe("laws", () => {
  const anySettings = fc.record({
    parallel: fc.integer({ min: 1, max: 4 }),
    kvCacheType: fc.constantFrom(...KV_CACHE_TYPES),
    flashAttention: fc.constantFrom("auto", "on", "off"),
    batch: fc.constantFrom(512, 1024, 2048),
    runtime: fc.constantFrom(...RUNTIMES),
  });

  it("a smaller context never needs more, at the same settings", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        anySettings,
        fc.integer({ min: 4096, max: 262_144 }),
        fc.integer({ min: 4096, max: 262_144 }),
        ({ header }, rest, a, b) => {
          const less = estimate(header, { ...rest, numCtx: Math.min(a, b) });
          const more = estimate(header, { ...rest, numCtx: Math.max(a, b) });
          expect(less.kind).toBe(more.kind);
          if (less.kind === "known" && more.kind === "known") {
            expect(less.total + less.uncertainty).toBeLessThanOrEqual(more.total + more.uncertainty);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("a projector is added byte by byte, and what it needs for an image, 0.2 to 1.1 GiB, in a wider band", () => {
    const without = estimate(model("gemma3-4b"), settings);
    const withProjector = estimate(model("gemma3-4b"), settings, { projectorBytes: 12_345 });
    if (without.kind === "unknown" || withProjector.kind === "unknown") throw new Error("known expected");
    expect(withProjector.total - without.total - withProjector.projectorCompute).toBe(12_345);
    const added = withProjector.projectorCompute;
    const wider = withProjector.uncertainty - without.uncertainty;
    expect((added - wider) / 1024 ** 3).toBeCloseTo(0.2, 2);
    expect((added + wider) / 1024 ** 3).toBeCloseTo(1.1, 2);
    expect(without.projectorCompute).toBe(0);
    for (const projectorBytes of [-1, 0.5, Number.NaN, 2 ** 60]) {
      expect(estimate(model("gemma3-4b"), settings, { projectorBytes }).kind).toBe("unknown");
    }
  });
});
