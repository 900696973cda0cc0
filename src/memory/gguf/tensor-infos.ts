import type { TensorInfo } from "../metadata";
import { GgufError } from "./gguf-error";
import { shownName } from "../shown-name";
import type { HeaderCursor } from "./header-cursor";
import { MAX_DIMENSIONS, MAX_TENSOR_NAME_BYTES } from "./limits";
import { tensorBytes, tensorType, tensorTypeName } from "./tensor-types";

export interface TensorInfos {
  readonly tensors: readonly TensorInfo[];
  /** Where each tensor starts, in bytes from the start of the tensor data. */
  readonly offsets: readonly number[];
  /** End of the last tensor, in bytes from the start of the tensor data; tensors of an unknown type count as empty. */
  readonly dataBytes: number;
}

/**
 * Reads `count` tensor infos.
 *
 * @throws GgufError "too-large", "bad-shape", "bad-offset", "duplicate", "truncated", or what the source throws
 */
export async function readTensorInfos(cursor: HeaderCursor, count: number, alignment: number): Promise<TensorInfos> {
  const tensors: TensorInfo[] = [];
  const offsets: number[] = [];
  const names = new Set<string>();
  let dataBytes = 0;

  for (let i = 0; i < count; i++) {
    await cursor.require(8);
    const nameBytes = cursor.count();
    if (nameBytes > MAX_TENSOR_NAME_BYTES)
      throw new GgufError("too-large", `The name of tensor ${i + 1} claims ${nameBytes} bytes.`);
    await cursor.require(nameBytes + 4);
    const name = cursor.text(nameBytes);
    if (names.has(name)) throw new GgufError("duplicate", `The file has two tensors named ${shownName(name)}.`);
    names.add(name);

    const dimensions = cursor.u32();
    if (dimensions > MAX_DIMENSIONS)
      throw new GgufError("bad-shape", `The tensor ${shownName(name)} claims ${dimensions} dimensions.`);
    await cursor.require(dimensions * 8 + 12);
    const shape: number[] = [];
    for (let d = 0; d < dimensions; d++) shape.push(cursor.count());
    const type = tensorTypeName(cursor.u32());
    checkShape(name, type, shape);

    const offset = cursor.count();
    if (!Number.isSafeInteger(offset) || offset % alignment !== 0)
      throw new GgufError("bad-offset", `The tensor ${shownName(name)} claims to start at byte ${offset} of the data.`);
    const end = offset + (tensorBytes(type, shape) ?? 0);
    if (!Number.isSafeInteger(end))
      throw new GgufError("bad-offset", `The tensor ${shownName(name)} claims to end at byte ${end} of the data.`);

    tensors.push({ name, type, shape });
    offsets.push(offset);
    dataBytes = Math.max(dataBytes, end);
  }
  return { tensors, offsets, dataBytes };
}

function checkShape(name: string, type: string, shape: readonly number[]): void {
  const elements = shape.reduce((product, dimension) => product * dimension, 1);
  // A type we don't know has no size we could check; its elements must still be countable.
  const sound = tensorType(type) ? tensorBytes(type, shape) !== undefined : Number.isSafeInteger(elements);
  if (!sound || elements === 0)
    throw new GgufError(
      "bad-shape",
      `The tensor ${shownName(name)} claims the impossible shape ${shape.join(" × ")} of type ${type}.`,
    );
}
