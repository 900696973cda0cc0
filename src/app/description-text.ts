import { isAbsentOr, isListOf, isOneOf, isShape, isText, isWhole } from "../apply/stored-fields";
import type { ModelBackup, ModelDescription, ModelParameters, SideFile } from "../fit/facts";
import type { MetadataValue, ModelMetadata, TensorInfo } from "../memory/metadata";
import { sharedMetadata, sharedTensors } from "../ollama/shared-metadata";

/** Changes when the text below does: older entries are then read again. */
const FORMAT = 6;

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

const isNumber = (value: unknown): value is number => typeof value === "number";

const isParameters = isShape<ModelParameters>({
  numCtx: isAbsentOr(isNumber),
  numGpu: isAbsentOr(isNumber),
  numBatch: isAbsentOr(isNumber),
  draftNumPredict: isAbsentOr(isNumber),
  unreadable: isListOf(isText),
});

const isFile = isShape<SideFile>({ path: isText, bytes: isAbsentOr(isWhole), fileBytes: isAbsentOr(isWhole) });

/** A build that nothing runs any more, as it's stored. */
export const isBackup = isShape<ModelBackup>({
  digest: isText,
  sizeBytes: isAbsentOr(isWhole),
  blob: isAbsentOr(isText),
});

/** All that isn't metadata; of the Modelfile nothing is kept. */
const isRest = isShape<Omit<ModelDescription, "metadata" | "modelfile">>({
  metadataSource: isOneOf<ModelDescription["metadataSource"]>({ header: true, show: true, "show-verbose": true }),
  parameters: isParameters,
  capabilities: isListOf(isText),
  parentModel: isAbsentOr(isText),
  weightsFile: isAbsentOr(isText),
  fileBytes: isAbsentOr(isWhole),
  backup: isAbsentOr(isBackup),
  requires: isAbsentOr(isText),
  weightBytes: isAbsentOr(isWhole),
  projectors: isListOf(isFile),
  damage: isAbsentOr(isText),
  adapters: isListOf(isFile),
  drafts: isListOf(isText),
});

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
