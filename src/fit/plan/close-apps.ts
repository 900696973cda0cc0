import { formatBytes } from "../units";
import type { Proposal } from "./proposal";
import { settle } from "./settle";

/** For a model that fits the limit, but not the RAM that other programs leave. */
export const closeApps: Proposal = {
  propose(plan, before) {
    const { ram } = before;
    if (before.kind !== "fits" || ram?.othersBytes === undefined || ram.shortBytes === 0) return [];
    const bytes = Math.min(ram.shortBytes, ram.othersBytes - ram.reserveBytes);
    const settled = bytes > 0 ? settle(plan, before, { closeApps: { bytes } }) : undefined;
    if (settled === undefined) return [];
    return [
      {
        ...settled,
        title: `Close Apps That Use ${formatBytes(bytes)}`,
        sentence: `The limit is high enough, but RAM is ${formatBytes(ram.shortBytes)} short: other apps use ${formatBytes(ram.othersBytes)}.`,
      },
    ];
  },
};
