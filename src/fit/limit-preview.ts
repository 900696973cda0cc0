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
import { buildTitle } from "./model-builds";
import { listNames } from "./model-name";
import { formatBytes, formatContext, formatMib, formatPercent, MIB } from "./units";
import { fitsLimit, judge, type JudgeInput, swaps } from "./verdict";

/** What a limit would change, in words for the form. */
export interface LimitPreview {
  readonly share: string;
  /** Models that begin to fit, that begin to fit the limit but would swap, and that no longer fit it. */
  readonly starting: readonly string[];
  readonly swapping: readonly string[];
  readonly stopping: readonly string[];
  /** Set where Ollama's default context changes once it restarts under the limit. */
  readonly tier?: string;
}

/** Effects of a limit of `mib` (0 = macOS default) on this Mac and on the models with known metadata. */
export function limitPreview(mib: number, advice: LimitAdvice, inputs: readonly JudgeInput[]): LimitPreview {
  const bytes = (mib === 0 ? advice.defaultMib : mib) * MIB;
  const limit = limitOnceSet(bytes, mib === 0 && advice.defaultEstimated);
  const changes = inputs.map((input) => ({
    name: buildTitle(input.model),
    before: fitsLimit(judge(input)),
    after: judge({ ...input, limit }),
  }));
  const named = (holds: (change: (typeof changes)[number]) => boolean) => changes.filter(holds).map(({ name }) => name);
  const [first] = inputs;
  const tier = first && tierText(bytes, first.server, first.limit);
  return {
    share: `${formatPercent(bytes / (advice.ramMib * MIB))} of RAM, ${formatBytes(advice.ramMib * MIB - bytes)} left for macOS`,
    starting: named(({ before, after }) => !before && after.kind === "fits"),
    swapping: named(({ before, after }) => !before && fitsLimit(after) && swaps(after)),
    stopping: named(({ before, after }) => before && !fitsLimit(after)),
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
    `Once Ollama restarts, its default context changes from ${formatContext(change.before)} to ${formatContext(change.after)} for every GGUF model without its own: set num_ctx or OLLAMA_CONTEXT_LENGTH first.`
  );
}

/** The hint under the field: what is allowed, what it means and changes; for a limit that is refused only why. */
export function limitHint(check: LimitCheck, effects: LimitPreview): string {
  if (check.kind === "refused") return check.reason;
  const warning = "warning" in check ? [check.warning] : [];
  return [`${effects.share}.`, ...warning, ...effectLines(effects)].join("\n");
}

/** What a limit changes for models, as sentences; none where nothing. */
export function effectLines(effects: LimitPreview): readonly string[] {
  return [
    ...(effects.starting.length > 0 ? [`Models that start to fit: ${listNames(effects.starting)}.`] : []),
    ...(effects.swapping.length > 0 ? [`Models that would fit, but swap: ${listNames(effects.swapping)}.`] : []),
    ...(effects.stopping.length > 0 ? [`Models that no longer fit: ${listNames(effects.stopping)}.`] : []),
    ...(effects.tier ? [effects.tier] : []),
  ];
}

/** What a low-water mark that some tool set does; this extension only shows it. */
export function lowWaterText(mib: number): string {
  return `Up to ${formatMib(mib)} stays wired for the GPU while it's idle: another tool set iogpu.wired_lwm_mb. GPU Limit doesn't change it.`;
}

/** Why the recommended value is what it is, or that there's nothing to gain. */
export function recommendationText(advice: LimitAdvice): string {
  const { recommendedMib, defaultMib, reserveBytes } = advice;
  const why =
    recommendedMib === undefined
      ? `macOS already gives the GPU ${formatMib(defaultMib)}. Keeping ${formatBytes(reserveBytes)} for macOS, a higher limit isn't worth it on this Mac.`
      : `${formatMib(recommendedMib)}: keeps ${formatBytes(reserveBytes)} for macOS and your apps, and gives models ${formatBytes((recommendedMib - defaultMib) * MIB)} more than the default.`;
  const { refusedReserveBytes: refused = reserveBytes } = advice;
  return [
    why,
    excessiveReserveText(advice),
    refused < reserveBytes
      ? `The ${formatBytes(refused)} in the preferences is too little for macOS, so it isn't used.`
      : undefined,
  ]
    .filter((sentence) => sentence !== undefined)
    .join(" ");
}

/** That the reserve in the preferences isn't used, where it's the whole of the RAM or more; likely meant in MiB. */
export function excessiveReserveText({ refusedReserveBytes = 0, ramMib }: LimitAdvice): string | undefined {
  return refusedReserveBytes >= ramMib * MIB
    ? `The ${formatBytes(refusedReserveBytes)} to keep for macOS would leave models nothing, so it isn't used.`
    : undefined;
}
