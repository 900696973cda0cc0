import type { AttentionShape, ModelShape } from "../architectures/shape";
import { type EffectiveSettings, KV_BLOCKS } from "../effective-settings";
import { flashScratch } from "./flash-scratch";
import { elements, GraphBuilder, type Tensor } from "./graph";

const I64 = 8;
/** Rotations of quantized caches are square matrices of at least this size. */
const SMALLEST_ROTATION = 64;

/** Inputs that all layers of one cache share. */
interface Cache {
  readonly cells: number;
  readonly mask: Tensor;
  readonly keySlots: Tensor;
  readonly valueSlots: Tensor;
  readonly keyRotation?: Tensor;
  readonly valueRotation?: Tensor;
}

/** Experts that one kernel weighs and adds. */
const LONGEST_REDUCTION = 8;

/** Layers that are laid out: the packing repeats after a few of each kind. */
const KEPT_OF_A_KIND = 3;

/**
 * Graph of a transformer without recurrent layers for one batch of `tokens`, in the order in which llama.cpp builds it
 * (src/llama-graph.cpp, src/models). Of equal layers only the first few and the last are in it: the others fit into the
 * memory these need.
 */
export function transformerGraph(shape: ModelShape, settings: EffectiveSettings, tokens: number): readonly Tensor[] {
  return new TransformerGraph(shape, settings, tokens).build();
}

class TransformerGraph {
  private readonly graph = new GraphBuilder();
  private readonly tokensPerStream: number;
  private readonly streams: number;
  private readonly attending: number;
  private readonly positions: Tensor;
  private readonly chosenRows: Tensor;
  private readonly sequences: Tensor;
  private readonly full: Cache;
  private readonly sliding: Cache;

  constructor(
    private readonly shape: ModelShape,
    private readonly settings: EffectiveSettings,
    private readonly tokens: number,
  ) {
    this.streams = shape.encoder ? 1 : settings.streams;
    // Without a cache all tokens attend to each other, whichever slot they belong to.
    this.attending = shape.readsBatch ? 1 : this.streams;
    this.tokensPerStream = Math.max(1, Math.floor(tokens / this.attending));
    this.positions = this.graph.input([tokens]);
    this.chosenRows = this.graph.input([shape.encoder ? tokens : this.streams]);
    this.sequences = this.graph.input([this.streams]);
    this.full = this.cache(false);
    this.sliding = shape.window > 0 ? this.cache(true) : this.full;
  }

  build(): readonly Tensor[] {
    const { graph, shape } = this;
    let state = graph.input([shape.embeddingLength, this.tokens]);
    // Scaling the embeddings or results happens in place and takes nothing.
    if (shape.encoder) state = graph.norm(graph.map(state));
    if (shape.predicts) state = this.prediction(state);
    const kept = keptLayers(shape);
    kept.forEach((layer, index) => {
      state = this.layer(state, layer, index === kept.length - 1);
    });
    if (!shape.encoder) state = this.logits(state);
    graph.run({ ...state, isOutput: true });
    return graph.nodes;
  }

  private logits(state: Tensor): Tensor {
    const { graph, shape } = this;
    const normed = { ...graph.norm(state), isOutput: true };
    const rows = shape.predicts ? this.chosen(normed) : normed;
    return shape.outputOnCpu ? rows : graph.multiply(shape.vocabulary, rows);
  }

  /** What a prediction block starts from: the embeddings and what the last layer gave, side by side. */
  private prediction(embeddings: Tensor): Tensor {
    const { graph, shape, tokens } = this;
    const both = [graph.norm(embeddings), graph.norm(graph.input([shape.embeddingLength, tokens]))];
    const joined = graph.tensor([2 * shape.embeddingLength, tokens], both, { operation: "barrier" });
    return graph.multiply(shape.embeddingLength, joined);
  }

  /** The rows of those tokens whose logits are asked for. */
  private chosen(tensor: Tensor): Tensor {
    return this.graph.tensor([this.shape.embeddingLength, this.streams], [tensor, this.chosenRows]);
  }

  private cache(slides: boolean): Cache {
    const { graph, shape, settings, tokens } = this;
    const mine = attentionLayers(shape).filter((layer) => layer.slides === slides);
    const cells = shape.readsBatch ? tokens : slides ? settings.slidingCells : settings.cells;
    const maskExtent = shape.readsBatch ? [tokens, tokens] : [cells, this.tokensPerStream, 1, this.streams];
    const quantized = !shape.readsBatch && KV_BLOCKS[settings.kvCacheType].elements > 1;
    const keyRotation = quantized ? rotationSize(mine.map((layer) => layer.keyLength)) : undefined;
    const valueRotation = quantized ? rotationSize(mine.map((layer) => layer.valueLength)) : undefined;
    return {
      cells,
      mask: graph.input(maskExtent, settings.flashAttention ? 2 : 4),
      keySlots: graph.input([tokens], I64),
      // Without flash attention V is stored transposed, one element at a time.
      valueSlots: graph.input(settings.flashAttention ? [tokens] : [tokens, shape.widestValueRow], I64),
      keyRotation: keyRotation === undefined ? undefined : graph.input([keyRotation, keyRotation]),
      valueRotation: valueRotation === undefined ? undefined : graph.input([SMALLEST_ROTATION, SMALLEST_ROTATION]),
    };
  }

  private layer(state: Tensor, layer: number, isLast: boolean): Tensor {
    const { graph, shape } = this;
    const attention = shape.encoderAttention ?? shape.layers[layer]?.attention;
    if (shape.encoder) return this.encoderLayer(state, attention);
    const chosen = (tensor: Tensor): Tensor => (isLast && !shape.predicts ? this.chosen(tensor) : tensor);
    const input = shape.block.norms === "result" ? state : graph.norm(state);
    const attended =
      attention !== undefined
        ? this.attention(input, attention)
        : shape.layers[layer]?.recurrent
          ? this.deltaNet(input)
          : input;
    if (shape.feedForward.kind === "beside") {
      const fed = this.feedForward(chosen(input), layer);
      return graph.combine(graph.combine(fed, chosen(state), "add"), chosen(attended), "add");
    }
    const middle = graph.combine(chosen(this.normedResult(attended)), chosen(state), "add");
    const fed = this.feedForward(middle, layer);
    return graph.combine(this.normedResult(fed), middle, "add");
  }

  private normedResult(tensor: Tensor): Tensor {
    return this.shape.block.norms === "input" ? tensor : this.graph.norm(tensor);
  }

  private encoderLayer(state: Tensor, attention: AttentionShape | undefined): Tensor {
    const { graph } = this;
    const attended = attention === undefined ? state : this.attention(state, attention);
    const middle = graph.norm(graph.combine(attended, state, "add"));
    return graph.norm(graph.combine(this.dense(middle, this.shape.feedForward.width), middle, "add"));
  }

  private attention(input: Tensor, attention: AttentionShape): Tensor {
    const { graph, shape, tokens } = this;
    const { keyLength, valueLength, kvHeads, keyRow } = attention;
    const valueRow = kvHeads * valueLength;
    let gate: Tensor | undefined;
    let query: Tensor;
    let key: Tensor;
    let value: Tensor;
    if (shape.block.fusedProjection) {
      const all = graph.multiply(shape.heads * keyLength + keyRow + valueRow, input);
      query = graph.part(all, [keyLength, shape.heads, tokens]);
      key = graph.part(all, [keyLength, kvHeads, tokens], { first: false });
      value = graph.part(all, [valueLength, kvHeads, tokens], { first: false });
    } else if (shape.block.gatesQuery) {
      const both = graph.multiply(2 * shape.heads * keyLength, input);
      query = graph.norm(graph.part(both, [keyLength, shape.heads, tokens]));
      gate = graph.copy(graph.part(both, [keyLength, shape.heads, tokens], { first: false }), [
        keyLength * shape.heads,
        tokens,
      ]);
      key = graph.reshape(graph.multiply(keyRow, input), [keyLength, kvHeads, tokens]);
      value = graph.reshape(graph.multiply(valueRow, input), [valueLength, kvHeads, tokens]);
    } else {
      query = graph.reshape(graph.multiply(shape.heads * keyLength, input), [keyLength, shape.heads, tokens]);
      key = graph.reshape(graph.multiply(keyRow, input), [keyLength, kvHeads, tokens]);
      value = graph.reshape(graph.multiply(valueRow, input), [valueLength, kvHeads, tokens]);
    }
    query = graph.tensor(query.extent, [query, this.positions], { inPlace: query.operation !== "view" });
    key = graph.tensor(key.extent, [key, this.positions]);
    const mixed = shape.readsBatch
      ? this.attendToBatch(query, key, value, attention)
      : this.attendToCache(query, key, value, attention);
    const passed = gate === undefined ? mixed : graph.combine(mixed, graph.map(gate));
    return graph.multiply(shape.embeddingLength, passed);
  }

  /** A gated delta net (llama.cpp's models/delta-net-base): convolution, recurrence and gate. */
  private deltaNet(input: Tensor): Tensor {
    const { graph, shape, tokens, streams } = this;
    const { recurrent } = shape;
    if (recurrent === undefined) return input;
    const { innerSize, stateSize, groupCount, convolution, state } = recurrent;
    const channels = innerSize + 2 * groupCount * stateSize;
    const [convolutions, states] = [graph.cache(), graph.cache()];
    graph.run(input);
    const former = graph.tensor([convolution, streams], [convolutions, this.sequences]);
    graph.run(former);
    const mixed = graph.part(graph.multiply(channels, input), [tokens, channels]);
    const window = graph.tensor(
      [convolution / channels + this.tokensPerStream, channels, streams],
      [graph.reshape(former, [convolution / channels, channels, streams]), mixed],
      { operation: "barrier" },
    );
    graph.run(graph.store([graph.part(window, [convolution, streams], { first: false })], convolutions));
    const kept = graph.tensor([state, streams], [states, this.sequences]);
    graph.run(kept);
    const convolved = graph.map(graph.tensor([channels, tokens], [window]));
    const part = (rows: number, first: boolean): Tensor => graph.part(convolved, [rows, tokens], { first });
    const unit = (rows: Tensor): Tensor => graph.map(graph.tensor(rows.extent, [rows]));
    const queries = unit(part(groupCount * stateSize, true));
    const keys = unit(part(groupCount * stateSize, false));
    const values = part(innerSize, false);
    const heads = innerSize / stateSize;
    const decay = graph.map(graph.multiply(heads, input));
    const rate = graph.map(graph.multiply(heads, input));
    // Its result holds the new states behind the outputs.
    const result = graph.tensor(
      [innerSize, tokens + stateSize * streams],
      [queries, keys, values, decay, rate, graph.reshape(kept, [state, streams])],
      { operation: "barrier" },
    );
    graph.run(graph.store([graph.part(result, [state, streams], { first: false })], states));
    const outputs = graph.norm(graph.part(result, [innerSize, tokens]));
    const gate = graph.map(graph.multiply(innerSize, input));
    return graph.multiply(shape.embeddingLength, graph.combine(outputs, gate));
  }

  private attendToCache(query: Tensor, key: Tensor, value: Tensor, attention: AttentionShape): Tensor {
    const { graph, shape, settings, tokens } = this;
    const cache = attention.slides ? this.sliding : this.full;
    const { keyRotation, valueRotation } = cache;
    const q = keyRotation ? this.rotated(query, keyRotation) : query;
    const k = keyRotation ? this.rotated(key, keyRotation) : key;
    const v = valueRotation ? this.rotated(value, valueRotation) : value;
    graph.run(q);
    graph.run(v);
    graph.run(k);
    const keys = graph.cache();
    const values = graph.cache();
    graph.run(graph.store([graph.reshape(k, [attention.keyRow, tokens]), cache.keySlots], keys));
    let stored = graph.reshape(v, [attention.valueRow, tokens]);
    if (settings.widensValues && attention.valueRow < shape.widestValueRow) {
      stored = graph.tensor([shape.widestValueRow, tokens], [stored], { operation: "barrier" });
    }
    graph.run(graph.store([stored, cache.valueSlots], values));
    const queries = graph.part(q, [attention.keyLength, this.tokensPerStream, shape.heads, this.attending]);
    const mixed = settings.flashAttention
      ? this.flash(queries, [keys, values], cache, attention)
      : this.scores(queries, [keys, values], cache, attention);
    graph.run(mixed);
    return valueRotation ? this.rotated(mixed, valueRotation) : mixed;
  }

  private flash(queries: Tensor, kv: readonly Tensor[], cache: Cache, attention: AttentionShape): Tensor {
    const { graph, shape, tokens } = this;
    const { heads } = shape;
    const extent = { heads, cells: cache.cells, tokensPerStream: this.tokensPerStream, streams: this.attending };
    const result = graph.tensor(
      [attention.valueLength, heads, this.tokensPerStream, this.attending],
      [queries, ...kv, cache.mask],
      {
        operation: "barrier",
        scratch: flashScratch(attention, { ...extent, fromCache: !shape.readsBatch }, this.settings),
      },
    );
    return graph.reshape(result, [attention.valueLength * heads, tokens]);
  }

  private scores(queries: Tensor, [keys, values]: readonly Tensor[], cache: Cache, attention: AttentionShape): Tensor {
    const { graph, shape, tokens } = this;
    const extent = [this.tokensPerStream, shape.heads, this.attending];
    const scores = graph.tensor([cache.cells, ...extent], keys ? [keys, queries] : [queries]);
    const weights = graph.tensor(scores.extent, [scores, cache.mask], { inPlace: true, operation: "barrier" });
    const mixed = graph.tensor([attention.valueLength, ...extent], values ? [values, weights] : [weights]);
    return graph.copy(graph.part(mixed, mixed.extent), [attention.valueLength * shape.heads, tokens]);
  }

  private attendToBatch(query: Tensor, key: Tensor, value: Tensor, attention: AttentionShape): Tensor {
    const { graph, settings, tokens } = this;
    for (const tensor of [query, key, value]) graph.run(tensor);
    const queries = graph.part(query, [attention.keyLength, tokens, this.shape.heads]);
    const keys = graph.part(key, [attention.keyLength, tokens, attention.kvHeads]);
    const values = graph.part(value, [attention.valueLength, tokens, attention.kvHeads]);
    const mixed = settings.flashAttention
      ? this.flash(
          queries,
          [graph.copy(keys, keys.extent, 2), graph.copy(values, values.extent, 2)],
          this.full,
          attention,
        )
      : this.scores(queries, [keys, graph.copy(values)], this.full, attention);
    graph.run(mixed);
    return mixed;
  }

  /** Rows of a quantized cache are rotated; so are the queries, and the result is turned back. */
  private rotated(tensor: Tensor, rotation: Tensor): Tensor {
    const size = rotation.extent[0] ?? 1;
    const rows = this.graph.reshape(tensor, [size, elements(tensor.extent) / size]);
    return this.graph.reshape(this.graph.tensor(rows.extent, [rotation, rows]), tensor.extent);
  }

  private feedForward(input: Tensor, layer: number): Tensor {
    const { graph, shape } = this;
    const normed = (): Tensor =>
      shape.block.norms === "result" || shape.feedForward.kind === "beside" ? input : graph.norm(input);
    const { experts } = shape;
    if (experts === undefined || (experts.dense === "first" && layer === 0)) {
      return this.dense(normed(), shape.feedForward.width);
    }
    if (experts.dense === "each") {
      const dense = graph.norm(this.dense(graph.norm(input), shape.feedForward.width));
      const mixture = graph.norm(this.experts(graph.norm(input), graph.norm(input)));
      return graph.combine(dense, mixture, "add");
    }
    const read = normed();
    const mixture = this.experts(read, read);
    return experts.sharedWidth === 0 ? mixture : graph.combine(mixture, this.dense(read, experts.sharedWidth), "add");
  }

  private dense(input: Tensor, width: number): Tensor {
    const { graph, shape } = this;
    const up = graph.multiply(width, input);
    const active = shape.feedForward.kind === "plain" ? graph.map(up) : graph.gate(graph.multiply(width, input), up);
    return graph.multiply(shape.embeddingLength, active);
  }

  private experts(input: Tensor, routerInput: Tensor): Tensor {
    const { graph, shape } = this;
    const { experts } = shape;
    if (experts === undefined) return input;
    const { count, used, width, routing, weightsFirst, biases } = experts;
    const tokens = input.extent[1] ?? 1;
    const logits = graph.multiply(count, routerInput);
    const odds =
      routing === "late"
        ? logits
        : graph.tensor(logits.extent, [logits], {
            inPlace: true,
            operation: routing === "sigmoid" ? "any" : "barrier",
          });
    // Sigmoid routers choose by biased odds but weigh by the plain ones.
    const ranked = routing === "sigmoid" ? graph.map(odds) : odds;
    const sorted = graph.tensor([count, tokens], [ranked], { operation: "barrier", scratch: 4 * count * tokens });
    const chosen = graph.part(sorted, [used, tokens]);
    const picked = graph.tensor([1, used, tokens], [graph.reshape(odds, [1, count, tokens]), chosen]);
    const flat = graph.reshape(picked, [used, tokens]);
    const total = graph.map(graph.tensor([1, tokens], [flat]));
    const weights = graph.reshape(graph.combine(flat, total), [1, used, tokens]);
    graph.run(weights);
    // For every expert the tokens it gets, and how many.
    const scratch = 12 * count + 32 + 4 * count * tokens;
    const project = (rows: number, source: Tensor): Tensor => {
      const result = graph.tensor([rows, used, tokens], [source, chosen], { scratch });
      return biases ? graph.map(result) : result;
    };
    let rows = graph.reshape(input, [shape.embeddingLength, 1, tokens]);
    if (weightsFirst) {
      rows = graph.combine(graph.tensor([shape.embeddingLength, used, tokens], [rows]), weights);
    }
    const up = project(width, rows);
    const active = graph.gate(project(width, rows), up);
    const down = project(shape.embeddingLength, active);
    if (weightsFirst) return this.summed(down, []);
    return this.summed(graph.combine(down, weights), used <= LONGEST_REDUCTION ? [down, weights] : []);
  }

  /** The sum over the chosen experts; one kernel weighs and adds up to eight, and reads `kept` for it. */
  private summed(weighted: Tensor, kept: readonly Tensor[]): Tensor {
    const { graph, shape } = this;
    const [, used = 1, tokens = 1] = weighted.extent;
    graph.run(weighted);
    const results = Array.from({ length: used }, (_, index) => {
      const result = graph.part(weighted, [shape.embeddingLength, tokens], { first: index === 0 });
      graph.run(result);
      return result;
    });
    const [first, ...others] = results;
    if (first === undefined || others.length === 0) return graph.copy(first ?? weighted);
    return others.reduce((sum, result, index) => {
      const next = graph.combine(sum, result, "add", index === others.length - 1 ? kept : []);
      graph.run(next);
      return next;
    }, first);
  }
}

function attentionLayers(shape: ModelShape): readonly AttentionShape[] {
  return shape.layers.flatMap((layer) => (layer.attention ? [layer.attention] : []));
}

/** Largest power of two that divides the head size of all layers, undefined where 64 does not or sizes differ. */
function rotationSize(headSizes: readonly number[]): number | undefined {
  const [head] = headSizes;
  if (head === undefined || head % SMALLEST_ROTATION !== 0 || headSizes.some((size) => size !== head)) return undefined;
  let size = SMALLEST_ROTATION;
  while (head % (2 * size) === 0) size *= 2;
  return size;
}

/** Layers that take the same memory, by what makes them so. */
export function layerKinds(shape: ModelShape): ReadonlyMap<string, readonly number[]> {
  const kinds = new Map<string, number[]>();
  shape.layers.forEach(({ attention }, index) => {
    const kind = attention
      ? [attention.slides, attention.keyLength, attention.valueLength, attention.kvHeads].join(" ")
      : "";
    const layers = kinds.get(kind);
    if (layers === undefined) kinds.set(kind, [index]);
    else layers.push(index);
  });
  return kinds;
}

/** The first layers of every kind and the last one. */
function keptLayers(shape: ModelShape): readonly number[] {
  const kept = new Set([...layerKinds(shape).values()].flatMap((layers) => layers.slice(0, KEPT_OF_A_KIND)));
  kept.add(shape.layers.length - 1);
  return [...kept].sort((first, second) => first - second);
}
