import type { ByteSource } from "../../../src/memory/gguf/byte-source";

/** The bytes of a file that is in memory already. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}
