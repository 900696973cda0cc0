import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../../src/memory/compute/graph";
import { planBuffer } from "../../../src/memory/compute/plan-buffer";
import { runOrder } from "../../../src/memory/compute/run-order";

/** One row of 256 F32 elements: 1 KiB. */
const ROW = [256];
const KIB = 1024;

describe("planning a buffer", () => {
  it("keeps what is still read and reuses what is not", () => {
    const graph = new GraphBuilder();
    const input = graph.input(ROW);
    const first = graph.multiply(256, input);
    const second = graph.multiply(256, first);
    graph.run(graph.multiply(256, second));
    // The second takes the place of the input, the third that of the first.
    expect(planBuffer(graph.nodes)).toBe(2 * KIB);
  });

  it("hands memory on to an element-wise result, but not past another reader", () => {
    const alone = new GraphBuilder();
    alone.run(alone.map(alone.map(alone.input(ROW))));
    expect(planBuffer(alone.nodes)).toBe(KIB);

    const shared = new GraphBuilder();
    const input = shared.input(ROW);
    shared.run(shared.combine(shared.map(input), input));
    expect(planBuffer(shared.nodes)).toBe(2 * KIB);
  });

  it("hands on memory that carries scratch, and frees the scratch", () => {
    const graph = new GraphBuilder();
    const source = graph.tensor(ROW, [graph.input([128])], { scratch: KIB });
    const result = graph.map(source);
    graph.run(graph.combine(graph.multiply(256, result), result));
    // The product takes the scratch's place.
    expect(planBuffer(graph.nodes)).toBe(2.5 * KIB);
  });

  it("hands on nothing that is only a view of other memory", () => {
    const graph = new GraphBuilder();
    graph.run(graph.map(graph.reshape(graph.tensor(ROW, [graph.input([1])]), ROW)));
    expect(planBuffer(graph.nodes)).toBe(2 * KIB + 32);
  });

  it("keeps what one kernel reads until its last result is there", () => {
    const build = (keeps: boolean) => {
      const graph = new GraphBuilder();
      const input = graph.tensor(ROW, [graph.input([1])]);
      const once = graph.multiply(256, input);
      graph.run(graph.combine(graph.multiply(256, once), graph.multiply(256, once), "add", keeps ? [input] : []));
      return planBuffer(graph.nodes);
    };
    expect(build(true) - build(false)).toBe(KIB);
  });

  it("keeps the memory behind a view until the last view was read", () => {
    const graph = new GraphBuilder();
    const whole = graph.tensor([512], [graph.input(ROW)]);
    const [left, right] = [graph.part(whole, ROW), graph.part(whole, ROW, { first: false })];
    const copies = [graph.copy(left), graph.copy(right)] as const;
    graph.run(graph.combine(copies[0], copies[1]));
    expect(planBuffer(graph.nodes)).toBe(4 * KIB);
  });

  it("never frees an output", () => {
    const graph = new GraphBuilder();
    const kept = { ...graph.multiply(256, graph.input(ROW)), isOutput: true };
    graph.run(graph.multiply(256, graph.multiply(256, kept)));
    expect(planBuffer(graph.nodes)).toBe(3 * KIB);
  });
});

describe("the order in which Metal runs nodes", () => {
  it("moves a node up to others that do not need each other", () => {
    const graph = new GraphBuilder();
    const input = graph.input(ROW);
    const query = graph.multiply(256, input);
    const turned = graph.tensor(ROW, [query]);
    const key = graph.multiply(256, input);
    graph.run(turned);
    graph.run(key);
    expect(graph.nodes).toEqual([query, turned, key]);
    expect(runOrder(graph.nodes)).toEqual([query, key, turned]);
  });

  it("moves nothing across a barrier or past a store that it reads", () => {
    const graph = new GraphBuilder();
    const input = graph.input(ROW);
    const cache = graph.cache();
    const row = graph.multiply(256, input);
    const store = graph.store([row], cache);
    const read = graph.tensor(ROW, [cache], { operation: "barrier" });
    const later = graph.multiply(256, input);
    for (const node of [store, read, later]) graph.run(node);
    expect(runOrder(graph.nodes)).toEqual([row, store, later, read]);
    const sorted = graph.tensor(ROW, [row], { operation: "barrier" });
    const behind = graph.multiply(256, input);
    expect(runOrder([row, graph.map(row), sorted, behind]).at(-1)).toBe(behind);
  });

  it("keeps norm, weight and sum together", () => {
    const graph = new GraphBuilder();
    const input = graph.input(ROW);
    const other = graph.multiply(256, input);
    const sum = graph.combine(graph.norm(graph.multiply(256, input)), other, "add");
    graph.run(other);
    graph.run(sum);
    const order = runOrder(graph.nodes);
    const at = order.indexOf(sum);
    expect(order.slice(at - 2, at).map(({ operation }) => operation)).toEqual(["norm", "norm-weight"]);
  });
});
