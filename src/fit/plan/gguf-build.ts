import { searchLargestContext } from "../largest-context";
import { rulesOf } from "../runners";
import type { Steps } from "../steps";
import { formatContext, formatCount } from "../units";
import { contextOf, fitsLimit, judge, type KnownVerdict } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { applyChanges, type PullBuildChange } from "./changes";
import { needsHelp, type PlanInput } from "./plan-input";
import type { Proposal } from "./proposal";
import { takeBuild } from "./take-build";
import { unknownBuild } from "./unknown-build";

const TITLE = "Use the GGUF Build";

/**
 * The GGUF build of an MLX model, where none is installed: num_ctx, a q8_0 KV cache and spilling work there. Its verdict
 * is its own, by the header that its registry has of it.
 */
export const ggufBuild: Proposal = {
  *propose(plan, before) {
    const { input, sibling, gguf } = plan;
    const { levers } = rulesOf(input.model);
    if (!needsHelp(plan, before) || sibling !== undefined) return [];
    if (!levers.pullBuild || gguf?.kind === "missing") return [];
    if (gguf?.kind !== "published") {
      const pullBuild = { kind: "unconfirmed", engine: "llama", unchecked: gguf?.reason } as const;
      return [unknownBuild(plan, before, { title: TITLE, pullBuild })];
    }
    const taken = yield* takeBuild(plan, before, { pullBuild: gguf }, TITLE);
    if (taken === undefined) return [unknownBuild(plan, before, { title: TITLE, pullBuild: gguf })];
    const { way, alone } = taken;
    const context = yield* contextText(plan, gguf, alone);
    return [{ ...way, sentence: `${verdictSentence(way.after)} ${context}`.trimEnd() }];
  },
};

/** Which context Ollama gives it, and where it doesn't fit at the judged one, the largest at which it does. */
function* contextText({ input }: PlanInput, pullBuild: PullBuildChange, alone: KnownVerdict): Steps<string> {
  const state = applyChanges(input, { pullBuild });
  const given = contextOf(judge({ ...state, options: { ...state.options, context: "default" } }));
  const words = given && `Unless a request says otherwise, it runs at ${formatContext(given.value)}: ${given.source}.`;
  if (fitsLimit(alone)) return words ?? "";
  const most = yield* searchLargestContext(state, contextOf(alone).value);
  const fits = most === undefined ? "It doesn't fit at any context." : `It fits up to ${formatCount(most)} tokens.`;
  return [words, fits].filter((each) => each !== undefined).join(" ");
}
