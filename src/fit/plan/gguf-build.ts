import { searchLargestContext } from "../largest-context";
import { rulesOf } from "../runners";
import type { Steps } from "../steps";
import { formatContext, formatCount } from "../units";
import { contextOf, fitsLimit, type KnownVerdict } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { applyChanges, type PullBuildChange } from "./changes";
import { needsHelp, type PlanInput } from "./plan-input";
import type { Proposal } from "./proposal";
import { takeBuild } from "./take-build";
import { unknownBuild } from "./unknown-build";

const TITLE = "Take the GGUF Build";

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
    return [{ ...way, sentence: `${verdictSentence(way.after)} ${context}` }];
  },
};

/** Which context it gets if nothing sets one, and where it doesn't fit at that, the largest at which it does. */
function* contextText({ input }: PlanInput, pullBuild: PullBuildChange, alone: KnownVerdict): Steps<string> {
  const { value, source } = contextOf(alone);
  const given = `Nothing set, it runs at ${formatContext(value)}: ${source}.`;
  if (fitsLimit(alone)) return given;
  const most = yield* searchLargestContext(applyChanges(input, { pullBuild }), value);
  return most === undefined
    ? `${given} It doesn't fit at any context.`
    : `${given} It fits up to ${formatCount(most)} tokens.`;
}
