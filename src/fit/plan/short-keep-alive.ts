import { balanceRam } from "../ram";
import { fitsLimit, swaps } from "../verdict";
import { formatBytes } from "../units";
import type { Proposal } from "./proposal";
import { settle } from "./settle";

/** Seconds: long enough between two requests of one task. */
const SHORT = 60;

/** For a model whose saved states would in time be more than the RAM carries: unloaded soon, it keeps none. */
export const shortKeepAlive: Proposal = {
  *propose(plan, before) {
    if (!fitsLimit(before) || swaps(before) || before.engine !== "mlx" || before.ram === undefined) return [];
    const { savedStates } = before.estimate;
    if (balanceRam(before.ram, before.ram.needBytes + savedStates).kind !== "swaps") return [];
    yield;
    const settled = settle(plan, before, { keepAlive: SHORT });
    if (settled === undefined) return [];
    const sentence = `Agent sessions can add ${formatBytes(savedStates)} of saved states, more than the RAM carries. Unloaded between jobs, it keeps none.`;
    return [{ ...settled, title: `Unload It After ${SHORT} Seconds`, sentence, isBeside: true }];
  },
};
