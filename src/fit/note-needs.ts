import type { LoadedModel } from "./facts";
import { expectedSize, growthOf } from "./loaded-size";
import { buildOf } from "./model-builds";
import type { NotedNeed, PlannedContext } from "./noted-need";
import { followsTier } from "./run-context";
import type { JudgeOptions } from "./run-input";
import { type ModelRun, resolveRun } from "./run-settings";
import { rulesOf } from "./runners";
import { contextOf, type JudgeInput, runInput, type Verdict } from "./verdict";
import { parseVersion } from "./version";

/** A model that was judged. */
export interface JudgedModel {
  readonly input: JudgeInput;
  readonly verdict: Verdict;
}

/**
 * What to leave for commands without an estimator: each model's need at the context it was judged at, and of a loaded one
 * also at the context it's loaded at. That's what Show GPU Memory counts it with, too, by the same `options`. Models that
 * nothing is known of are left out.
 */
export function needsToNote(
  judged: readonly JudgedModel[],
  loaded: readonly LoadedModel[],
  options: JudgeOptions,
): readonly NotedNeed[] {
  const models = judged.map(({ input }) => input.model);
  return judged.flatMap(({ input, verdict }) => {
    const { model } = input;
    if (rulesOf(model).cache === "grows") return growingNeed({ ...input, options });
    const asLoaded = loaded.filter((each) => buildOf(each, models) === model).map((each) => each.contextLength);
    return [...new Set([...asLoaded, contextOf(verdict)?.value])].flatMap((context) =>
      context === undefined ? [] : llamaNeed({ ...input, options }, context),
    );
  });
}

function llamaNeed(input: JudgeInput, context: number): readonly NotedNeed[] {
  const { name, digest } = input.model;
  const expected = expectedSize(input, context);
  if (expected === undefined) return [];
  const bytes = Math.round(expected.bytes);
  const atLeast = Math.max(0, Math.round(expected.atLeast));
  return [{ name, digest, engine: "llama", context, settings: settingsText(expected.run), bytes, atLeast }];
}

/** Its context is only displayed: such a model has one need, whatever it's loaded at. */
function growingNeed(input: JudgeInput): readonly NotedNeed[] {
  const { name, digest } = input.model;
  const growth = growthOf(input);
  if (growth === undefined) return [];
  const { peakBytes, tokens: context } = growth;
  return [{ name, digest, engine: "mlx", context, settings: "", bytes: Math.round(peakBytes), atLeast: 0 }];
}

function settingsText({ kvCacheType, parallel, batch, flashAttention, runtime }: ModelRun): string {
  return [kvCacheType, parallel, batch, flashAttention, runtime].map(({ value }) => String(value)).join(" ");
}

/** What each model would be loaded at if no request asked for another context; MLX models have no such thing. */
export function contextsToNote(judged: readonly JudgedModel[]): readonly PlannedContext[] {
  return judged.flatMap(({ input }) => {
    const { model, description, options, server } = input;
    if ("kind" in description) return [];
    const asked = runInput({ ...input, options: { ...options, context: "default" } }, description);
    const run = resolveRun(asked);
    if ("kind" in run || run.numCtx.assumed) return [];
    const isDefault = followsTier(asked, parseVersion(server.version));
    return [{ name: model.name, digest: model.digest, context: run.numCtx.value, isDefault }];
  });
}
