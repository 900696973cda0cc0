const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);
const WANTED_BYTES = [..."tokenizer."].map((character) => character.charCodeAt(0));
const NULL = new TextEncoder().encode("null");

/**
 * Lets a verbose `/api/show` through without the values of `tokenizer.…` keys, which are tens of megabytes (a vocabulary
 * and its merges) and decide nothing about memory: each becomes `null`. Works on bytes as they come, keeps none of what it
 * drops, and takes the same time for every input of a length. JSON that's damaged comes out as damaged.
 */
export function dropTokenizer(): TransformStream<Uint8Array, Uint8Array> {
  let inString = false;
  let escaped = false;
  /** Bytes of the string being read that match "tokenizer."; -1 once it can't match any more. */
  let matched = -1;
  let isTokenizerKey = false;
  /** Depth within a value that's being dropped; undefined outside one. */
  let dropping: number | undefined;
  return new TransformStream({
    transform(chunk, controller) {
      const kept = new Uint8Array(chunk.length + NULL.length * (1 + Math.floor(chunk.length / 2)));
      let length = 0;
      for (const byte of chunk) {
        const endsValue = dropping === 0 && !inString && (byte === COMMA || CLOSING.has(byte));
        if (endsValue) {
          dropping = undefined;
          kept.set(NULL, length);
          length += NULL.length;
        }
        if (dropping === undefined) kept[length++] = byte;
        if (inString) {
          if (escaped) escaped = false;
          else if (byte === BACKSLASH) escaped = true;
          else if (byte === QUOTE) inString = false;
          if (inString && matched >= 0 && matched < WANTED_BYTES.length) {
            matched = byte === WANTED_BYTES[matched] ? matched + 1 : -1;
          }
          if (!inString) isTokenizerKey = matched === WANTED_BYTES.length;
        } else if (byte === QUOTE) {
          inString = true;
          matched = 0;
        } else if (dropping !== undefined) {
          if (OPENING.has(byte)) dropping += 1;
          else if (CLOSING.has(byte)) dropping -= 1;
        } else if (byte === COLON) {
          if (isTokenizerKey) dropping = 0;
          isTokenizerKey = false;
        } else if (byte > 0x20) isTokenizerKey = false;
      }
      controller.enqueue(kept.slice(0, length));
    },
  });
}
