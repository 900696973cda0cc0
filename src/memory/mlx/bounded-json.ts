import { partsIn } from "../json-object";

/** JSON out of a file that may be hostile: undefined where it is none, or would become more than `mostParts` values. */
export function parseBoundedJson(bytes: Uint8Array, mostParts: number): { readonly json: unknown } | undefined {
  if (partsIn(bytes) > mostParts) return undefined;
  try {
    return { json: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}
