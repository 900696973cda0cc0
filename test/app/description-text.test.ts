import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelDescription } from "../../src/fit/facts";
import type { MetadataValue } from "../../src/memory/metadata";
import { estimate } from "../../src/memory/estimate";
import { deserializeDescription, serializeDescription } from "../../src/app/description-text";
import { described, oracle } from "../fit/inputs";

const scalar = fc.oneof(
  fc.string(),
  fc.boolean(),
  fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.bigInt(),
);
const value: fc.Arbitrary<MetadataValue> = fc.oneof(
  scalar,
  fc.array(scalar),
  fc.constant<MetadataValue>({ omitted: true }),
  fc.nat().map((length): MetadataValue => ({ omitted: true, length })),
);
const name = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "omitted", "list", "bigint"));
const sizedFiles = fc.array(
  fc.record({ path: fc.string(), bytes: fc.nat() }, { requiredKeys: ["path"], noNullPrototype: true }),
);

const description: fc.Arbitrary<ModelDescription> = fc.record(
  {
    metadata: fc.record(
      {
        values: fc.array(fc.tuple(name, value)).map((entries) => new Map(entries)),
        tensors: fc.array(
          fc.record(
            { name, type: fc.string(), shape: fc.array(fc.nat(), { maxLength: 4 }) },
            { noNullPrototype: true },
          ),
        ),
      },
      { noNullPrototype: true },
    ),
    metadataSource: fc.constantFrom("header" as const, "show" as const, "show-verbose" as const),
    parameters: fc.record(
      { numCtx: fc.integer(), unreadable: fc.array(fc.string()) },
      { requiredKeys: ["unreadable"], noNullPrototype: true },
    ),
    capabilities: fc.array(fc.string()),
    projectors: sizedFiles,
    adapters: sizedFiles,
    drafts: fc.array(fc.string()),
    parentModel: fc.string(),
    weightsFile: fc.string(),
    fileBytes: fc.nat(),
    requires: fc.string(),
  },
  {
    requiredKeys: ["metadata", "metadataSource", "parameters", "capabilities", "projectors", "adapters", "drafts"],
    noNullPrototype: true,
  },
);

describe("a stored description", () => {
  it("comes back as it was, all kinds of numbers included", () => {
    fc.assert(
      fc.property(description, (original) => {
        expect(deserializeDescription(serializeDescription(original))).toEqual(original);
      }),
    );
  });

  it("gives the same memory for every measured model", () => {
    const settings = {
      numCtx: 8192,
      parallel: 2,
      kvCacheType: "f16",
      flashAttention: "auto",
      batch: 512,
      runtime: "b10488",
    } as const;
    for (const { header } of oracle) {
      const back = deserializeDescription(serializeDescription(described(header)));
      expect(back && estimate(back.metadata, settings)).toEqual(estimate(header, settings));
    }
  });

  it("leaves the Modelfile behind, whose licence is long", () => {
    const text = serializeDescription({ ...described({ values: new Map(), tensors: [] }), modelfile: "FROM /secret" });
    expect(text).not.toContain("secret");
    expect(deserializeDescription(text)).not.toHaveProperty("modelfile");
  });

  it.each(["", "null", "5", "[]", "{}", '{"format":0}', '{"format":1}', '{"format":1,"metadata":null}', "not JSON"])(
    "is none in %j",
    (text) => expect(deserializeDescription(text)).toBeUndefined(),
  );

  it("of another format is read anew", () => {
    const text = serializeDescription(described({ values: new Map(), tensors: [] }));
    expect(deserializeDescription(text)).toBeDefined();
    expect(deserializeDescription(text.replace(/"format":\d+/, '"format":0'))).toBeUndefined();
  });

  it("cut at any byte is none", () => {
    fc.assert(
      fc.property(description, (original) => {
        const text = serializeDescription(original);
        for (let end = 0; end < text.length; end += 1)
          expect(deserializeDescription(text.slice(0, end))).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });

  it("that lacks a part, or has another in its place, is none", () => {
    const [first] = fc.sample(
      description.filter(({ projectors, adapters }) => projectors.length > 0 && adapters.length > 0),
      { numRuns: 1, seed: 1 },
    );
    const [head = "", metadata = ""] = serializeDescription(first as ModelDescription).split("\n");
    const changed = (line: string, part: string, other: unknown) =>
      JSON.stringify({ ...(JSON.parse(line) as object), [part]: other });
    const others = [undefined, null, 5, "x", {}, [{}], [null]];
    expect(deserializeDescription(`${head}\n${metadata}`)).toBeDefined();
    for (const part of ["metadataSource", "parameters", "capabilities", "projectors", "adapters", "drafts"]) {
      for (const other of others) {
        const text = changed(head, part, other);
        expect(deserializeDescription(`${text}\n${metadata}`), text).toBeUndefined();
      }
    }
    for (const part of ["parentModel", "weightsFile", "requires", "weightBytes", "damage"]) {
      const text = changed(head, part, { not: "a text" });
      expect(deserializeDescription(`${text}\n${metadata}`), part).toBeUndefined();
    }
    for (const part of ["values", "tensors"]) {
      for (const other of others) {
        const text = changed(metadata, part, other);
        expect(deserializeDescription(`${head}\n${text}`), text).toBeUndefined();
      }
    }
  });

  it("that names a kind of tensor that is not there is none", () => {
    const tensors = [{ name: "a", type: "F32", shape: [4] }];
    const text = serializeDescription(described({ values: new Map(), tensors }));
    expect(deserializeDescription(text)?.metadata.tensors).toEqual(tensors);
    expect(deserializeDescription(text.replace('["a",0]', '["a",3]'))).toBeUndefined();
  });

  it("shares its metadata with the others that run the same file", () => {
    const of = (header: ModelDescription["metadata"], more: Partial<ModelDescription> = {}) =>
      deserializeDescription(serializeDescription({ ...described(header), ...more }));
    const [one, other] = oracle;
    if (one === undefined || other === undefined) throw new Error("There's no oracle.");
    const first = of(one.header);
    const capped = of(one.header, { parameters: { numCtx: 4096, unreadable: [] } });
    expect(capped?.parameters.numCtx).toBe(4096);
    expect(capped?.metadata).toBe(first?.metadata);
    expect(of(other.header)?.metadata).not.toBe(first?.metadata);
  });
});
