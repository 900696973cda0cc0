import { formatContext } from "../units";
import type { Rule } from "./notice";
import { defaultContextOf } from "./watched";

/** Another limit makes Ollama choose another default context at its next start. */
export const tierMoved: Rule = {
  word: "tier",
  isTold: ({ mac, server }) => mac !== undefined && !mac.limit.estimated && server !== undefined,
  find: (watched, { tier }) => {
    const next = defaultContextOf(watched);
    if (next === undefined || tier === undefined || next === tier) return [];
    const effect = next > tier ? "more" : "less";
    return [
      {
        id: `tier ${tier} ${next}`,
        title: `Ollama's Default Context Will Be ${formatContext(next)}`,
        detail: `It was ${formatContext(tier)} when last read. Once Ollama has started under this limit, models without num_ctx take ${effect} memory.`,
        way: { kind: "show-memory" },
      },
    ];
  },
};
