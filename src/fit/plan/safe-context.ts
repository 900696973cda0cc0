import { CONTEXT_STEP } from "../largest-context";
import { rulesOf } from "../runners";
import { formatCount } from "../units";
import { contextOf } from "../verdict";
import type { Proposal, Proposed } from "./proposal";
import { settle } from "./settle";

/** Below it a context is of no use. */
const LEAST = 4096;

/**
 * Where nothing but the client decides how much is sent: the most that's safe under the limit, set there, and where the
 * Mac would swap at that, the most at which it wouldn't.
 */
export const safeContext: Proposal = {
  *propose(plan, before) {
    if (before.kind === "fits" || before.engine !== "mlx" || rulesOf(plan.input.model).numCtx !== "displayed")
      return [];
    const { safeForLimit, safeTokens } = before.mlx;
    const most = contextOf(before).value;
    const contexts = [safeForLimit, safeTokens].map(
      (tokens) => Math.floor(Math.min(tokens, most) / CONTEXT_STEP) * CONTEXT_STEP,
    );
    const found: Proposed[] = [];
    for (const clientContext of new Set(contexts)) {
      if (clientContext < LEAST) continue;
      yield;
      const settled = settle(plan, before, { clientContext });
      if (settled !== undefined) {
        found.push({ ...settled, title: `Set ${formatCount(clientContext)} Tokens in the Client` });
      }
    }
    return found;
  },
};
