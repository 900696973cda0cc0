import { tierAfterRestart } from "../limit-preview";
import { formatBytes, formatContext } from "../units";
import { judge } from "../verdict";
import { alreadyFits } from "./already-fits";
import { capped, raisedAndCapped } from "./smaller-context";
import { impossible } from "./impossible";
import { quantizedCache } from "./quantized-kv-cache";
import { raised } from "./higher-limit";
import { type KnownVerdict, type Plan, type PlanOption, rankOptions } from "./options";
import type { PlanInput } from "./plan-input";
import { ramShortage } from "./ram";
import { smallerBuild, smallerBuildAndMore } from "./smaller-build";

/** The ways to make one model fit, least intrusive first, each judged by the list's own verdict. */
export function makePlan(plan: PlanInput): Plan {
  const before = judge(plan.input);
  if (before.kind === "unknown") return { kind: "unknown", before, reason: before.reason };
  const found = [alreadyFits, raised, capped, raisedAndCapped, quantizedCache, smallerBuild].flatMap((candidate) =>
    candidate(plan, before),
  );
  // A better build with a smaller context or a higher limit stands before a poor one alone.
  const isNotEnough = found.every((option) => option.isPoor);
  const options = rankOptions(isNotEnough ? [...found, ...smallerBuildAndMore(plan, before)] : found);
  if (options.length > 0) {
    const isPoor = options.every((option) => option.isPoor);
    return {
      kind: "options",
      before,
      options: options.map(withNotes(plan, before)),
      instead: isPoor ? impossible(plan, before) : undefined,
    };
  }
  const doubt = cannotPromise(before);
  return doubt === undefined
    ? { kind: "impossible", before, impossible: impossible(plan, before) }
    : { kind: "unknown", before, reason: doubt };
}

/** No change leads to Fits where the limit or the server is not known well enough: that is no "does not fit". */
function cannotPromise({ limit, run }: KnownVerdict): string | undefined {
  const doubt = limit.estimated ? `The limit is ${limit.sourceText}.` : run.cautions[0];
  return doubt === undefined ? undefined : `${doubt} So nothing can be promised to make it fit.`;
}

/**
 * Adds what holds for any option: the default context of other models that moves with the limit, RAM that is short, and
 * a context that was chosen only to judge at.
 */
function withNotes(plan: PlanInput, before: KnownVerdict): (option: PlanOption) => PlanOption {
  const chosen = chosenContext(plan, before);
  return (option) => {
    const short = option.kind === "close-apps" ? undefined : ramShortage(plan, option.after);
    const { limitMib, kvCacheType } = option.changes;
    const tier =
      limitMib === undefined && kvCacheType === undefined
        ? undefined
        : tierAfterRestart(option.after.limit.bytes, plan.input.server, before.limit);
    const notes = [
      ...(tier === undefined ? [] : [tier]),
      ...(short === undefined
        ? []
        : [`${formatBytes(short)} of RAM are in use by other things now: close apps, or macOS compresses and swaps`]),
      ...(chosen === undefined || option.changes.numCtx !== undefined ? [] : [chosen]),
    ];
    return notes.length === 0 ? option : { ...option, costs: [...option.costs, ...notes] };
  };
}

function chosenContext({ input }: PlanInput, before: KnownVerdict): string | undefined {
  if (input.options.context === "effective") return undefined;
  const effective = judge({ ...input, options: { ...input.options, context: "effective" } });
  const numCtx = effective.run?.numCtx.value;
  return numCtx === undefined || numCtx === before.run.numCtx.value
    ? undefined
    : `Holds at ${formatContext(before.run.numCtx.value)}, as chosen to judge at: unless a request asks for it, Ollama runs the model at ${formatContext(numCtx)}`;
}
