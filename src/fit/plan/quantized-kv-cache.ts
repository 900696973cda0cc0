import { needsHelp } from "./plan-input";
import type { Proposal } from "./proposal";
import { settle } from "./settle";

/** A KV cache of q8_0 instead of f16: about half of it, for every model of the server. */
export const quantizedKvCache: Proposal = {
  *propose(plan, before) {
    if (!needsHelp(plan, before) || before.engine !== "llama") return [];
    const present = before.run.kvCacheType.value;
    if (present !== "f16" && present !== "bf16") return [];
    yield;
    const settled = settle(plan, before, { kvCacheType: "q8_0" });
    return settled === undefined ? [] : [{ ...settled, title: "Quantize the KV Cache to q8_0" }];
  },
};
