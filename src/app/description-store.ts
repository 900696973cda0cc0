import { Cache } from "@raycast/api";
import { isAbsentOr, isFlag, isListOf, isOneOf, isShape, isText, isWhole } from "../apply/stored-fields";
import type { InstalledModel, MlxModelDescription, ModelDescription } from "../fit/facts";
import type { MlxModel } from "../memory/mlx/estimate";
import type { AttentionShape, LayerCache, LayerShape, MlxShape } from "../memory/mlx/shape";
import { deserializeDescription, serializeDescription } from "../ollama/description-cache";

/** Descriptions take 20 to 80 KB each; Raycast's default of 10 MB would push the first of 200 models out again. */
const CAPACITY = 64 * 1024 * 1024;

let cache: Cache | undefined;

function store(): Cache {
  cache ??= new Cache({ namespace: "model-descriptions", capacity: CAPACITY });
  return cache;
}

/** A description belongs to a manifest: the digest changes with anything that could change the sum. */
function keyOf(model: InstalledModel, url: string): string {
  return `${url} ${model.digest}`;
}

/** The description read earlier for this very digest; undefined where there's none or it isn't whole. Never throws. */
export function storedDescription(
  model: InstalledModel,
  url: string,
): ModelDescription | MlxModelDescription | undefined {
  try {
    const text = store().get(keyOf(model, url));
    if (text === undefined) return undefined;
    return text.startsWith(MLX) ? deserializeMlx(text.slice(MLX.length)) : deserializeDescription(text);
  } catch {
    return undefined;
  }
}

/** Keeps a description. Where that fails, it's read again at the next opening: nothing else is lost. */
export function storeDescription(
  model: InstalledModel,
  url: string,
  description: ModelDescription | MlxModelDescription,
): void {
  try {
    const text = "kind" in description ? MLX + JSON.stringify(description) : serializeDescription(description);
    store().set(keyOf(model, url), text);
  } catch {
    // A full disk, for example.
  }
}

/** Begins what is kept of an MLX model. Its number changes with the shape of these, or with how they're read. */
const MLX = "mlx 1 ";

/** What is kept of an MLX model; undefined where a field is missing or makes no sense. */
function deserializeMlx(text: string): MlxModelDescription | undefined {
  const value: unknown = JSON.parse(text);
  return isDescription(value) ? value : undefined;
}

const CACHE_FIELDS = {
  full: isShape<Extract<LayerCache, { kind: "full" }>>({ kind: isOneOf({ full: true }), rowBytes: isWhole }),
  sliding: isShape<Extract<LayerCache, { kind: "sliding" }>>({
    kind: isOneOf({ sliding: true }),
    rowBytes: isWhole,
    window: isWhole,
  }),
  state: isShape<Extract<LayerCache, { kind: "state" }>>({ kind: isOneOf({ state: true }), bytes: isWhole }),
};

const isCache = (value: unknown): value is LayerCache => Object.values(CACHE_FIELDS).some((check) => check(value));

const isLayer = isShape<LayerShape>({
  caches: isListOf(isCache),
  attention: isAbsentOr(
    isShape<AttentionShape>({
      heads: isWhole,
      keySize: isWhole,
      valueSize: isWhole,
      unfolded: isAbsentOr(isWhole),
      hasPositionScores: isAbsentOr(isFlag),
      window: isAbsentOr(isWhole),
    }),
  ),
});

const isDescription = isShape<MlxModelDescription>({
  kind: isOneOf({ mlx: true }),
  model: isShape<MlxModel>({
    kind: isOneOf({ known: true }),
    shape: isShape<MlxShape>({
      modelType: isText,
      layers: isListOf(isLayer),
      elementBytes: isWhole,
      trainedContext: isAbsentOr(isWhole),
    }),
    weights: isWhole,
  }),
  cautions: isListOf(isText),
  weightsAboveBytes: isWhole,
});
