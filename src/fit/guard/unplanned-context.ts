import { notedFor, type PlannedContext } from "../noted-need";
import { formatContext } from "../units";
import type { Rule } from "./notice";
import { type WatchedModel, watchedKey } from "./watched";

/** The larger context that a model is loaded at than it was planned for; a smaller one takes no memory from anybody. */
export function unplannedContext(
  planned: readonly PlannedContext[],
  model: WatchedModel,
): { readonly now: number; readonly planned: number } | undefined {
  const { contextLength, engine } = model;
  const plan = notedFor(planned, model)?.context;
  if (engine === "mlx" || contextLength === undefined || plan === undefined || contextLength <= plan) return undefined;
  return { now: contextLength, planned: plan };
}

/** A model that llama.cpp runs is loaded at a larger context than it was planned for, and didn't spill yet. */
export const contextNotPlanned: Rule = {
  word: "context",
  isTold: ({ loaded }) => loaded !== undefined,
  find: ({ loaded = [], planned }) =>
    loaded.flatMap((model) => {
      const context = unplannedContext(planned, model);
      if (context === undefined || model.vramBytes < model.sizeBytes) return [];
      return [
        {
          id: `context ${watchedKey(model)}`,
          title: `${model.name} Has a Larger Context`,
          detail: `A client asked for ${formatContext(context.now)}. Ollama would use ${formatContext(context.planned)}.`,
          way: { kind: "make-it-fit", name: model.name, runner: model.runner },
        },
      ];
    }),
};
