import { isOmitted, type MetadataValue } from "../metadata";
import type { ModelView } from "./ollama-converter";

/** Sizes are 32-bit in every file llama.cpp loads; larger numbers are a damaged file. */
const MOST = 2 ** 32 - 1;

/** Why a model cannot be estimated. */
export class UnknownShape extends Error {
  constructor(
    reason: string,
    /** The source left out an array that decides it: the full metadata would tell. */
    readonly needsArrays = false,
  ) {
    super(reason);
  }
}

/** A per-layer value: one number for each block, or an array whose content the source left out. */
export type PerLayer = readonly number[] | "omitted";

/** The keys of one architecture, checked as they are read; anything unusable throws {@link UnknownShape}. */
export interface Keys {
  /** A whole number ≥ 0, undefined where the key is absent. */
  readonly number: (key: string) => number | undefined;
  readonly required: (key: string) => number;
  /** A whole number > 0. */
  readonly positive: (key: string) => number;
  /** One number for each of `blocks`; an array may leave out those beyond `layers`, which then count as 0. */
  readonly perLayer: (key: string, blocks: number, layers: number) => PerLayer | undefined;
  /** The largest number of a key that may be one number or an array; undefined where it is absent. */
  readonly widest: (key: string) => number | undefined;
  readonly isOmitted: (key: string) => boolean;
  readonly isArray: (key: string) => boolean;
}

/** Typed access to the keys of `view`, named without the architecture's prefix. */
export function keysOf(view: ModelView): Keys {
  const number = (key: string): number | undefined => {
    const value = view.value(key);
    return value === undefined ? undefined : size(value, key);
  };
  const required = (key: string): number => {
    const value = number(key);
    if (value === undefined) throw new UnknownShape(`The metadata has no ${view.architecture}.${key}.`);
    return value;
  };
  return {
    number,
    required,
    positive: (key) => {
      const value = required(key);
      if (value === 0) throw new UnknownShape(`${key} is 0.`);
      return value;
    },
    perLayer: (key, blocks, layers) => {
      const value = view.value(key);
      if (value === undefined) return undefined;
      if (isOmitted(value)) return "omitted";
      if (!Array.isArray(value)) return new Array<number>(blocks).fill(size(value, key));
      if (value.length !== blocks && value.length !== layers) {
        throw new UnknownShape(`${view.architecture}.${key} has ${value.length} values for ${blocks} layers.`);
      }
      return Array.from({ length: blocks }, (_, block) => {
        const element: MetadataValue = value[block] ?? 0;
        return size(typeof element === "boolean" ? Number(element) : element, key);
      });
    },
    widest: (key) => {
      const value = view.value(key);
      if (!Array.isArray(value)) return number(key);
      return value.reduce((most: number, element: MetadataValue) => Math.max(most, size(element, key)), 0);
    },
    isOmitted: (key) => isOmitted(view.value(key)),
    isArray: (key) => Array.isArray(view.value(key)),
  };
}

function size(value: MetadataValue, key: string): number {
  if (isOmitted(value)) throw new UnknownShape(`The source left out the array ${key}.`, true);
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST) return value;
  throw new UnknownShape(`${key} isn't a usable number.`);
}
