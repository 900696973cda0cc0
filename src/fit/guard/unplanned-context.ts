import { notedFor } from "../noted-need";
import { formatContext } from "../units";
import type { Rule } from "./notice";
import { defaultContextOf, type Watched, type WatchedModel, watchedKey } from "./watched";

/**
 * The larger context that a model is loaded at than it was planned for; a smaller one takes no memory from anybody. Where
 * the plan was Ollama's default, one that's no larger than its default under the limit now in force is no surprise: Ollama
 * may have started since.
 */
export function unplannedContext(
  watched: Watched,
  model: WatchedModel,
): { readonly now: number; readonly planned: number } | undefined {
  const { contextLength, engine } = model;
  const plan = notedFor(watched.planned, model);
  if (engine === "mlx" || contextLength === undefined || plan === undefined) return undefined;
  const most = Math.max(plan.context, plan.isDefault ? (defaultContextOf(watched) ?? 0) : 0);
  return contextLength <= most ? undefined : { now: contextLength, planned: plan.context };
}

/** A model that llama.cpp runs is loaded at a larger context than it was planned for, and didn't spill yet. */
export const contextNotPlanned: Rule = {
  word: "context",
  isTold: ({ loaded }) => loaded !== undefined,
  find: (watched) =>
    (watched.loaded ?? []).flatMap((model) => {
      const context = unplannedContext(watched, model);
      if (context === undefined || model.vramBytes < model.sizeBytes) return [];
      return [
        {
          id: `context ${watchedKey(model)}`,
          title: `${model.name} Has a Larger Context`,
          detail: `A client asked for ${formatContext(context.now)}, or Ollama's settings changed: when last read, they gave ${formatContext(context.planned)}.`,
          way: { kind: "make-it-fit", name: model.name, runner: model.runner },
        },
      ];
    }),
};
