import { RAM_TERMS, SUM_TITLES } from "./sum-names";
import type { LoadedModel } from "./facts";
import type { GpuLimit, UnknownGpuLimit } from "./limit-policy";
import type { RamUse } from "./ram";
import { formatBytes } from "./units";

/** The memory of this Mac as one bar: models from the left up to the limit, macOS and the apps from the right. In bytes. */
export interface MacBar {
  readonly ramBytes: number;
  readonly limitBytes: number;
  /** What this server has loaded, its part on the CPU included. */
  readonly modelsBytes: number;
  /** In use by everything else; absent where it couldn't be read. */
  readonly othersBytes?: number;
}

/** The bar of a Mac whose limit is known. */
export function macBar(
  ramBytes: number,
  limit: GpuLimit | UnknownGpuLimit,
  loaded: readonly LoadedModel[],
  ram: RamUse | undefined,
): MacBar | undefined {
  if (limit.kind === "unknown") return undefined;
  return {
    ramBytes,
    limitBytes: limit.bytes,
    modelsBytes: loaded.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    othersBytes: ram?.othersBytes,
  };
}

/** What is neither a model's nor anybody else's: 0 where they need more than there is. */
function freeBytes({ ramBytes, modelsBytes, othersBytes = 0 }: MacBar): number {
  return Math.max(0, ramBytes - modelsBytes - othersBytes);
}

/** Titles of the parts of the bar. */
export const MAC_PARTS = { models: "Models", free: "Free", others: RAM_TERMS.others } as const;

export type MacPart = (typeof MAC_PARTS)[keyof typeof MAC_PARTS];

/** The parts of the bar with their amounts, as people read them. */
export function macBarParts(bar: MacBar): readonly { readonly title: MacPart; readonly text: string }[] {
  const { modelsBytes, othersBytes } = bar;
  // What others use comes out of what's left.
  const most = othersBytes === undefined ? "at most " : "";
  return [
    { title: MAC_PARTS.models, text: formatBytes(modelsBytes) },
    { title: MAC_PARTS.free, text: `${most}${formatBytes(freeBytes(bar))}` },
    { title: MAC_PARTS.others, text: othersBytes === undefined ? "unknown" : formatBytes(othersBytes) },
  ];
}

/** The bar as lines of title and amount: its parts, the limit, and the memory there is. */
export function macBarRows(bar: MacBar): readonly { readonly title: string; readonly text: string }[] {
  return [
    ...macBarParts(bar),
    { title: SUM_TITLES.limit, text: formatBytes(bar.limitBytes) },
    { title: "RAM", text: formatBytes(bar.ramBytes) },
  ];
}

const CELLS = 36;

/** The bar as text: "█" models, "░" free, "▒" macOS and apps, "|" the limit. */
export function macBarText(bar: MacBar): string {
  const { ramBytes, limitBytes, modelsBytes, othersBytes = 0 } = bar;
  const cells = (bytes: number) => Math.min(CELLS, Math.round((bytes / ramBytes) * CELLS));
  const models = Math.max(modelsBytes > 0 ? 1 : 0, cells(modelsBytes));
  const others = Math.min(CELLS - models, cells(othersBytes));
  const line = ["█".repeat(models), "░".repeat(CELLS - models - others), "▒".repeat(others)].join("");
  const mark = cells(limitBytes);
  return `${line.slice(0, mark)}|${line.slice(mark)}`;
}

/** What the bar says, in words: "Models 0 B, free 52.9 GiB, macOS and apps 11.1 GiB; the limit is 51.8 of 64.0 GiB." */
export function macBarSentence(bar: MacBar): string {
  const [models, free, others] = macBarParts(bar);
  return `Models ${models?.text}, free ${free?.text}, macOS and apps ${others?.text}; the limit is ${formatBytes(bar.limitBytes)} of ${formatBytes(bar.ramBytes)}.`;
}
