import { UnknownShape } from "./keys";
import type { ModelFile } from "./model-file";
import type { HeadSizes, SlidingLayers, SlidingRule } from "./shape";

const PATTERN = "attention.sliding_window_pattern";

/** Sliding (or chunked) layers of a model; undefined where all layers keep the whole context (llama.cpp load_hparams). */
export function slidingLayers(file: ModelFile, sizes: HeadSizes): SlidingLayers | undefined {
  const { rule, keys } = file;
  const { sliding } = rule;
  if (sliding === undefined) return undefined;
  const key = keys.number("attention.sliding_window");
  if (!isSliding(sliding, key, file.layerCount)) return undefined;
  const window = sliding.fixed ?? key ?? sliding.fallback;
  if (window === undefined) throw new UnknownShape("The metadata has no attention.sliding_window.");
  if (window === 0) throw new UnknownShape("attention.sliding_window is 0.");
  const omitted = keys.isOmitted(PATTERN);
  return {
    window,
    slides: omitted ? flagsWithoutArray(file, sliding, sizes) : flagsOfKeys(file, sliding),
    assumed: omitted && sliding.shownByKeyNorm !== true,
  };
}

function isSliding(sliding: SlidingRule, key: number | undefined, layers: number): boolean {
  switch (sliding.when) {
    case "always":
      return true;
    case "window-set":
      return key !== undefined && key > 0;
    case "window-not-zero":
      return key !== 0;
    case "64-layers":
      return layers === 64;
  }
}

/** An array of the file has a flag for each layer, a number is the period. */
function flagsOfKeys({ keys, blockCount, layerCount }: ModelFile, sliding: SlidingRule): readonly boolean[] {
  const flags = keys.isArray(PATTERN) ? keys.perLayer(PATTERN, blockCount, layerCount) : undefined;
  if (Array.isArray(flags)) return flags.slice(0, layerCount).map((flag) => flag !== 0);
  if (sliding.order === "array") throw new UnknownShape("The metadata doesn't say which layers slide.");
  return byPeriod(sliding.order, keys.number(PATTERN) ?? sliding.period ?? 0, layerCount);
}

function flagsWithoutArray(
  { tensor, layerCount }: ModelFile,
  sliding: SlidingRule,
  { keyLength, slidingKeyLength }: HeadSizes,
): readonly boolean[] {
  if (sliding.shownByKeyNorm && keyLength !== slidingKeyLength) {
    return Array.from({ length: layerCount }, (_, layer) => {
      const norm = tensor(layer, "attn_k_norm")?.[0] ?? tensor(layer, "attn_q_norm")?.[0];
      if (norm === undefined) throw new UnknownShape("It isn't known which layers slide.", true);
      return norm !== keyLength;
    });
  }
  if (sliding.order === "array") {
    throw new UnknownShape("The source left out the array that says which layers slide.", true);
  }
  return byPeriod(sliding.order, sliding.period ?? 0, layerCount);
}

function byPeriod(order: "last-full" | "first-full" | "all", period: number, layers: number): readonly boolean[] {
  return Array.from({ length: layers }, (_, layer) => {
    if (period === 0 || order === "all") return true;
    return order === "first-full" ? layer % period !== 0 : layer % period < period - 1;
  });
}
