import { rulesOf } from "../runners";
import { formatBytes } from "../units";
import { verdictSentence } from "../verdict-text";
import { needsHelp } from "./plan-input";
import type { Proposal } from "./proposal";

/**
 * The GGUF build of an MLX model, where none is installed: num_ctx, a q8_0 KV cache and spilling work there. What it
 * comes to is known once it's pulled, so that it's never recommended.
 */
export const ggufBuild: Proposal = {
  *propose(plan, before) {
    const { input, sibling, gguf } = plan;
    const { levers } = rulesOf(input.model);
    if (!needsHelp(plan, before) || sibling !== undefined) return [];
    if (!levers.pullBuild || gguf?.kind === "missing") return [];
    yield;
    const pullBuild = gguf?.kind === "published" ? gguf : { unchecked: gguf?.reason };
    const weights = gguf?.kind === "published" ? ` It has ${formatBytes(gguf.weightBytes)} of weights.` : "";
    return [
      {
        title: "Take the GGUF Build",
        changes: { pullBuild },
        after: before,
        isOpen: true,
        isPoor: true,
        sentence: `llama.cpp would run it: num_ctx, a q8_0 KV cache and spilling work there.${weights} Its verdict is known once it's pulled. The MLX build: ${verdictSentence(before)}`,
      },
    ];
  },
};
