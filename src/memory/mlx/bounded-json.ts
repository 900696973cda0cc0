/** Bytes that begin a value which takes memory of its own. */
const PART_BYTES: ReadonlySet<number> = new Set([...",[{"].map((character) => character.charCodeAt(0)));

/**
 * JSON out of a file that may be hostile: undefined where it is none, or would become more than `mostParts` values.
 * A few megabytes of brackets would else fill the memory of a command.
 */
export function parseBoundedJson(bytes: Uint8Array, mostParts: number): { readonly json: unknown } | undefined {
  let parts = 0;
  for (const byte of bytes) if (PART_BYTES.has(byte)) parts += 1;
  if (parts > mostParts) return undefined;
  try {
    return { json: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}
