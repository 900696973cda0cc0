import type { Tensor } from "./graph";

/** How far ahead Metal looks for a node that can run at the same time. */
const LOOK_AHEAD = 64;
/** Sums in a row that one kernel does. */
const LONGEST_SUM = 7;

interface Group {
  readonly nodes: readonly Tensor[];
  readonly isView: boolean;
  readonly movable: boolean;
  readonly reads: readonly Tensor[];
  readonly writes: readonly Tensor[];
}

class Ranges {
  private readonly read = new Set<Tensor>();
  private readonly written = new Set<Tensor>();

  allows(group: Group): boolean {
    return (
      group.reads.every((tensor) => !this.written.has(tensor)) &&
      group.writes.every((tensor) => !this.written.has(tensor) && !this.read.has(tensor))
    );
  }

  add(group: Group): void {
    for (const tensor of group.reads) this.read.add(tensor);
    for (const tensor of group.writes) this.written.add(tensor);
  }
}

/**
 * Nodes in the order in which Metal runs them: independent ones are moved up so that they run at the same time
 * (llama.cpp's ggml-metal-common.cpp). The buffer is planned for this order, not for the one they were built in.
 */
export function runOrder(nodes: readonly Tensor[]): readonly Tensor[] {
  const groups = grouped(nodes);
  const moved = new Uint8Array(groups.length);
  const order: Tensor[] = [];
  let running = new Ranges();
  groups.forEach((group, position) => {
    if (moved[position] === 1) return;
    if (!group.isView && !running.allows(group)) {
      const waiting = new Ranges();
      waiting.add(group);
      const end = Math.min(position + LOOK_AHEAD, groups.length);
      for (let ahead = position + 1; ahead < end; ahead++) {
        const candidate = groups[ahead];
        if (candidate === undefined || moved[ahead] === 1) continue;
        if (!candidate.movable) break;
        if ((candidate.isView || running.allows(candidate)) && waiting.allows(candidate)) {
          running.add(candidate);
          order.push(...candidate.nodes);
          moved[ahead] = 1;
        } else {
          waiting.add(candidate);
        }
      }
      running = new Ranges();
    }
    running.add(group);
    order.push(...group.nodes);
  });
  return order;
}

/** Nodes that one kernel does stay together: norm, weight and sum; sums in a row. */
function grouped(nodes: readonly Tensor[]): readonly Group[] {
  const groups: Group[] = [];
  let start = 0;
  while (start < nodes.length) {
    let end = start + 1;
    while (end < nodes.length && continues(nodes, start, end)) end++;
    groups.push(groupOf(nodes.slice(start, end)));
    start = end;
  }
  return groups;
}

function continues(nodes: readonly Tensor[], start: number, end: number): boolean {
  const previous = nodes[end - 1];
  const next = nodes[end];
  if (previous === undefined || next?.sources[0] !== previous) return false;
  if (previous.operation === "norm") return next.operation === "norm-weight";
  if (previous.operation === "norm-weight") return end - start === 2 && next.operation === "add";
  return previous.operation === "add" && next.operation === "add" && end - start < LONGEST_SUM;
}

function groupOf(nodes: readonly Tensor[]): Group {
  const inside = new Set(nodes);
  const first = nodes[0];
  return {
    nodes,
    isView: first?.operation === "view",
    movable: first?.operation !== "barrier",
    reads: nodes.flatMap((node) => node.sources.filter((source) => !inside.has(source)).map(memoryOf)),
    writes: nodes.map(memoryOf),
  };
}

function memoryOf(tensor: Tensor): Tensor {
  return tensor.viewOf ?? tensor;
}
