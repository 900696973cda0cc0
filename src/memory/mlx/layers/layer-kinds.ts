import { type MlxConfig, UnknownMlxModel } from "../config";

/** What a layer does: attend to every token or to a window, keep a state, both, or neither. */
export type LayerKind = "full" | "sliding" | "state" | "full-and-state" | "none";

/** Where a config says what its layers are; undefined where this one doesn't. */
export type LayerSource =
  /** All the same. */
  | { readonly kind: "every"; readonly layer: LayerKind }
  /** A name for each layer: "full_attention", "mamba" … */
  | { readonly kind: "list"; readonly key: string }
  /** A letter for each layer: "MEM*". */
  | { readonly kind: "letters"; readonly key: string }
  /** Letters over and over: "LLLG". Without them all attend to every token. */
  | { readonly kind: "repeated-letters"; readonly key: string }
  /** The last of each period attends to every token; the period from the first key that is there. */
  | {
      readonly kind: "last-of-period";
      readonly keys: readonly string[];
      readonly period: number;
      readonly others: "sliding" | "state";
      /** The first so many layers have a period of their own. */
      readonly prefix?: { readonly countKey: string; readonly periodKey: string; readonly period: number };
    }
  /** The indices of those that attend to every token. */
  | { readonly kind: "full-at"; readonly key: string }
  /** The numbers, from 1 on, of those that keep a state; in an object of the config. */
  | { readonly kind: "states-at"; readonly object: string; readonly key: string };

/** Names of layers in config.json files (transformers, and nemotron_h's older ones). */
const NAMES: Readonly<Record<string, LayerKind>> = {
  full_attention: "full",
  attention: "full",
  sliding_attention: "sliding",
  linear_attention: "state",
  mamba: "state",
  conv: "state",
  moe: "none",
  mlp: "none",
};

/** nemotron_h: Mamba, attention, experts, feed-forward. exaone4: local, global. */
const LETTERS: Readonly<Record<string, LayerKind>> = {
  M: "state",
  "*": "full",
  E: "none",
  "-": "none",
  L: "sliding",
  G: "full",
};

/** What each layer is, by the first of `sources` that the config has. */
export function layerKinds(config: MlxConfig, sources: readonly LayerSource[]): readonly LayerKind[] {
  for (const source of sources) {
    const kinds = fromSource(config, source);
    if (kinds !== undefined) return kinds;
  }
  throw new UnknownMlxModel("Its config.json doesn't say what its layers are.");
}

function fromSource(config: MlxConfig, source: LayerSource): readonly LayerKind[] | undefined {
  switch (source.kind) {
    case "every":
      return new Array<LayerKind>(config.layers()).fill(source.layer);
    case "list":
      return named(config, source.key, config.texts(source.key), NAMES);
    case "letters":
      return named(config, source.key, lettersOf(config, source.key), LETTERS);
    case "repeated-letters": {
      const letters = named(config, source.key, lettersOf(config, source.key), LETTERS, "any length");
      return letters && everyLayer(config, (layer) => letters[layer % letters.length] ?? "full");
    }
    case "last-of-period": {
      const { prefix, others } = source;
      const key = source.keys.find((name) => config.number(name) !== undefined);
      const period = key === undefined ? source.period : config.positive(key);
      const before = prefix === undefined ? 0 : (config.number(prefix.countKey) ?? 0);
      const first = prefix === undefined ? 1 : config.positive(prefix.periodKey, prefix.period);
      return everyLayer(config, (layer) => {
        const isLast = layer < before ? (layer + 1) % first === 0 : (layer - before + 1) % period === 0;
        return isLast ? "full" : others;
      });
    }
    case "full-at": {
      const full = config.numbers(source.key);
      return full && everyLayer(config, (layer) => (full.includes(layer) ? "full" : "state"));
    }
    case "states-at": {
      const states = config.inside(source.object).numbers(source.key);
      return states && everyLayer(config, (layer) => (states.includes(layer + 1) ? "state" : "full"));
    }
  }
}

function everyLayer(config: MlxConfig, kind: (layer: number) => LayerKind): readonly LayerKind[] {
  return Array.from({ length: config.layers() }, (_, layer) => kind(layer));
}

/** A text of letters; some configs hold it as a list. */
function lettersOf(config: MlxConfig, key: string): readonly string[] | undefined {
  const letters = config.isList(key) ? config.texts(key) : config.text(key);
  return letters === undefined ? undefined : [...letters];
}

function named(
  config: MlxConfig,
  key: string,
  names: readonly string[] | undefined,
  known: Readonly<Record<string, LayerKind>>,
  length: "one for each layer" | "any length" = "one for each layer",
): readonly LayerKind[] | undefined {
  if (names === undefined || names.length === 0) return undefined;
  if (length === "one for each layer" && names.length !== (config.number("num_hidden_layers") ?? names.length)) {
    throw new UnknownMlxModel(`Its config.json has another number of layers than entries in ${key}.`);
  }
  return names.map((name) => {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined)
      throw new UnknownMlxModel(`It has layers this version can't size, by ${key} in its config.json.`);
    return kind;
  });
}
