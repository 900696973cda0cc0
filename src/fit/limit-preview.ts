import { tierAfterRestart } from "./context-tier";
import type { ServerFacts } from "./facts";
import {
  type GpuLimit,
  inForceBytes,
  type LimitAdvice,
  type LimitCheck,
  limitOnceSet,
  type UnknownGpuLimit,
} from "./limit-policy";
import { listNames } from "./model-name";
import { formatBytes, formatContext, formatMib, formatPercent, MIB } from "./units";
import { judge, type JudgeInput } from "./verdict";

/** What a limit would change, in words for the form. */
export interface LimitPreview {
  readonly share: string;
  /** Models whose verdict becomes Fits, and that lose it. */
  readonly starting: readonly string[];
  readonly stopping: readonly string[];
  /** Set where Ollama's default context changes once it restarts under the limit. */
  readonly tier?: string;
}

/** Effects of a limit of `mib` (0 = macOS default) on this Mac and on the models with known metadata. */
export function limitPreview(mib: number, advice: LimitAdvice, inputs: readonly JudgeInput[]): LimitPreview {
  const bytes = (mib === 0 ? advice.defaultMib : mib) * MIB;
  const changes = inputs.map((input) => {
    const before = judge(input).kind === "fits";
    const limit = limitOnceSet(bytes, mib === 0 && advice.defaultEstimated);
    const after = judge({ ...input, limit }).kind === "fits";
    return { name: input.model.name, before, after };
  });
  const [first] = inputs;
  const tier = first && tierText(bytes, first.server, first.limit);
  return {
    share: `${formatPercent(bytes / (advice.ramMib * MIB))} of RAM, ${formatBytes(advice.ramMib * MIB - bytes)} left for macOS`,
    starting: changes.filter(({ before, after }) => !before && after).map(({ name }) => name),
    stopping: changes.filter(({ before, after }) => before && !after).map(({ name }) => name),
    tier,
  };
}

/**
 * What a restart of Ollama under a limit of `bytes` does to its default context, as a sentence; undefined where it stays.
 */
export function tierText(bytes: number, server: ServerFacts, limit: GpuLimit | UnknownGpuLimit): string | undefined {
  const change = tierAfterRestart(server, bytes, limit.kind === "known" ? inForceBytes(limit) : undefined);
  return (
    change &&
    `Once Ollama restarts, its default context changes from ${formatContext(change.before)} to ${formatContext(change.after)} for every model without its own: set num_ctx or OLLAMA_CONTEXT_LENGTH first.`
  );
}

/** The hint under the field: what is allowed, what it means and changes; for a limit that is refused only why. */
export function limitHint(check: LimitCheck, effects: LimitPreview): string {
  if (check.kind === "refused") return check.reason;
  return [
    `${effects.share}.`,
    ...("warning" in check ? [check.warning] : []),
    ...(effects.starting.length > 0 ? [`Models that start to fit: ${listNames(effects.starting)}.`] : []),
    ...(effects.stopping.length > 0 ? [`Models that no longer fit: ${listNames(effects.stopping)}.`] : []),
    ...(effects.tier ? [effects.tier] : []),
  ].join("\n");
}

/** What a low-water mark that some tool set does; this extension only shows it. */
export function lowWaterText(mib: number): string {
  return `Up to ${formatMib(mib)} stay wired for the GPU while it's idle: another tool set iogpu.wired_lwm_mb. GPU Limit doesn't change it.`;
}

/** Why the recommended value is what it is, or that there is nothing to gain. */
export function recommendationText(advice: LimitAdvice): string {
  return advice.recommendedMib === undefined
    ? `macOS already gives the GPU ${formatMib(advice.defaultMib)}. With ${formatBytes(advice.reserveBytes)} kept for macOS, a higher limit gains nothing on this Mac.`
    : `${formatMib(advice.recommendedMib)}: keeps ${formatBytes(advice.reserveBytes)} for macOS and your apps, and gives models ${formatBytes((advice.recommendedMib - advice.defaultMib) * MIB)} more than the default.`;
}
