import { isOmitted, type ModelMetadata, type MetadataValue } from "../metadata";

/** Larger numbers than any real model has are a damaged file. */
const MOST = 2 ** 40;

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

/** The keys of one architecture, checked as they are read; anything unusable throws {@link UnknownShape}. */
export interface Keys {
  readonly architecture: string;
  /** A whole number ≥ 0, or undefined where the key is absent. */
  readonly number: (key: string) => number | undefined;
  readonly required: (key: string) => number;
  /** One value per layer; undefined where the key is absent, "omitted" where the source left the array out. */
  readonly perLayer: (key: string, layers: number) => readonly number[] | "omitted" | undefined;
  readonly has: (key: string) => boolean;
  readonly isOmitted: (key: string) => boolean;
  readonly isArray: (key: string) => boolean;
}

export function keysOf(metadata: ModelMetadata): Keys {
  const architecture = metadata.values.get("general.architecture");
  if (typeof architecture !== "string" || architecture === "") {
    throw new UnknownShape("The metadata names no architecture.");
  }
  const at = (key: string) => metadata.values.get(`${architecture}.${key}`);
  const number = (key: string): number | undefined => {
    const value = at(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length > 0) return Math.max(...value.map((element) => whole(element, key)));
    return whole(value, key);
  };
  return {
    architecture,
    number,
    required: (key) => {
      const value = number(key);
      if (value === undefined) throw new UnknownShape(`The metadata has no ${architecture}.${key}.`);
      return value;
    },
    perLayer: (key, layers) => {
      const value = at(key);
      if (value === undefined) return undefined;
      if (isOmitted(value)) return "omitted";
      if (!Array.isArray(value)) return Array.from({ length: layers }, () => whole(value, key));
      if (value.length < layers)
        throw new UnknownShape(`${architecture}.${key} has ${value.length} values for ${layers} layers.`);
      return value.slice(0, layers).map((element) => whole(element, key));
    },
    has: (key) => at(key) !== undefined,
    isOmitted: (key) => isOmitted(at(key)),
    isArray: (key) => Array.isArray(at(key)),
  };
}

function whole(value: MetadataValue, key: string): number {
  if (isOmitted(value)) throw new UnknownShape(`The source left out the array ${key}.`, true);
  const number = typeof value === "boolean" ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= MOST) return number;
  throw new UnknownShape(`${key} is no usable number.`);
}
