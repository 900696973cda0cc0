import { contextTier } from "./context-tier";
import type { LimitAdvice, LimitCheck } from "./limit-policy";
import { formatBytes, formatContext, formatMib, formatPercent, MIB } from "./units";
import { judge, type JudgeInput } from "./verdict";

/** What a limit would change, in words for the form. */
export interface LimitEffects {
  readonly share: string;
  /** Models whose verdict becomes Fits, and that lose it. */
  readonly starting: readonly string[];
  readonly stopping: readonly string[];
  /** Set where Ollama's default context changes once it restarts under the limit. */
  readonly tier?: string;
}

/** Effects of a limit of `mib` (0 = macOS default) on this Mac and on the models with known metadata. */
export function limitEffects(mib: number, advice: LimitAdvice, inputs: readonly JudgeInput[]): LimitEffects {
  const bytes = (mib === 0 ? advice.defaultMib : mib) * MIB;
  const changes = inputs.map((input) => {
    const before = judge(input).kind === "fits";
    const after =
      judge({
        ...input,
        limit: {
          kind: "known",
          bytes,
          source: "override",
          sourceText: "if it is set",
          estimated: mib === 0 && advice.defaultEstimated,
        },
      }).kind === "fits";
    return { name: input.model.name, before, after };
  });
  const tier = tierChange(bytes, inputs[0]);
  return {
    share: `${formatPercent(bytes / (advice.ramMib * MIB))} of RAM, ${formatBytes(advice.ramMib * MIB - bytes)} left for macOS`,
    starting: changes.filter(({ before, after }) => !before && after).map(({ name }) => name),
    stopping: changes.filter(({ before, after }) => before && !after).map(({ name }) => name),
    ...(tier === undefined ? {} : { tier }),
  };
}

function tierChange(bytes: number, input: JudgeInput | undefined): string | undefined {
  const now = input?.server.startupTotalBytes?.value ?? (input?.limit.kind === "known" ? input.limit.bytes : undefined);
  if (now === undefined || (input?.server.contextLength?.value ?? 0) > 0) return undefined;
  const overhead = input?.server.gpuOverheadBytes?.value ?? 0;
  const [before, after] = [contextTier(now, overhead), contextTier(bytes, overhead)];
  return before === after
    ? undefined
    : `Once Ollama restarts, its default context changes from ${formatContext(before)} to ${formatContext(after)} for every model without its own: set num_ctx or OLLAMA_CONTEXT_LENGTH first.`;
}

/** The hint under the field: what is allowed, what it means and changes; for a limit that is refused only why. */
export function limitHint(check: LimitCheck, effects: LimitEffects): string {
  if (check.kind === "refused") return check.reason;
  const models = (names: readonly string[]) =>
    names.slice(0, 4).join(", ") + (names.length > 4 ? ` and ${names.length - 4} more` : "");
  return [
    `${effects.share}.`,
    ...("warning" in check ? [check.warning] : []),
    ...(effects.starting.length > 0 ? [`Then fit: ${models(effects.starting)}.`] : []),
    ...(effects.stopping.length > 0 ? [`No longer fit: ${models(effects.stopping)}.`] : []),
    ...(effects.tier ? [effects.tier] : []),
  ].join("\n");
}

/** Why the recommended value is what it is, or that there is nothing to gain. */
export function recommendationText(advice: LimitAdvice): string {
  return advice.recommendedMib === undefined
    ? `macOS already gives the GPU ${formatMib(advice.defaultMib)}. Keeping ${formatBytes(advice.reserveBytes)} for macOS, a higher limit gains nothing on this Mac.`
    : `${formatMib(advice.recommendedMib)}: keeps ${formatBytes(advice.reserveBytes)} for macOS and your apps, and gives models ${formatBytes((advice.recommendedMib - advice.defaultMib) * MIB)} more than the default.`;
}
