/** Random access to the bytes of one file, wherever it lies. */
export interface ByteSource {
  /** Bytes in the file; undefined as long as that is not known (HTTP before the first answer). */
  readonly size: number | undefined;
  /**
   * Up to `length` bytes from `offset` on; fewer only where the file ends, none behind its end.
   * May throw a `GgufError` that names its own fault.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  close?(): Promise<void>;
}
