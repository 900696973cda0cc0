import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePlan } from "../../../src/fit/plan/make-plan";
import { GIB } from "../../../src/fit/units";
import { judge } from "../../../src/fit/verdict";
import { tooltipText } from "../../../src/fit/verdict-text";
import { UnknownMlxModel } from "../../../src/memory/mlx/config";
import { estimateMlx, openMlxModel } from "../../../src/memory/mlx/estimate";
import { headerLength, parseHeader } from "../../../src/memory/mlx/safetensors-header";
import { readMlxManifest } from "../../../src/ollama/mlx-manifest";
import { readSafetensorsFolder } from "../../../src/ollama/safetensors-folder";
import { limitOf } from "../../fit/inputs";
import { mlxPlanFor } from "../../fit/mlx-plan";
import { safetensorsHeader, writeMlxFolder } from "./folder";
import { ALL_MLX_TYPES, mlxModelOfType } from "./type-folders";

/** What a number, a list or a text may have been replaced by; JSON reads 1e999 as infinite. */
const HOSTILE = ['"8"', "null", "true", "[]", "{}", "[1e999]", "-1", "0", "0.5", "1e9", "9007199254740993", "1e999"];
const SENTENCE = /^[A-Z].*\.$/;

type Json = Record<string, unknown>;

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "hostile-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** The config with one value replaced, at its top and inside its language model; as text, for what JSON can't write. */
function* damaged(config: Json): Generator<Json> {
  const inner = ["text_config", "llm_config"].find((key) => typeof config[key] === "object" && config[key] !== null);
  for (const [outer, part] of inner === undefined
    ? [[undefined, config] as const]
    : [[undefined, config] as const, [inner, config[inner] as Json] as const]) {
    for (const key of Object.keys(part)) {
      for (const value of HOSTILE) {
        const changed = { ...part, [key]: JSON.parse(value) as unknown };
        yield outer === undefined ? changed : { ...config, [outer]: changed };
      }
    }
  }
}

describe.each(ALL_MLX_TYPES)("a damaged %s", (type) => {
  const files = mlxModelOfType(type);

  it("with any value of its config replaced is Unknown with words, or has sums that are numbers", () => {
    const began = performance.now();
    for (const config of damaged(files.config as Json)) {
      const model = openMlxModel({ ...files, config });
      const sum = model.kind === "known" ? estimateMlx(model, { tokens: 32_768 }) : model;
      if (sum.kind === "unknown") expect(sum.reason).toMatch(SENTENCE);
      else {
        expect(Number.isSafeInteger(sum.high)).toBe(true);
        expect(sum.low <= sum.total && sum.total <= sum.high).toBe(true);
      }
    }
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it("is judged and planned without a NaN on screen", () => {
    // One damaged value in so many is planned: a plan judges a model hundreds of times.
    let count = 0;
    for (const config of damaged(files.config as Json)) {
      const model = openMlxModel({ ...files, config });
      count += 1;
      if (model.kind === "unknown" || count % 61 !== 0) continue;
      const planned = mlxPlanFor(32, { limit: limitOf(24 * GIB) });
      const description = { kind: "mlx", model, cautions: [], weightsAboveBytes: 0 } as const;
      const input = { ...planned.input, description };
      const plan = makePlan({ ...planned, input });
      const words = [
        tooltipText(judge(input)),
        ...(plan.kind === "options" ? plan.options.map((one) => one.sentence) : []),
      ];
      expect(words.join("\n")).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it("whose header is cut at any byte, or has sizes that are none, says so", () => {
    const header = safetensorsHeader(files.tensors.slice(0, 4));
    for (let end = 0; end < header.length; end += 1) expect(reasonOf(header.subarray(0, end))).toContain("cut off");
    for (const size of ["1e999", "-1", "9007199254740993", '"1"', "null", "0.5"]) {
      const text = Buffer.from(`{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,${size}]}}`);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(text.length));
      expect(reasonOf(Buffer.concat([length, text]))).toContain("damaged");
    }
  });
});

function reasonOf(bytes: Uint8Array): string {
  try {
    const length = headerLength(bytes.subarray(0, 8));
    parseHeader(bytes.subarray(8, 8 + length), length);
    return "read";
  } catch (error) {
    if (!(error instanceof UnknownMlxModel)) throw error;
    return error.message;
  }
}

it("a folder whose header or config.json is cut at any byte is Unknown with words", async () => {
  const { config, tensors } = mlxModelOfType("llama");
  const files = { config, tensors: tensors.slice(0, 3) };
  const folder = join(home, "cut");
  await writeMlxFolder(folder, files);
  for (const [name, whole] of [
    ["model.safetensors", safetensorsHeader(files.tensors)],
    ["config.json", Buffer.from(JSON.stringify(config))],
  ] as const) {
    for (let end = 0; end < whole.length; end += 1) {
      await writeFile(join(folder, name), whole.subarray(0, end));
      const reading = await readSafetensorsFolder(folder);
      if (reading.kind === "read") throw new Error(`${name} of ${end} bytes was read`);
      expect(reading.reason).toMatch(SENTENCE);
    }
    await writeFile(join(folder, name), whole);
  }
  expect((await readSafetensorsFolder(folder)).kind).toBe("read");
}, 60_000);

it("a manifest with absurd layers is Unknown with words, or its sum is", async () => {
  const { tensors } = mlxModelOfType("llama");
  const path = join(home, "models", "manifests", "registry.ollama.ai", "library", "small", "latest");
  await writeMlxFolder(join(home, "models", "manifests", "registry.ollama.ai", "library", "small"), {
    config: {},
    tensors,
  });
  const layer = (size: string) =>
    `{"mediaType":"application/vnd.ollama.image.tensor","digest":"sha256:${"0".repeat(64)}","size":${size},"name":"a"}`;
  for (const size of ["1e999", "-1", '"9"', "null", "0.5", "9007199254740993", "{}"]) {
    await writeFile(path, `{"schemaVersion":2,"layers":[${layer(size)}]}`);
    const reading = await readMlxManifest("small", [join(home, "models")]);
    const model = reading.kind === "read" ? openMlxModel(reading.files) : reading;
    expect(model.kind === "unknown" && model.reason).toMatch(SENTENCE);
  }
});
