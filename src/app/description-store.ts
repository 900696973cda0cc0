import { isAbsentOr, isFlag, isListOf, isOneOf, isShape, isText, isWhole, parseStored } from "../apply/stored-fields";
import type { InstalledModel, MlxModelDescription, ModelDescription } from "../fit/facts";
import type { MlxModel } from "../memory/mlx/estimate";
import type { AttentionShape, LayerCache, LayerShape, MlxShape } from "../memory/mlx/shape";
import { deserializeDescription, serializeDescription } from "./description-text";
import { textCache } from "./text-cache";

/** Descriptions take 20 to 80 KB each; Raycast's default of 10 MB would push the first of 200 models out again. */
const CAPACITY = 64 * 1024 * 1024;

const cache = textCache({ namespace: "model-descriptions", capacity: CAPACITY });

/** A description belongs to a manifest: the digest changes with anything that could change the sum. */
function keyOf(model: InstalledModel, url: string): string {
  return `${url} ${model.digest}`;
}

/** The description read earlier for this very digest; undefined where there's none or it isn't whole. Never throws. */
export function storedDescription(
  model: InstalledModel,
  url: string,
): ModelDescription | MlxModelDescription | undefined {
  const text = cache.get(keyOf(model, url));
  if (text === undefined) return undefined;
  return text.startsWith(MLX) ? parseStored(text.slice(MLX.length), isDescription) : deserializeDescription(text);
}

/** Keeps a description. Where that fails, it's read again at the next opening: nothing else is lost. */
export function storeDescription(
  model: InstalledModel,
  url: string,
  description: ModelDescription | MlxModelDescription,
): void {
  const text = "kind" in description ? MLX + JSON.stringify(description) : serializeDescription(description);
  cache.set(keyOf(model, url), text);
}

/** Begins what is kept of an MLX model. Its number changes with the shape of these, or with how they're read. */
const MLX = "mlx 1 ";

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
