import { isObject, type JsonObject } from "../json-object";

/** Why an MLX model cannot be estimated, as a sentence for people. */
export class UnknownMlxModel extends Error {}

/** Far above real models (10^6 heads, rows or tokens of a window are a damaged file), far below what overflows. */
const MOST = 2 ** 32 - 1;
/** Real models have some hundred layers. */
const MOST_LAYERS = 4096;
const MOST_NAME = 100;

/** Where a config.json keeps the keys of its language model, if not at the top. */
const NESTED = ["text_config", "llm_config"] as const;

/** config.json, read key by key; anything unusable throws {@link UnknownMlxModel}. `null` counts as absent. */
export interface MlxConfig {
  /** model_type of the whole. */
  readonly modelType: string;
  /** model_type of the language model, where the config nests one that says it. */
  readonly textType?: string;
  /** num_hidden_layers, or num_layers as older configs call it. */
  readonly layers: () => number;
  /** A whole number ≥ 0; undefined where the key is absent. */
  readonly number: (key: string) => number | undefined;
  /** A whole number > 0, or the fallback where the key is absent; absent without a fallback is unknown. */
  readonly positive: (key: string, fallback?: number) => number;
  readonly flag: (key: string) => boolean;
  readonly text: (key: string) => string | undefined;
  readonly isList: (key: string) => boolean;
  /** A list of texts, or of whole numbers ≥ 0. */
  readonly texts: (key: string) => readonly string[] | undefined;
  readonly numbers: (key: string) => readonly number[] | undefined;
  /** The keys inside an object of the config. */
  readonly inside: (key: string) => MlxConfig;
}

/** Values of keys that a config may leave out. */
export type Defaults = Readonly<Record<string, number>>;

/**
 * The keys of a config.json: those of `text_config` (or `llm_config`) go before those at the top, as in MLX's own code.
 */
export function openConfig(config: unknown, defaults: Defaults = {}): MlxConfig {
  if (!isObject(config)) throw new UnknownMlxModel("Its config.json isn't a JSON object.");
  const nested = NESTED.map((key) => config[key]).find(isObject);
  const own = Object.hasOwn(config, "model_type") ? config["model_type"] : undefined;
  const modelType = own ?? nested?.["model_type"];
  if (typeof modelType !== "string" || modelType === "" || modelType.length > MOST_NAME) {
    throw new UnknownMlxModel("Its config.json names no model_type.");
  }
  const textType = nested?.["model_type"];
  return {
    ...keysOf({ ...config, ...nested }, modelType, defaults),
    textType: typeof textType === "string" && textType !== "" ? textType.slice(0, MOST_NAME) : undefined,
  };
}

function keysOf(config: JsonObject, modelType: string, defaults: Defaults): MlxConfig {
  const value = (key: string): unknown => (Object.hasOwn(config, key) ? config[key] : undefined) ?? defaults[key];
  const number = (key: string): number | undefined => {
    const found = value(key);
    return found === undefined ? undefined : size(found, key);
  };
  const list = <T>(key: string, read: (element: unknown) => T): readonly T[] | undefined => {
    const found = value(key);
    if (found === undefined) return undefined;
    if (!Array.isArray(found) || found.length > MOST_LAYERS) {
      throw unusable(key);
    }
    return found.map(read);
  };
  const text = (element: unknown, key: string): string => {
    if (typeof element === "string" && element.length <= MOST_LAYERS) return element;
    throw unusable(key);
  };
  return {
    modelType,
    layers: () => {
      const layers = number("num_hidden_layers") ?? number("num_layers");
      if (layers === undefined) throw missing("num_hidden_layers");
      if (layers === 0 || layers > MOST_LAYERS) throw unusable("num_hidden_layers");
      return layers;
    },
    number,
    positive: (key, fallback) => {
      const found = number(key) ?? fallback;
      if (found === undefined) throw missing(key);
      if (found === 0) throw unusable(key);
      return found;
    },
    flag: (key) => {
      const found = value(key) ?? false;
      if (typeof found !== "boolean") throw unusable(key);
      return found;
    },
    text: (key) => {
      const found = value(key);
      return found === undefined ? undefined : text(found, key);
    },
    isList: (key) => Array.isArray(value(key)),
    texts: (key) => list(key, (element) => text(element, key)),
    numbers: (key) => list(key, (element) => size(element, key)),
    inside: (key) => {
      const found = value(key);
      if (found === undefined) throw missing(key);
      if (!isObject(found)) throw unusable(key);
      return keysOf(found, modelType, {});
    },
  };
}

const missing = (key: string) => new UnknownMlxModel(`Its config.json has no ${key}.`);
const unusable = (key: string) => new UnknownMlxModel(`Its config.json has no usable ${key}.`);

function size(value: unknown, key: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST) return value;
  throw unusable(key);
}
