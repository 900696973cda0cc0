import { formatContext } from "../units";
import type { Rule } from "./notice";
import { defaultContextOf } from "./watched";

/** Another limit makes Ollama choose another default context at its next start. */
export const tierMoved: Rule = {
  needsServer: false,
  find: (watched, { tier }) => {
    const now = defaultContextOf(watched);
    if (now === undefined || tier === undefined || now === tier) return [];
    const effect = now > tier ? "more" : "less";
    return [
      {
        id: `tier ${tier} ${now}`,
        title: `Ollama's Default Context Is ${formatContext(now)} Next`,
        detail: `It was ${formatContext(tier)}. From its next start, models without num_ctx take ${effect} memory.`,
        way: { kind: "show-memory" },
      },
    ];
  },
};
