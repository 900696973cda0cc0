import { ROUND_CONTEXTS } from "./largest-context";
import { formatBytes, formatContext } from "./units";
import { contextOf, type JudgeInput, judgeAtContext, type KnownVerdict, needBytes } from "./verdict";
import { VERDICT_TITLES } from "./verdict-text";

/** What a model needs at one context. */
export interface ContextNeed {
  readonly numCtx: number;
  readonly verdict: KnownVerdict;
  /** It's the context that the model is judged at. */
  readonly isCurrent: boolean;
}

/**
 * A model at the round contexts from 4K up to the longest it was trained for, at that one, and at the one it's judged at
 * now, shortest first. Each is judged as the list judges; none where nothing is known, and where no context helps as the
 * weights alone are refused.
 */
export function contextNeeds(input: JudgeInput, now: KnownVerdict): readonly ContextNeed[] {
  if (now.kind === "wont-load") return [];
  const current = contextOf(now).value;
  const most = now.run.trainedContext ?? current;
  const contexts = new Set([...ROUND_CONTEXTS.filter((round) => round < most), most, current]);
  return [...contexts]
    .toSorted((one, other) => one - other)
    .flatMap((numCtx) => {
      const isCurrent = numCtx === current;
      const verdict = isCurrent ? now : judgeAtContext(input, numCtx);
      return verdict.kind === "unknown" ? [] : [{ numCtx, verdict, isCurrent }];
    });
}

/** A context as a line: title "64K Context", text "50.1 GiB · Fits". */
export function contextNeedLine({ numCtx, verdict }: ContextNeed): { readonly title: string; readonly text: string } {
  return {
    title: `${formatContext(numCtx)} Context`,
    text: `${formatBytes(needBytes(verdict))} · ${VERDICT_TITLES[verdict.kind]}`,
  };
}
