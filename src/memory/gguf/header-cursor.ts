import type { ByteSource } from "./byte-source";
import { abortable, GgufError } from "./gguf-error";
import { FIRST_PAGE_BYTES, MAX_PAGE_BYTES } from "./limits";

const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

export interface CursorOptions {
  /** Most bytes to take from the source, all in all. */
  readonly maxBytes: number;
  /** Size of the first read. */
  readonly pageBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * Walks forward through a byte source behind a window that grows from page to page. No byte is asked for twice,
 * and what is skipped beyond the window is not asked for at all. Little-endian.
 *
 * The `u32`, `count` ... getters read at once and need the bytes in the window: await {@link require} first.
 */
export class HeaderCursor {
  /** Bytes that the source gave so far. */
  bytesRead = 0;

  private window: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.window.buffer);
  /** File offset of the window's first byte. */
  private windowOffset = 0;
  /** Where we are in the window; beyond its end after a long skip. */
  private index = 0;
  private nextPageBytes: number;

  constructor(
    private readonly source: ByteSource,
    private readonly options: CursorOptions,
  ) {
    this.nextPageBytes = Math.max(1, options.pageBytes ?? FIRST_PAGE_BYTES);
  }

  /** File offset of the next byte. */
  get position(): number {
    return this.windowOffset + this.index;
  }

  /** Bytes from here to the end of the file; Infinity as long as the size is not known. */
  get remaining(): number {
    return this.source.size === undefined ? Infinity : this.source.size - this.position;
  }

  /** Whether `length` bytes are in the window. */
  has(length: number): boolean {
    return this.index + length <= this.window.length;
  }

  /** Brings the next `length` bytes into the window. Throws "truncated", "too-large" or what the source throws. */
  async require(length: number): Promise<void> {
    if (this.has(length)) return;
    this.checkRemaining(length);
    await this.readPage(length);
    if (!this.has(length)) throw this.truncated(length);
  }

  /** Makes sure that what was skipped last is in the file, where its size did not say so already. */
  async settle(): Promise<void> {
    if (this.index <= this.window.length) return;
    this.index--;
    await this.require(1);
    this.index++;
  }

  /** Throws "truncated" if the file can't hold `length` more bytes. */
  checkRemaining(length: number): void {
    if (length > this.remaining) throw this.truncated(length);
  }

  u8(): number {
    return this.view.getUint8(this.advance(1));
  }
  i8(): number {
    return this.view.getInt8(this.advance(1));
  }
  u16(): number {
    return this.view.getUint16(this.advance(2), true);
  }
  i16(): number {
    return this.view.getInt16(this.advance(2), true);
  }
  u32(): number {
    return this.view.getUint32(this.advance(4), true);
  }
  i32(): number {
    return this.view.getInt32(this.advance(4), true);
  }
  f32(): number {
    return this.view.getFloat32(this.advance(4), true);
  }
  f64(): number {
    return this.view.getFloat64(this.advance(8), true);
  }
  u64(): number | bigint {
    return plainInteger(this.view.getBigUint64(this.advance(8), true));
  }
  i64(): number | bigint {
    return plainInteger(this.view.getBigInt64(this.advance(8), true));
  }

  /** A u64 that counts something; beyond 2^53 it is only roughly right, which every cap refuses anyway. */
  count(): number {
    const at = this.advance(8);
    return this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** `length` bytes in the window as UTF-8; malformed sequences become U+FFFD. */
  text(length: number): string {
    const at = this.advance(length);
    return TEXT.decode(this.window.subarray(at, at + length));
  }

  /** Goes over `length` bytes without reading them. */
  skip(length: number): void {
    this.checkRemaining(length);
    this.index += length;
  }

  /** Goes over `count` strings, reading nothing of them but their lengths. The hot loop of a header. */
  async skipTexts(count: number): Promise<void> {
    let left = count;
    while (left > 0) {
      this.checkRemaining(left * 8);
      await this.require(8);
      const { view } = this;
      const last = this.window.length - 8;
      let index = this.index;
      while (left > 0 && index <= last) {
        index += 8 + view.getUint32(index, true) + view.getUint32(index + 4, true) * 2 ** 32;
        left--;
      }
      this.index = index;
      this.checkRemaining(0);
    }
  }

  private advance(length: number): number {
    const at = this.index;
    this.index += length;
    return at;
  }

  private async readPage(length: number): Promise<void> {
    const { source, options } = this;
    if (!Number.isSafeInteger(this.position)) throw this.truncated(length);
    const tail = this.window.subarray(Math.min(this.index, this.window.length));
    const offset = this.position + tail.length;
    const wanted = Math.max(this.nextPageBytes, length - tail.length);
    const size = Math.min(wanted, (source.size ?? Infinity) - offset, options.maxBytes - this.bytesRead);
    if (size < length - tail.length)
      throw new GgufError(
        "too-large",
        `The model's header is larger than the ${options.maxBytes.toLocaleString("en-US")} bytes that are read of one.`,
      );

    this.nextPageBytes = Math.max(this.nextPageBytes, Math.min(this.nextPageBytes * 2, MAX_PAGE_BYTES));
    const answer = await abortable(source.read(offset, size, options.signal), options.signal, "read-failed");
    const page = answer.subarray(0, size);
    this.bytesRead += page.length;
    this.windowOffset = this.position;
    this.index = 0;
    this.window = tail.length === 0 ? page : joined(tail, page);
    this.view = new DataView(this.window.buffer, this.window.byteOffset, this.window.length);
  }

  private truncated(length: number): GgufError {
    const size = this.source.size;
    const end = size === undefined ? "the file ends before that" : `the file has ${size.toLocaleString("en-US")} bytes`;
    return new GgufError(
      "truncated",
      `The file is cut off or damaged: its header goes on at byte ${shownNumber(this.position)} for at least ` +
        `${shownNumber(length)} bytes, but ${end}.`,
    );
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}

function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function shownNumber(value: number): string {
  return Number.isSafeInteger(value) ? value.toLocaleString("en-US") : value.toExponential(1);
}
