import { aligned, Arena } from "./arena";
import type { Tensor } from "./graph";

interface State {
  /** Nodes still to come that read the tensor. */
  readers: number;
  /** Views of it that are still read. */
  views: number;
  /** Address while it owns memory. */
  offset: number | undefined;
}

/**
 * Bytes of the buffer in which the nodes can run in the given order, planned as ggml's graph allocator does
 * (ggml-alloc.c): memory is handed on to results of the same layout and size, and given back after the last reader.
 */
export function planBuffer(nodes: readonly Tensor[]): number {
  return new BufferPlan(nodes).peak();
}

class BufferPlan {
  private readonly arena = new Arena();
  private readonly states = new Map<Tensor, State>();

  constructor(private readonly nodes: readonly Tensor[]) {}

  peak(): number {
    this.countReaders();
    for (const node of this.nodes) {
      if (node.place === "buffer" && node.viewOf === undefined) this.place(node);
      for (const source of [...node.sources, ...node.keeps]) this.wasRead(source);
    }
    return this.arena.peak;
  }

  private countReaders(): void {
    for (const node of this.nodes) {
      if (node.operation === "view" && node.viewOf !== undefined) this.state(node.viewOf).views += 1;
      for (const source of node.sources) {
        const state = this.state(source);
        state.readers += 1;
        if (source.place === "input" && state.offset === undefined) state.offset = this.arena.take(source.bytes);
      }
      for (const kept of node.keeps) this.state(kept).readers += 1;
    }
  }

  private state(tensor: Tensor): State {
    const known = this.states.get(tensor);
    if (known !== undefined) return known;
    const fresh: State = { readers: 0, views: 0, offset: undefined };
    this.states.set(tensor, fresh);
    return fresh;
  }

  private place(node: Tensor): void {
    const state = this.state(node);
    const owner = node.inPlace ? node.sources.find((source) => this.canTakeOver(node, source)) : undefined;
    if (owner === undefined) {
      state.offset = this.arena.take(node.bytes);
      return;
    }
    const former = this.state(owner);
    state.offset = former.offset;
    former.offset = undefined;
    const [before, after] = [aligned(owner.bytes), aligned(node.bytes)];
    // Scratch behind the result it takes over is free again.
    if (before > after && state.offset !== undefined) this.arena.give(state.offset + after, before - after);
  }

  private canTakeOver(node: Tensor, source: Tensor): boolean {
    // A view has no memory of its own to hand on.
    if (source.viewOf !== undefined || source.isOutput || source.layout !== node.layout) return false;
    const { offset, readers, views } = this.state(source);
    return offset !== undefined && readers === 1 && views === 0 && aligned(source.bytes) >= aligned(node.bytes);
  }

  private wasRead(source: Tensor): void {
    const state = this.state(source);
    state.readers -= 1;
    if (state.readers > 0 || state.views > 0) return;
    const memory = source.viewOf ?? source;
    const owner = this.state(memory);
    if (source.operation === "view") owner.views -= 1;
    if (owner.views > 0 || owner.readers > 0 || owner.offset === undefined || memory.isOutput) return;
    this.arena.give(owner.offset, memory.bytes);
    owner.offset = undefined;
  }
}
