import type { LoadedModel } from "./facts";
import { buildOf } from "./model-builds";
import type { NotedNeed, PlannedContext } from "./noted-need";
import { resolveRun } from "./run-settings";
import {
  contextOf,
  expectedReport,
  judgeAtContext,
  type JudgeInput,
  type KnownVerdict,
  runInput,
  type Verdict,
} from "./verdict";

/** A model that was judged. */
export interface JudgedModel {
  readonly input: JudgeInput;
  readonly verdict: Verdict;
}

/**
 * What to leave for commands without an estimator: each model's need at the context it was judged at, and of a loaded one
 * also at the context it's loaded at. Models that nothing is known of are left out.
 */
export function needsToNote(judged: readonly JudgedModel[], loaded: readonly LoadedModel[]): readonly NotedNeed[] {
  const models = judged.map(({ input }) => input.model);
  const asLoaded = loaded.flatMap((resident) => {
    const build = buildOf(resident, models);
    const found = judged.find(({ input }) => input.model === build);
    if (found === undefined || resident.contextLength === undefined) return [];
    if (contextOf(found.verdict)?.value === resident.contextLength) return [];
    return [{ input: found.input, verdict: judgeAtContext(found.input, resident.contextLength) }];
  });
  return [...asLoaded, ...judged].flatMap(({ input, verdict }) => {
    if (verdict.kind === "unknown" || verdict.kind === "wont-load") return [];
    const { name, digest } = input.model;
    const { engine } = verdict;
    return [{ name, digest, engine, context: contextOf(verdict).value, ...needAndSettings(verdict) }];
  });
}

function needAndSettings(verdict: KnownVerdict): Pick<NotedNeed, "bytes" | "settings"> {
  if (verdict.engine === "mlx") return { bytes: Math.round(verdict.estimate.high), settings: "" };
  const { kvCacheType, parallel, batch, flashAttention, runtime } = verdict.run;
  const settings = [kvCacheType, parallel, batch, flashAttention, runtime].map(({ value }) => String(value)).join(" ");
  // What Show GPU Memory counts such a model with, too (loaded-size.ts): two screens don't disagree.
  return { bytes: Math.round(expectedReport(verdict.estimate)), settings };
}

/** What each model would be loaded at if no request asked for another context; MLX models have no such thing. */
export function contextsToNote(judged: readonly JudgedModel[]): readonly PlannedContext[] {
  return judged.flatMap(({ input }) => {
    const { model, description, options } = input;
    if ("kind" in description) return [];
    const run = resolveRun(runInput({ ...input, options: { ...options, context: "default" } }, description));
    if ("kind" in run || run.numCtx.assumed) return [];
    return [{ name: model.name, digest: model.digest, context: run.numCtx.value }];
  });
}
