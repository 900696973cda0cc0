import { Cache } from "@raycast/api";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { storedDescription, storeDescription } from "../../src/app/description-store";
import type { MlxModelDescription } from "../../src/fit/facts";
import { described, installed, measured } from "../fit/inputs";
import { desk, resetRaycast } from "../stand-ins/raycast/desk";

const URL = "http://127.0.0.1:11434";
const model = installed(measured("qwen3-8b"));
const cache = new Cache({ namespace: "model-descriptions" });
const key = `${URL} ${model.digest}`;

const MLX: MlxModelDescription = {
  kind: "mlx",
  model: {
    kind: "known",
    shape: {
      modelType: "qwen3",
      layers: [
        { caches: [{ kind: "full", rowBytes: 4096 }], attention: { heads: 32, keySize: 128, valueSize: 128 } },
        { caches: [{ kind: "sliding", rowBytes: 4096, window: 512 }] },
        { caches: [{ kind: "state", bytes: 9 }] },
      ],
      elementBytes: 2,
      trainedContext: 40_960,
    },
    weights: 5_000_000_000,
  },
  cautions: ["A caution."],
  weightsAboveBytes: 0,
};
const { header } = measured("qwen3-8b");
const LLAMA = described({ ...header, tensors: header.tensors.slice(0, 20) });

beforeEach(resetRaycast);

describe.each([
  ["a model that llama.cpp runs", LLAMA],
  ["an MLX model", MLX],
])("the description of %s", (_, description) => {
  it("comes back as it was, for its own digest and server only", () => {
    storeDescription(model, URL, description);
    expect(storedDescription(model, URL)).toEqual(description);
    expect(storedDescription({ ...model, digest: "another" }, URL)).toBeUndefined();
    expect(storedDescription(model, "http://other:11434")).toBeUndefined();
  });

  it("is none where its text is cut at any byte, or has another beginning", () => {
    storeDescription(model, URL, description);
    const text = cache.get(key) ?? "";
    expect(text.length).toBeGreaterThan(100);
    for (let end = 0; end < text.length; end += 1) {
      cache.set(key, text.slice(0, end));
      expect(storedDescription(model, URL), `${end}`).toBeUndefined();
    }
    for (const other of [
      `mlx 0 ${text}`,
      `x${text}`,
      text.replace(/"format":\d+/, '"format":0').replace("mlx 1", "mlx 9"),
    ]) {
      cache.set(key, other);
      expect(storedDescription(model, URL)).toBeUndefined();
    }
  });

  it("costs nothing but time where the store can't be read or written", () => {
    desk.isDiskFull = true;
    expect(() => storeDescription(model, URL, description)).not.toThrow();
    expect(storedDescription(model, URL)).toBeUndefined();
    desk.isDiskFull = false;
    storeDescription(model, URL, description);
    vi.spyOn(desk.caches, "get").mockImplementationOnce(() => {
      throw new Error("EACCES: permission denied");
    });
    expect(storedDescription(model, URL)).toBeUndefined();
  });
});

describe("the stored description of an MLX model", () => {
  it("is none where a part is gone or of another kind", () => {
    storeDescription(model, URL, MLX);
    const text = cache.get(key) ?? "";
    const whole = JSON.parse(text.replace("mlx 1 ", "")) as Record<string, unknown>;
    const others: readonly unknown[] = [undefined, null, -1, "x", {}, [null]];
    for (const part of ["model", "weightsAboveBytes", "cautions", "kind"]) {
      for (const other of others) {
        cache.set(key, `mlx 1 ${JSON.stringify({ ...whole, [part]: other })}`);
        expect(storedDescription(model, URL), `${part} ${JSON.stringify(other)}`).toBeUndefined();
      }
    }
    cache.set(key, text);
    expect(storedDescription(model, URL)).toEqual(MLX);
  });
});
