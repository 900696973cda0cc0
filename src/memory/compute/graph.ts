/** What decides where a node may be moved and what may be merged with it. */
export type Operation =
  /** Reordered freely. */
  | "any"
  /** Weighted normalisation, kept together with the product (and sum) that follows. */
  | "norm"
  | "norm-weight"
  /** Sums in a row are kept together. */
  | "add"
  /** Metal moves nothing across these. */
  | "barrier"
  /** A view, a reshape or a permutation: no work of its own. */
  | "view";

/** One tensor of a compute graph, as far as its memory goes. */
export interface Tensor {
  readonly operation: Operation;
  /** Elements along each dimension. */
  readonly extent: readonly number[];
  readonly bytes: number;
  readonly sources: readonly Tensor[];
  /** Tensors that keep their memory until this one is there: one kernel reads them for it. */
  readonly keeps: readonly Tensor[];
  /** May take over the memory of a source that nobody else needs and that has the same layout. */
  readonly inPlace: boolean;
  readonly layout: string;
  /** The tensor whose memory this one shows; a store shows the cache it writes to. */
  readonly viewOf?: Tensor;
  readonly startsAtBeginning: boolean;
  /** "outside": a cache or a state, not part of the compute buffer. "input": copied in before the first node. */
  readonly place: "buffer" | "outside" | "input";
  /** The caller reads it after the graph ran. */
  readonly isOutput: boolean;
}

export interface TensorOptions {
  readonly operation?: Operation;
  readonly inPlace?: boolean;
  /** Bytes of one element; 4 where absent. */
  readonly elementBytes?: number;
  /** Scratch that the operation reserves behind its result, in bytes. */
  readonly scratch?: number;
  readonly keeps?: readonly Tensor[];
  readonly isOutput?: boolean;
}

const F32 = 4;

/** How many elements a tensor of these sides has. */
export function elements(extent: readonly number[]): number {
  return extent.reduce((product, length) => product * length, 1);
}

function layoutOf(extent: readonly number[], elementBytes: number): string {
  let length = extent.length;
  while (length > 1 && extent[length - 1] === 1) length--;
  return `${extent.slice(0, length).join("x")}:${elementBytes}`;
}

/** Layout of views whose rows lie apart: it equals no other. */
const SCATTERED = "scattered";

/** Builds a compute graph and lists its nodes in the order in which ggml would run them. */
export class GraphBuilder {
  readonly nodes: Tensor[] = [];
  private readonly listed = new Set<Tensor>();

  /** A new tensor computed from `sources`. */
  tensor(extent: readonly number[], sources: readonly Tensor[], options: TensorOptions = {}): Tensor {
    const elementBytes = options.elementBytes ?? F32;
    return {
      operation: options.operation ?? "any",
      extent,
      bytes: elements(extent) * elementBytes + (options.scratch ?? 0),
      sources,
      keeps: options.keeps ?? [],
      inPlace: options.inPlace ?? false,
      layout: layoutOf(extent, elementBytes),
      startsAtBeginning: true,
      place: "buffer",
      isOutput: options.isOutput ?? false,
    };
  }

  /** A tensor that the CPU fills: it is copied into the buffer before anything runs. */
  input(extent: readonly number[], elementBytes = F32): Tensor {
    return { ...this.tensor(extent, [], { elementBytes }), place: "input" };
  }

  /** A cache: it lies elsewhere, but reading and writing it keeps nodes in order. */
  cache(): Tensor {
    return { ...this.tensor([1], []), place: "outside" };
  }

  /** Writes `sources` into a cache. */
  store(sources: readonly Tensor[], cache: Tensor): Tensor {
    return { ...this.tensor([1], sources), place: "outside", viewOf: cache };
  }

  /** The same memory with other extents. */
  reshape(source: Tensor, extent: readonly number[]): Tensor {
    return {
      ...this.tensor(extent, [source], { operation: "view" }),
      viewOf: source.viewOf ?? source,
      startsAtBeginning: source.startsAtBeginning,
    };
  }

  /** A part of the memory, or the whole of it in another order. */
  part(source: Tensor, extent: readonly number[], { first = true }: { readonly first?: boolean } = {}): Tensor {
    const view = this.reshape(source, extent);
    return { ...view, layout: SCATTERED, startsAtBeginning: first && view.startsAtBeginning };
  }

  /** Product with a weight matrix of `rows` rows. */
  multiply(rows: number, source: Tensor): Tensor {
    return this.tensor([rows, ...source.extent.slice(1)], [source]);
  }

  /** An element-wise operation on one tensor. */
  map(source: Tensor): Tensor {
    return this.tensor(source.extent, [source], { inPlace: true });
  }

  /** An element-wise operation on two tensors. */
  combine(left: Tensor, right: Tensor, operation: Operation = "any", keeps: readonly Tensor[] = []): Tensor {
    return this.tensor(left.extent, [left, right], { inPlace: true, operation, keeps });
  }

  /** Normalisation with a weight. */
  norm(source: Tensor): Tensor {
    const plain = this.tensor(source.extent, [source], { operation: "norm" });
    return this.tensor(plain.extent, [plain], { inPlace: true, operation: "norm-weight" });
  }

  /** Gate times up projection, after the activation: always a new tensor. */
  gate(gate: Tensor, up: Tensor): Tensor {
    return this.tensor(gate.extent, [gate, up]);
  }

  /** A contiguous copy. */
  copy(source: Tensor, extent: readonly number[] = source.extent, elementBytes = F32): Tensor {
    return this.tensor(extent, [source], { elementBytes });
  }

  /** Lists a tensor after everything it is computed from. */
  run(tensor: Tensor): void {
    if (this.listed.has(tensor) || tensor.place === "input") return;
    this.listed.add(tensor);
    if (tensor.place === "outside" && tensor.sources.length === 0) return;
    for (const source of tensor.sources) this.run(source);
    this.nodes.push(tensor);
  }
}
