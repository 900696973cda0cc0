import type { ModelDescription } from "../fit/facts";
import type { MetadataValue, ModelMetadata, TensorInfo } from "../memory/metadata";
import { sharedMetadata, sharedTensors } from "./shared-metadata";

/** Changes when the text below does: older entries are then read again. */
const FORMAT = 4;

const DAMAGED = new TypeError("damaged");

/**
 * A description as two lines for the cache: all but the metadata, and the metadata, which is the same text for models that
 * run the same file. Tensors of equal type and shape share one entry.
 */
export function serializeDescription(description: ModelDescription): string {
  const { metadata } = description;
  const kinds: [string, readonly number[]][] = [];
  const indexOf = new Map<string, number>();
  const tensors = metadata.tensors.map(({ name, type, shape }) => {
    const key = `${type} ${shape.join()}`;
    let index = indexOf.get(key);
    if (index === undefined) {
      index = kinds.push([type, shape]) - 1;
      indexOf.set(key, index);
    }
    return [name, index];
  });
  const values = [...metadata.values].map(([key, value]) => [key, pack(value)]);
  const rest = { format: FORMAT, ...description, metadata: undefined, modelfile: undefined };
  return `${JSON.stringify(rest)}\n${JSON.stringify({ values, kinds, tensors })}`;
}

/** The description behind a text of {@link serializeDescription}; undefined for any other text. */
export function deserializeDescription(text: string): ModelDescription | undefined {
  try {
    const end = text.indexOf("\n");
    const { format, ...rest } = JSON.parse(text.slice(0, end));
    if (format !== FORMAT || !isRest(rest)) return undefined;
    return { ...rest, metadata: sharedMetadata(text.slice(end + 1), unpackMetadata) };
  } catch {
    return undefined;
  }
}

function unpackMetadata(text: string): ModelMetadata {
  const { values, kinds, tensors } = JSON.parse(text);
  const unpacked: TensorInfo[] = tensors.map(([name, index]: [string, number]) => {
    const [type, shape] = kinds[index];
    if (![name, type].every((each) => typeof each === "string") || !shape.every(Number.isSafeInteger)) throw DAMAGED;
    return { name, type, shape };
  });
  return {
    values: new Map<string, MetadataValue>(values.map(([key, value]: [string, unknown]) => [key, unpack(value)])),
    tensors: sharedTensors(unpacked),
  };
}

/** Whether all that isn't metadata is there, as screens and sums read it. */
function isRest(value: Readonly<Record<string, unknown>>): value is Omit<ModelDescription, "metadata"> & typeof value {
  const rest = value as { readonly [K in keyof ModelDescription]?: unknown };
  const isText = (each: unknown) => typeof each === "string";
  const isTextOrAbsent = (each: unknown) => each === undefined || isText(each);
  const isSizeOrAbsent = (each: unknown) => each === undefined || (Number.isSafeInteger(each) && Number(each) >= 0);
  const isListOf = (list: unknown, check: (each: unknown) => boolean) => Array.isArray(list) && list.every(check);
  const { unreadable, ...numbers } = Object(rest.parameters) as Record<string, unknown>;
  return (
    ["header", "show", "show-verbose"].includes(String(rest.metadataSource)) &&
    isListOf(unreadable, isText) &&
    Object.values(numbers).every((each) => typeof each === "number") &&
    [rest.capabilities, rest.drafts].every((list) => isListOf(list, isText)) &&
    [rest.projectors, rest.adapters].every((list) =>
      isListOf(list, (each) => isText(Object(each).path) && isSizeOrAbsent(Object(each).bytes)),
    ) &&
    [rest.parentModel, rest.weightsFile, rest.requires, rest.damage].every(isTextOrAbsent) &&
    isSizeOrAbsent(rest.weightBytes)
  );
}

/** JSON has no bigint and no infinities; both are marked. */
function pack(value: MetadataValue): unknown {
  if (typeof value === "bigint") return { bigint: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  return Array.isArray(value) ? { list: value.map(pack) } : value;
}

function unpack(value: unknown): MetadataValue {
  if (typeof value !== "object" || value === null) return value as MetadataValue;
  if ("bigint" in value) return BigInt(value.bigint as string);
  if ("number" in value) return Number(value.number);
  if ("list" in value) return (value.list as unknown[]).map(unpack) as MetadataValue;
  return value as MetadataValue;
}
