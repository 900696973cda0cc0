import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MetadataValue } from "../../../src/memory/metadata";
import type { ByteSource } from "../../../src/memory/gguf/byte-source";
import { memorySource } from "./memory-source";
import { GgufError, type GgufFault } from "../../../src/memory/gguf/gguf-error";
import { FIRST_PAGE_BYTES, MAX_HEADER_BYTES, MAX_TENSORS } from "../../../src/memory/gguf/limits";
import { GgufType } from "../../../src/memory/gguf/metadata-values";
import { readGgufHeader, type ReadGgufOptions } from "../../../src/memory/gguf/read-header";
import { ByteSink, writeGguf } from "../../stand-ins/gguf-writer";
import { anyModel, largeModel, SMALL_MODEL, SMALL_TYPES, spiedSource } from "./samples";

const small = writeGguf(SMALL_MODEL, { types: SMALL_TYPES });

/** Fault of a header that can't be read. */
async function faultOf(source: ByteSource | Uint8Array, options?: ReadGgufOptions): Promise<GgufFault> {
  const reading = readGgufHeader(source instanceof Uint8Array ? memorySource(source) : source, options);
  const error: unknown = await reading.then(
    () => new Error("was read"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GgufError)) throw error;
  expect(error.message).toMatch(/^[A-Z].*\.$/s);
  return error.fault;
}

/** A header of the given counts with whatever `write` puts behind them. */
function header(keys: number | bigint, tensors: number | bigint, write: (sink: ByteSink) => void = () => {}) {
  const sink = new ByteSink().u32(0x46554747).u32(3).u64(tensors).u64(keys);
  write(sink);
  return sink.toBytes();
}

function oneKey(key: string, type: GgufType, write: (sink: ByteSink) => void): Uint8Array {
  return header(1, 0, (sink) => write(sink.text(key).u32(type)));
}

function oneTensor(name: string, shape: (number | bigint)[], type: number, offset: number | bigint): Uint8Array {
  return header(0, 1, (sink) => {
    sink.text(name).u32(shape.length);
    for (const dimension of shape) sink.u64(dimension);
    sink.u32(type).u64(offset);
  });
}

function bytesAsked(source: { reads: [number, number][] }): number {
  return source.reads.reduce((sum, [, length]) => sum + length, 0);
}

describe("a sound header", () => {
  it.each([2, 3])("is read back whole, version %i", async (version) => {
    const file = writeGguf(SMALL_MODEL, { types: SMALL_TYPES, version });
    const read = await readGgufHeader(memorySource(file.header));

    expect([...read.metadata.values]).toEqual([...SMALL_MODEL.values]);
    expect(read.metadata.tensors).toEqual(SMALL_MODEL.tensors);
    expect(read).toMatchObject({ version, keyCount: 20, tensorCount: 5, stoppedEarly: false, split: undefined });
    expect(read.layout).toEqual({
      alignment: 32,
      dataOffset: file.header.length,
      dataBytes: file.tensorOffsets[4]! + 102,
      tensorOffsets: file.tensorOffsets,
      missingBytes: file.tensorOffsets[4]! + 102,
    });
  });

  it("tells a whole file from one whose tensor data is cut off", async () => {
    const whole = new Uint8Array(small.fileBytes);
    whole.set(small.header);
    expect((await readGgufHeader(memorySource(whole))).layout?.missingBytes).toBe(0);
    const cut = whole.subarray(0, small.header.length + small.tensorOffsets[4]! + 101);
    expect((await readGgufHeader(memorySource(cut))).layout?.missingBytes).toBe(1);
  });

  it.each([1, 7, 97, 997, 4096])("is the same in pages of %i bytes, none asked for twice", async (pageBytes) => {
    for (const knowsSize of [true, false]) {
      const source = spiedSource(small.header, knowsSize);
      const read = await readGgufHeader(source, { pageBytes });
      expect([...read.metadata.values]).toEqual([...SMALL_MODEL.values]);
      expect(read.metadata.tensors).toEqual(SMALL_MODEL.tensors);
      source.reads.reduce((end, [offset, length]) => {
        expect(offset).toBeGreaterThanOrEqual(end);
        return offset + length;
      }, 0);
      expect(read.bytesRead).toBeLessThanOrEqual(small.header.length);
    }
  });

  it("is the same for any model, in any page size, with the size known or not", async () => {
    await fc.assert(
      fc.asyncProperty(anyModel, fc.integer({ min: 1, max: 3000 }), fc.boolean(), async (model, pageBytes, known) => {
        const file = writeGguf(model);
        const arrays = new Set(model.values.keys());
        const read = await readGgufHeader(spiedSource(file.header, known), { pageBytes, arrays });
        expect([...read.metadata.values]).toEqual([...model.values]);
        expect(read.metadata.tensors).toEqual(model.tensors);
        expect(read.layout?.tensorOffsets).toEqual(file.tensorOffsets);
        expect(read.layout?.dataOffset).toBe(file.header.length);
      }),
    );
  });

  it("honors general.alignment", async () => {
    const model = { ...SMALL_MODEL, values: new Map([...SMALL_MODEL.values, ["general.alignment", 64] as const]) };
    const file = writeGguf(model, { types: SMALL_TYPES, alignment: 64 });
    const { layout } = await readGgufHeader(memorySource(file.header));
    expect(layout).toMatchObject({
      alignment: 64,
      dataOffset: file.header.length,
      tensorOffsets: file.tensorOffsets,
    });
  });

  it("passes a tensor type it does not know through", async () => {
    const read = await readGgufHeader(memorySource(oneTensor("t", [3, 5], 99, 0)));
    expect(read.metadata.tensors).toEqual([{ name: "t", shape: [3, 5], type: "type-99" }]);
  });

  it("keeps whole numbers exact: bigint only beyond 2^53", async () => {
    const values = new Map<string, MetadataValue>([
      ["a", 2 ** 53 - 1],
      ["b", 2n ** 53n],
      ["c", -(2 ** 53) + 1],
    ]);
    const types = { a: GgufType.U64, b: GgufType.U64, c: GgufType.I64 };
    const read = await readGgufHeader(memorySource(writeGguf({ values, tensors: [] }, { types }).header));
    expect([...read.metadata.values]).toEqual([...values]);
  });
});

describe("arrays", () => {
  const arrays = (values: [string, MetadataValue][]) =>
    memorySource(writeGguf({ values: new Map(values), tensors: [] }).header);

  it("are left out if they are long, or part of the tokenizer however short", async () => {
    const read = await readGgufHeader(
      arrays([
        ["x.numbers", new Array(4097).fill(1)],
        ["x.texts", new Array(257).fill("a")],
        ["tokenizer.ggml.scores", [1, 2, 3]],
        ["x.last", 7],
      ]),
    );
    expect([...read.metadata.values]).toEqual([
      ["x.numbers", { omitted: true, length: 4097 }],
      ["x.texts", { omitted: true, length: 257 }],
      ["tokenizer.ggml.scores", { omitted: true, length: 3 }],
      ["x.last", 7],
    ]);
  });

  it("are decoded however long, if asked for", async () => {
    const tokens = Array.from({ length: 30_000 }, (_, i) => `t${i}`);
    const scores = tokens.map((_, i) => i);
    const read = await readGgufHeader(
      arrays([
        ["tokenizer.ggml.tokens", tokens],
        ["tokenizer.ggml.scores", scores],
      ]),
      { arrays: new Set(["tokenizer.ggml.tokens", "tokenizer.ggml.scores"]), pageBytes: 500 },
    );
    expect(read.metadata.values.get("tokenizer.ggml.tokens")).toEqual(tokens);
    expect(read.metadata.values.get("tokenizer.ggml.scores")).toEqual(scores);
  });

  it("and texts too long to keep are left out, without asking for their bytes", async () => {
    const long = "x".repeat(1024 * 1024 + 1);
    const { header: bytes } = writeGguf({
      values: new Map<string, MetadataValue>([
        ["x.text", long],
        ["x.list", ["short", long, "short"]],
        ["x.last", 7],
      ]),
      tensors: [],
    });
    const source = spiedSource(bytes);
    const read = await readGgufHeader(source, { arrays: new Set(["x.list"]) });
    expect([...read.metadata.values]).toEqual([
      ["x.text", { omitted: true }],
      ["x.list", { omitted: true, length: 3 }],
      ["x.last", 7],
    ]);
    expect(bytesAsked(source)).toBeLessThan(1_000_000);
  });

  it("stop being decoded when what is kept of one file gets large", async () => {
    const keys = 40;
    const text = "y".repeat(1024 * 1024);
    const { header: bytes } = writeGguf({
      values: new Map(Array.from({ length: keys }, (_, i) => [`k${i}`, text])),
      tensors: [],
    });
    const { metadata } = await readGgufHeader(memorySource(bytes));
    const kept = [...metadata.values.values()].filter((value) => value === text).length;
    expect(kept).toBe(31);
    expect(metadata.values.size).toBe(keys);
  });

  it("inside arrays are skipped", async () => {
    const bytes = header(2, 0, (sink) => {
      sink.text("nested").u32(GgufType.ARRAY).u32(GgufType.ARRAY).u64(2);
      sink.u32(GgufType.U8).u64(3).u8(1).u8(2).u8(3);
      sink.u32(GgufType.STRING).u64(1).text("in");
      sink.text("last").u32(GgufType.BOOL).u8(1);
    });
    const read = await readGgufHeader(memorySource(bytes));
    expect([...read.metadata.values]).toEqual([
      ["nested", { omitted: true, length: 2 }],
      ["last", true],
    ]);
  });
});

describe("a large vocabulary", () => {
  const model = largeModel(40_000, 60_000);
  const { header: bytes } = writeGguf(model, { types: { "tokenizer.ggml.scores": GgufType.F32 } });

  it("is skipped: numbers are not even asked for", async () => {
    const source = spiedSource(bytes);
    const read = await readGgufHeader(source, { pageBytes: 4096 });
    expect(read.metadata.values.get("tokenizer.ggml.merges")).toEqual({ omitted: true, length: 60_000 });
    expect(read.metadata.tensors).toEqual(model.tensors);
    expect(bytesAsked(source)).toBeLessThan(bytes.length);
    expect(bytesAsked(source)).toBe(read.bytesRead);
  });

  it("costs one page where only the keys are needed", async () => {
    const source = spiedSource(bytes);
    const read = await readGgufHeader(source, { tensors: false });
    expect(source.reads).toEqual([[0, FIRST_PAGE_BYTES]]);
    expect(read).toMatchObject({ stoppedEarly: true, layout: undefined, metadata: { tensors: [] } });
    expect([...read.metadata.values]).toEqual([...model.values].slice(0, 6));
  });

  it("is gone through where a needed key comes behind it", async () => {
    const enough = (values: ReadonlyMap<string, MetadataValue>) => values.has("general.quantization_version");
    const read = await readGgufHeader(memorySource(bytes), { tensors: false, enough });
    expect(read.stoppedEarly).toBe(false);
    expect(read.metadata.values.get("general.quantization_version")).toBe(2);

    const values = new Map([...model.values].filter(([key]) => key !== "gemma4.context_length"));
    const without = await readGgufHeader(memorySource(writeGguf({ values, tensors: [] }).header), { tensors: false });
    expect(without.stoppedEarly).toBe(false);
  });
});

describe("a file that can't be read names its fault", () => {
  it.each<[GgufFault, string, Uint8Array]>([
    ["truncated", "empty", new Uint8Array(0)],
    ["not-gguf", "another format", new TextEncoder().encode("GGML and more of it, as old models had")],
    ["not-gguf", "zeros", new Uint8Array(100)],
    ["version", "version 1", new ByteSink().u32(0x46554747).u32(1).u64(0).u64(0).toBytes()],
    ["version", "version 4", new ByteSink().u32(0x46554747).u32(4).u64(0).u64(0).toBytes()],
    ["version", "version 0", new ByteSink().u32(0x46554747).u32(0).u64(0).u64(0).toBytes()],
    ["big-endian", "a big-endian version", new ByteSink().u32(0x46554747).u32(0x03000000).u64(0).u64(0).toBytes()],
    ["too-large", "2^64 - 1 keys", header(2n ** 64n - 1n, 0)],
    ["too-large", "2^64 - 1 tensors", header(0, 2n ** 64n - 1n)],
    ["truncated", "99,999 tensors and no byte of them", header(0, 99_999)],
    ["truncated", "a key name longer than the file", header(1, 0, (s) => s.u64(60_000).u64(0).u64(0))],
    [
      "too-large",
      "an absurd key name",
      header(1, 0, (s) =>
        s
          .u64(2n ** 63n)
          .u64(0)
          .u64(0),
      ),
    ],
    ["truncated", "an absurd text", oneKey("a", GgufType.STRING, (s) => s.u64(2n ** 64n - 1n))],
    ["truncated", "a text one byte too long", oneKey("a", GgufType.STRING, (s) => s.u64(3).u8(65).u8(66))],
    ["bad-type", "value type 13", oneKey("a", 13 as GgufType, (s) => s.u64(0))],
    ["bad-type", "an array of type 200", oneKey("a", GgufType.ARRAY, (s) => s.u32(200).u64(0))],
    ["too-large", "an array of 2^40", oneKey("a", GgufType.ARRAY, (s) => s.u32(GgufType.U8).u64(2n ** 40n))],
    ["truncated", "an array longer than the file", oneKey("a", GgufType.ARRAY, (s) => s.u32(GgufType.U8).u64(1000))],
    ["truncated", "a million empty texts", oneKey("a", GgufType.ARRAY, (s) => s.u32(GgufType.STRING).u64(1e6))],
    [
      "truncated",
      "a text in an array that leads out of the file",
      oneKey("a", GgufType.ARRAY, (s) =>
        s
          .u32(GgufType.STRING)
          .u64(300)
          .u64(2n ** 62n)
          .pad(8192),
      ),
    ],
    [
      "too-large",
      "arrays in arrays in arrays ...",
      oneKey("a", GgufType.ARRAY, (s) => {
        for (let i = 0; i < 10; i++) s.u32(GgufType.ARRAY).u64(1);
        s.u32(GgufType.U8).u64(0);
      }),
    ],
    [
      "too-large",
      "very many arrays in an array",
      oneKey("a", GgufType.ARRAY, (s) => {
        s.u32(GgufType.ARRAY).u64(10_001);
        for (let i = 0; i < 10_001; i++) s.u32(GgufType.U8).u64(0);
      }),
    ],
    [
      "duplicate",
      "the same key twice",
      header(2, 0, (s) => s.text("a").u32(GgufType.BOOL).u8(1).text("a").u32(GgufType.BOOL).u8(0)),
    ],
    [
      "duplicate",
      "the same tensor twice",
      header(0, 2, (s) => s.text("t").u32(0).u32(0).u64(0).text("t").u32(0).u32(0).u64(32)),
    ],
    ["too-large", "an absurd tensor name", header(0, 1, (s) => s.u64(1000).pad(2048))],
    ["bad-shape", "5 dimensions", oneTensor("t", [1, 1, 1, 1, 1], 0, 0)],
    ["bad-shape", "2^32 - 1 dimensions", header(0, 1, (s) => s.text("t").u32(0xffffffff).pad(128))],
    ["bad-shape", "a dimension of zero", oneTensor("t", [32, 0], 0, 0)],
    ["bad-shape", "a dimension of zero of a type we don't know", oneTensor("t", [0, 5], 99, 0)],
    ["bad-shape", "a product that overflows 64 bits", oneTensor("t", [2n ** 32n, 2n ** 32n], 0, 0)],
    ["bad-shape", "a dimension of 2^64 - 1", oneTensor("t", [2n ** 64n - 1n], 99, 0)],
    ["bad-shape", "bytes beyond 2^53", oneTensor("t", [2n ** 52n], 0, 0)],
    ["bad-shape", "a row that is no whole number of blocks", oneTensor("t", [100], 12, 0)],
    ["bad-offset", "an offset that is not aligned", oneTensor("t", [32], 0, 16)],
    ["bad-offset", "an offset of 2^64 - 32", oneTensor("t", [32], 0, 2n ** 64n - 32n)],
    ["bad-offset", "an end beyond 2^53", oneTensor("t", [2n ** 50n], 0, 2n ** 53n - 32n)],
    ...[0, 48, -32, 0.5].map((alignment): [GgufFault, string, Uint8Array] => [
      "bad-alignment",
      `an alignment of ${alignment}`,
      writeGguf({ values: new Map([["general.alignment", alignment]]), tensors: [] }).header,
    ]),
    [
      "bad-alignment",
      "an alignment that is a text",
      writeGguf({ values: new Map([["general.alignment", "32"]]), tensors: [] }).header,
    ],
    ...[
      [5, 3],
      [-1, 3],
      ["one", 3],
      [0, "many"],
    ].map(([no, count]): [GgufFault, string, Uint8Array] => [
      "split",
      `part ${no} of ${count}`,
      writeGguf({
        values: new Map([
          ["split.no", no!],
          ["split.count", count!],
        ]),
        tensors: [],
      }).header,
    ]),
  ])("%s: %s", async (fault, _, bytes) => {
    expect(await faultOf(bytes)).toBe(fault);
    const unknownSize = spiedSource(bytes, false);
    expect(await faultOf(unknownSize)).toBe(fault);
    expect(unknownSize.reads.length).toBeLessThanOrEqual(3);
  });

  it("cut off at any byte of the header: truncated", async () => {
    for (let length = 0; length < small.headerBytes; length++) {
      const cut = small.header.subarray(0, length);
      expect(await faultOf(cut), `${length} bytes`).toBe("truncated");
      expect(await faultOf(spiedSource(cut, false)), `${length} bytes, size not known`).toBe("truncated");
    }
    for (let length = small.headerBytes; length <= small.header.length; length++)
      expect((await readGgufHeader(memorySource(small.header.subarray(0, length)))).tensorCount).toBe(5);
  });

  it("cut off inside a value that was skipped last", async () => {
    const bytes = oneKey("tokenizer.x", GgufType.ARRAY, (s) => s.u32(GgufType.U8).u64(100_000));
    const almost = new Uint8Array(bytes.length + 99_999);
    almost.set(bytes);
    expect(await faultOf(spiedSource(almost, false), { pageBytes: 64 })).toBe("truncated");
    const whole = new Uint8Array(bytes.length + 100_000);
    whole.set(bytes);
    expect((await readGgufHeader(spiedSource(whole, false), { pageBytes: 64 })).keyCount).toBe(1);
  });
});

describe("any input", () => {
  /** Reads with all checks: a sound answer or a GgufError, and never more bytes than the file has. */
  async function readsOrRefuses(bytes: Uint8Array, pageBytes: number, knowsSize: boolean): Promise<void> {
    const source = spiedSource(bytes, knowsSize);
    try {
      const { metadata, layout, bytesRead } = await readGgufHeader(source, { pageBytes });
      expect(metadata.tensors.length).toBeLessThanOrEqual(bytes.length / 24);
      expect(layout?.tensorOffsets.every(Number.isSafeInteger)).toBe(true);
      expect(metadata.tensors.every(({ shape }) => shape.every((n) => Number.isSafeInteger(n) && n > 0))).toBe(true);
      expect(bytesRead).toBeLessThanOrEqual(bytes.length);
    } catch (error) {
      if (!(error instanceof GgufError)) throw error;
      expect(error.fault).not.toBe("read-failed");
    }
    if (knowsSize) expect(bytesAsked(source)).toBeLessThanOrEqual(bytes.length);
    const starts = source.reads.map(([offset]) => offset);
    expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
  }

  it("flipped bytes of a sound file", async () => {
    const flips = fc.array(fc.tuple(fc.nat(small.header.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(flips, fc.constantFrom(16, 100, 65_536), fc.boolean(), async (changes, pageBytes, known) => {
        const bytes = small.header.slice();
        for (const [at, value] of changes) bytes[at] = value;
        await readsOrRefuses(bytes, pageBytes, known);
      }),
      { numRuns: 3000 },
    );
  });

  it("absurd 64-bit numbers anywhere in a sound file", async () => {
    const absurd = fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 40n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n);
    await fc.assert(
      fc.asyncProperty(fc.nat(small.header.length - 8), absurd, fc.boolean(), async (at, value, known) => {
        const bytes = small.header.slice();
        new DataView(bytes.buffer).setBigUint64(at, value, true);
        await readsOrRefuses(bytes, 256, known);
      }),
      { numRuns: 2000 },
    );
  });

  it("random bytes behind a sound start", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 400 }),
        fc.nat(20),
        fc.nat(20),
        fc.boolean(),
        async (noise, keys, tensors, known) => {
          const start = header(keys, tensors);
          await readsOrRefuses(new Uint8Array([...start, ...noise]), 64, known);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("a boundless file is read up to the cap and no further", async () => {
    const start = oneKey("tokenizer.x", GgufType.ARRAY, (s) => s.u32(GgufType.STRING).u64(16 * 1024 * 1024));
    for (const size of [undefined, 2 ** 50]) {
      let asked = 0;
      const endless: ByteSource = {
        size,
        read: async (offset, length) => {
          asked += length;
          // Every text is 2 MB long, so each one leads to a page of its own.
          const bytes = new Uint8Array(length);
          for (let i = 0; i < length; i++) if ((offset + i) % 8 === (start.length + 2) % 8) bytes[i] = 0x20;
          if (offset === 0) bytes.set(start);
          return bytes;
        },
      };
      expect(await faultOf(endless)).toBe("too-large");
      expect(asked).toBeLessThanOrEqual(MAX_HEADER_BYTES);
      asked = 0;
      expect(await faultOf(endless, { maxBytes: 1_000_000 })).toBe("too-large");
      expect(asked).toBeLessThanOrEqual(1_000_000);
    }
  });

  it("very many keys and tensors are refused by count alone", async () => {
    const zeros: ByteSource = {
      size: 2 ** 50,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length);
        if (offset === 0) bytes.set(header(0, MAX_TENSORS + 1));
        return bytes;
      },
    };
    expect(await faultOf(zeros)).toBe("too-large");
  });
});

describe("a source", () => {
  it("that fails, answers too little, too much or nothing", async () => {
    const answering = (answer: (offset: number, length: number) => Promise<Uint8Array>): ByteSource => ({
      size: small.header.length,
      read: answer,
    });
    expect(await faultOf(answering(() => Promise.reject(new Error("disk on fire"))))).toBe("read-failed");
    expect(await faultOf(answering(async () => new Uint8Array(0)))).toBe("truncated");
    expect(await faultOf(answering(async (offset) => small.header.slice(offset, offset + 1)))).toBe("truncated");
    const generous = answering(async (offset) => small.header.slice(offset));
    expect((await readGgufHeader(generous, { pageBytes: 50 })).metadata.tensors).toEqual(SMALL_MODEL.tensors);
  });

  it("that hangs is left when the signal aborts, whatever the source makes of it", async () => {
    const hanging: ByteSource = { size: 1000, read: () => new Promise(() => {}) };
    const canceling = new AbortController();
    const fault = faultOf(hanging, { signal: canceling.signal });
    canceling.abort();
    expect(await fault).toBe("aborted");
    expect(await faultOf(hanging, { signal: AbortSignal.timeout(5) })).toBe("timeout");
    const source = spiedSource(small.header);
    expect(await faultOf(source, { signal: AbortSignal.abort() })).toBe("aborted");
  });
});
