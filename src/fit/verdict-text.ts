import type { ModelRun } from "./run-settings";
import type { Setting } from "./run-input";
import { inForceBytes, limitText } from "./limit-policy";
import { offloadText } from "./partial-offload";
import { ramText } from "./ram";
import type { MlxRun } from "./mlx-run";
import { mlxBadgeText, mlxNoteLines, mlxVerdictSentence, safeSentence } from "./mlx-verdict-text";
import { TIGHT_WORDS } from "./tight";
import { SUM_TITLES, TERM_TITLES, type TermTitle } from "./sum-names";
import { formatBytes, formatContext, formatPercent } from "./units";
import {
  type KnownVerdict,
  needBytes,
  needRange,
  swaps,
  type Verdict,
  type VerdictKind,
  type VerdictOf,
} from "./verdict";

/** Verdict names as people see them, best first. */
export const VERDICT_TITLES: Readonly<Record<VerdictKind, string>> = {
  fits: "Fits",
  tight: "Tight",
  spills: "Spills",
  over: "Over the Limit",
  fails: "Fails",
  "too-big": "Too Big",
  "wont-load": "Won't Load",
  unknown: "Unknown",
};

/**
 * The badge: "Fits · 32K", "Fits · 256K, asked for by a client", "Spills 4.2 GiB · 256K", "Tight, Swaps 3.1 GiB · 32K",
 * "Over the Limit · 32K", "Unknown"; with MLX "Fits to 182K", "Tight above 182K", "Fails above 214K",
 * "Won't Load: 18.4 of 17.3 GiB".
 */
export function badgeText(verdict: Verdict): string {
  if (verdict.kind === "unknown") return VERDICT_TITLES.unknown;
  if (verdict.engine === "mlx") return mlxBadgeText(verdict.mlx, verdict.ram);
  const { numCtx, isAskedByClient } = verdict.run;
  const asked = isAskedByClient ? `, ${numCtx.source}` : "";
  return `${VERDICT_TITLES[verdict.kind]}${missingText(verdict)} · ${formatContext(numCtx.value)}${asked}`;
}

/** What the model lacks: memory below the limit, or RAM. */
function missingText(verdict: VerdictOf<"llama">): string {
  if (verdict.kind === "spills") return ` ${formatBytes(verdict.missingBytes)}`;
  return verdict.kind === "tight" && verdict.cause === "swap"
    ? `, Swaps ${formatBytes(verdict.ram?.shortBytes ?? 0)}`
    : "";
}

/** One labelled line of the sum. */
export interface Term {
  readonly title: TermTitle;
  readonly bytes: number;
  readonly text: string;
}

/** The sum term by term; terms of 0 bytes other than the weights and the KV cache are left out. */
export function termsOf(verdict: KnownVerdict): readonly Term[] {
  const { weights, kvCache, state, scores, working, margin } = TERM_TITLES;
  if (verdict.kind === "wont-load") {
    return [
      term(weights, verdict.estimate.weights),
      term(margin, verdict.limit.bytes - verdict.allowedBytes, " (by Ollama's check)"),
    ];
  }
  if (verdict.engine === "mlx") {
    const { estimate } = verdict;
    return [
      term(weights, estimate.weights),
      term(kvCache, estimate.kvCache),
      ...(estimate.recurrentState > 0 ? [term(state, estimate.recurrentState)] : []),
      ...(estimate.scratch > 0 ? [about(scores, estimate.scratch)] : []),
      about(working, estimate.constant),
    ];
  }
  return llamaTerms(verdict);
}

/** The same with llama.cpp, where the limit needn't be known. */
export function llamaTerms({ estimate, run }: Pick<VerdictOf<"llama">, "estimate" | "run">): readonly Term[] {
  const { weights, kvCache, state, compute, projector, images, adapter, margin } = TERM_TITLES;
  const imagesBand = estimate.projectorUncertainty;
  return [
    term(weights, estimate.weights),
    term(kvCache, estimate.kvCache),
    ...(estimate.recurrentState > 0 ? [term(state, estimate.recurrentState)] : []),
    around(compute, estimate.compute, estimate.uncertainty - imagesBand),
    ...(estimate.projector > 0 ? [term(projector, estimate.projector)] : []),
    ...(estimate.projectorCompute > 0 ? [around(images, estimate.projectorCompute, imagesBand)] : []),
    ...(estimate.adapters > 0 ? [term(adapter, estimate.adapters)] : []),
    ...(run.margin.value > 0 ? [term(margin, run.margin.value)] : []),
  ];
}

/** A labelled line of the detail. */
export interface Line {
  readonly title: string;
  readonly text: string;
}

function term(title: Term["title"], bytes: number, note = ""): Term {
  return { title, bytes, text: `${formatBytes(bytes)}${note}` };
}

function about(title: Term["title"], bytes: number): Term {
  return { title, bytes, text: `about ${formatBytes(bytes)}` };
}

/** A term with its own part of the estimate's band. */
function around(title: Term["title"], bytes: number, band: number): Term {
  return term(title, bytes, band > 0 ? ` ± ${formatBytes(band)}` : "");
}

/** What a model needs in all: "55.4 GiB (margin included)"; with MLX at the peak of a prompt, "about 25.1 GiB at its peak". */
export function totalText(verdict: KnownVerdict): string {
  const total = formatBytes(needBytes(verdict));
  return verdict.engine === "mlx" && verdict.kind !== "wont-load"
    ? `about ${total} at its peak`
    : `${total} (margin included)`;
}

/** What the terms come to, against the limit. */
export function sumLines(verdict: KnownVerdict): readonly Line[] {
  const { limit, spareBytes } = verdict;
  const { low, high } = needRange(verdict);
  const isPeak = verdict.engine === "mlx" && verdict.kind !== "wont-load";
  return [
    { title: SUM_TITLES.total, text: totalText(verdict) },
    ...(isPeak ? [{ title: "Range", text: `${formatBytes(low)} to ${formatBytes(high)}` }] : []),
    { title: SUM_TITLES.limit, text: `${limitText(limit)} (${limit.sourceText})` },
    { title: spareBytes < 0 ? SUM_TITLES.missing : SUM_TITLES.spare, text: formatBytes(Math.abs(spareBytes)) },
  ];
}

/** What else there is to know of a verdict: its cautions, and what its runner does beside it. */
export function noteLines(verdict: KnownVerdict): readonly Line[] {
  const cautions = verdict.cautions.map((text) => ({ title: "Note", text }));
  return verdict.engine === "mlx" ? [...mlxNoteLines(verdict.mlx, verdict.run), ...cautions] : cautions;
}

/** The settings the sum rests on, each with its source. */
export function settingsOf(run: ModelRun | MlxRun): readonly Line[] {
  const line = <T>(title: string, setting: Setting<T>, value: string) => ({
    title,
    text: `${value} · ${setting.assumed ? "assumed: " : ""}${setting.source}`,
  });
  if (!("numCtx" in run)) return [line("Context", run.context, `${formatContext(run.context.value)} tokens`)];
  return [
    line("Context", run.numCtx, `${formatContext(run.numCtx.value)} tokens`),
    line("KV Cache Type", run.kvCacheType, run.kvCacheType.value),
    line("Parallel Slots", run.parallel, String(run.parallel.value)),
    line("Batch", run.batch, String(run.batch.value)),
    line("Flash Attention", run.flashAttention, run.flashAttention.value),
    ...(run.draftNumPredict ? [line("Drafted Tokens", run.draftNumPredict, String(run.draftNumPredict.value))] : []),
    line("Memory Rules", run.runtime, `llama.cpp ${run.runtime.value}`),
  ];
}

/** Names of the settings that couldn't be detected and are taken at their documented default. */
export function assumedSettings(run: ModelRun): readonly string[] {
  return [
    ...(run.numCtx.assumed ? ["context"] : []),
    ...(run.kvCacheType.assumed ? [`KV type ${run.kvCacheType.value}`] : []),
    ...(run.parallel.assumed ? [`${run.parallel.value} slot${run.parallel.value === 1 ? "" : "s"}`] : []),
    ...(run.flashAttention.assumed ? [`flash attention ${run.flashAttention.value}`] : []),
    ...(run.margin.assumed ? ["an Ollama of 0.30 or newer"] : []),
  ];
}

/** The tooltip of a badge: the sum against the limit, and what is assumed. */
export function tooltipText(verdict: Verdict): string {
  if (verdict.kind === "unknown") return verdict.reason;
  const sum = termsOf(verdict)
    .map((term) => `${term.title} ${term.text}`)
    .join(" + ");
  const need = needBytes(verdict);
  const assumptions = verdict.engine === "mlx" ? [] : assumedSettings(verdict.run);
  return [
    `${sum} = ${formatBytes(need)} of ${limitText(verdict.limit)} (limit: ${verdict.limit.sourceText})`,
    ...(verdict.kind === "tight" ? [verdict.because] : []),
    ...(verdict.engine === "mlx" && verdict.kind !== "wont-load" ? [safeSentence(verdict.mlx)] : []),
    ...("offload" in verdict && verdict.offload ? [offloadText(verdict.offload)] : []),
    ...verdict.cautions.filter((caution) => verdict.kind !== "tight" || caution !== verdict.because),
    ...(assumptions.length > 0 ? [`Assumed: ${assumptions.join(", ")}.`] : []),
  ].join("\n");
}

/** What a person would say: "51.8 GiB limit, 32K context: fits with 3.0 GiB to spare." */
export function verdictSentence(verdict: Verdict): string {
  if (verdict.kind === "unknown") return verdict.reason;
  if (verdict.engine === "mlx") return mlxVerdictSentence({ ...verdict.mlx, ...whyOf(verdict) });
  const start = `${formatBytes(verdict.limit.bytes)} limit, ${formatContext(verdict.run.numCtx.value)} context:`;
  switch (verdict.kind) {
    case "fits":
      return `${start} fits with ${formatBytes(verdict.spareBytes)} to spare.`;
    case "tight":
      return `${start} ${TIGHT_WORDS[verdict.cause](` with ${formatBytes(verdict.spareBytes)} to spare`)}. ${verdict.because}`;
    case "spills":
      return `${start} ${formatBytes(verdict.missingBytes)} too much${offloadPart(verdict) ?? "; that part spills to the CPU."}`;
    case "over":
      return `${start} ${formatBytes(verdict.missingBytes)} over the limit: fails to load or pages. Nothing spills, as ${whyNothingSpills(verdict)}.`;
    case "too-big":
      return `${start} ${formatBytes(verdict.missingBytes)} too much, and no safe limit on this Mac makes it fit${offloadPart(verdict) ?? "."}`;
  }
}

function whyNothingSpills({ run, limit }: VerdictOf<"llama">): string {
  return run.isForced ? run.margin.source : `${formatBytes(inForceBytes(limit))} is in force`;
}

/** The reason of a Tight one, which knows the RAM. */
const whyOf = (verdict: VerdictOf<"mlx">) => (verdict.kind === "tight" ? { because: verdict.because } : {});

type OverLimit = Extract<Verdict, { kind: "spills" | "too-big" }>;

/** How a model that's over the limit runs all the same, in a few words: "Runs, 11% on the CPU". */
export function runsText(verdict: OverLimit): string | undefined {
  const { offload } = verdict;
  return offload && `Runs, ${formatPercent(offload.cpuShare)} on the CPU${swaps(verdict) ? ", Swaps" : ""}`;
}

/** How it runs all the same, from the full stop of the sentence before on. */
function offloadPart(verdict: OverLimit): string | undefined {
  const { offload, ram } = verdict;
  const shortage = ram?.kind === "swaps" ? ` ${ramText(ram)}` : "";
  return offload && `. ${offloadText(offload)}${shortage}`;
}
