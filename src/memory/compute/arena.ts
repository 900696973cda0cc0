/** Metal's buffer alignment in bytes. */
const ALIGNMENT = 32;

/** `bytes` as the arena takes them: whole alignment units. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * Address space of one compute buffer, handed out as ggml's graph allocator does (ggml-alloc.c): the smallest hole that
 * fits, the higher one of equals, and only then the open end. All numbers are bytes.
 */
export class Arena {
  /** Free ranges by address; the last one never ends. */
  private readonly offsets = [0];
  private readonly sizes = [Number.POSITIVE_INFINITY];
  private highest = 0;

  /** How large the buffer must be for everything that was ever handed out. */
  get peak(): number {
    return this.highest;
  }

  /** Address of a new range. */
  take(bytes: number): number {
    const size = aligned(bytes);
    const open = this.offsets.length - 1;
    let chosen = open;
    let smallest = Number.POSITIVE_INFINITY;
    for (let hole = 0; hole < open; hole++) {
      const room = this.sizes[hole] ?? 0;
      if (room >= size && room <= smallest) {
        chosen = hole;
        smallest = room;
      }
    }
    const offset = this.offsets[chosen] ?? 0;
    const rest = (this.sizes[chosen] ?? 0) - size;
    if (rest === 0) {
      this.offsets.splice(chosen, 1);
      this.sizes.splice(chosen, 1);
    } else {
      this.offsets[chosen] = offset + size;
      this.sizes[chosen] = rest;
    }
    this.highest = Math.max(this.highest, offset + size);
    return offset;
  }

  /** Gives a range back and merges it with its neighbours. */
  give(offset: number, bytes: number): void {
    const size = aligned(bytes);
    if (size === 0) return;
    const next = this.offsets.findIndex((start) => start > offset);
    const previousEnd = next > 0 ? (this.offsets[next - 1] ?? 0) + (this.sizes[next - 1] ?? 0) : -1;
    const meetsNext = this.offsets[next] === offset + size;
    if (previousEnd === offset) {
      this.sizes[next - 1] = (this.sizes[next - 1] ?? 0) + size + (meetsNext ? (this.sizes[next] ?? 0) : 0);
      if (meetsNext) {
        this.offsets.splice(next, 1);
        this.sizes.splice(next, 1);
      }
    } else if (meetsNext) {
      this.offsets[next] = offset;
      this.sizes[next] = (this.sizes[next] ?? 0) + size;
    } else {
      this.offsets.splice(next, 0, offset);
      this.sizes.splice(next, 0, size);
    }
  }
}
