import { estimate } from "../memory/estimate";
import type { KnownEstimate, MemoryEstimate } from "../memory/estimate-types";
import { stringValue } from "../memory/metadata";
import type { RunSettings } from "../memory/settings";
import type { DescriptionResult, ModelDescription, ServerFacts } from "./facts";
import { CONTEXT_TIERS, contextTier } from "./context-tier";
import { judgeByMlx } from "./judge-mlx";
import { type GpuLimit, inForceBytes, leastLimitText, STATE_LIMIT } from "./limit-policy";
import { type Offload, partialOffload } from "./partial-offload";
import { balanceRam, RAM_UNREAD, ramText } from "./ram";
import { givenUpText } from "./releases";
import { isOffloadForced, type ModelRun, resolveRun, runAtContext, runSettings } from "./run-settings";
import type { RunInput, Setting } from "./run-input";
import { rulesOf } from "./runners";
import { isElsewhere, isInContainer } from "./server-origin";
import { formatBytes, MIB } from "./units";
import type { Judged, JudgeInput, KnownVerdict, LlamaNeed, Verdict } from "./verdict-types";
import { compareVersions, parseVersion } from "./version";

export type { JudgeInput, KnownVerdict, Verdict, VerdictKind, VerdictOf } from "./verdict-types";

/** Bytes a model needs below the limit: its sum, or its peak, and what is kept free beside it. */
export function needBytes(verdict: KnownVerdict): number {
  if (verdict.kind === "wont-load") return verdict.limit.bytes - verdict.spareBytes;
  return verdict.engine === "mlx" ? verdict.estimate.total : llamaBytes(verdict);
}

/** The same of a verdict that's unknown, where its sum is known all the same: where only the limit isn't. */
export function knownNeed({ estimate, run }: Extract<Verdict, { kind: "unknown" }>): number | undefined {
  return estimate && run && llamaBytes({ estimate, run });
}

/** The range, in bytes, that {@link needBytes} may really be in. */
export function needRange(verdict: KnownVerdict): { readonly low: number; readonly high: number } {
  const need = needBytes(verdict);
  if (verdict.kind === "wont-load") return { low: need, high: need };
  if (verdict.engine === "mlx") return verdict.estimate;
  const { uncertainty } = verdict.estimate;
  return { low: Math.max(0, need - uncertainty), high: need + uncertainty };
}

/** The context that a verdict holds for; of an unknown one that it would hold for, where that's known. */
export function contextOf(verdict: KnownVerdict): Setting<number>;
export function contextOf(verdict: Verdict): Setting<number> | undefined;
export function contextOf(verdict: Verdict): Setting<number> | undefined {
  return verdict.engine === "mlx" ? verdict.run.context : verdict.run?.numCtx;
}

/** Bytes that are kept free below the limit. */
export function marginBytes(verdict: KnownVerdict): number {
  return verdict.engine === "mlx" ? 0 : verdict.run.margin.value;
}

function llamaBytes({ estimate, run }: Pick<LlamaNeed, "estimate" | "run">): number {
  return estimate.total + run.margin.value;
}

/** Whether a model surely fits the limit, whatever the RAM: it fits, or it would swap and nothing else. */
export function fitsLimit(verdict: Verdict): verdict is Extract<Verdict, { kind: "fits" | "tight" }> {
  return verdict.kind === "fits" || (verdict.kind === "tight" && verdict.cause === "swap");
}

/** Whether the Mac would swap with the model loaded. */
export function swaps(verdict: Verdict): boolean {
  return verdict.kind !== "unknown" && verdict.ram?.kind === "swaps";
}

/**
 * Bytes of RAM a model needs: its sum on the GPU, and what of its file of `fileBytes` stays on the CPU. The margin is
 * no memory, it only stays free below the limit.
 */
export function ramNeed({ total, weights, projector, adapters }: KnownEstimate, fileBytes: number): number {
  return total + Math.max(0, fileBytes - weights - projector - adapters);
}

const NOT_MEASURED =
  "The compute buffer of this kind of model wasn't measured. It's worked out like the others, within a wider band.";

/** The context even the smallest sensible use needs: below it "Too Big" is the word. */
const SMALLEST_CONTEXT = 4096;

/**
 * Whether a model fits, at the context it would really run at: the one verdict that every screen shows. It judges the
 * model alone; `roomBeside` says how it fits beside what is loaded.
 */
export function judge(input: JudgeInput): Verdict {
  const { model, description, limit } = input;
  if (model.cloud) return { kind: "unknown", reason: "It runs in the cloud, not on this Mac." };
  const hindrance = tooOldText(input) ?? tooNewText(input) ?? noGpuText(input.server);
  if (hindrance !== undefined) return { kind: "unknown", reason: hindrance };
  if (rulesOf(model).engine === "mlx") return judgeByMlx(input);
  if ("kind" in description) return { kind: "unknown", reason: notGguf(description) };
  const uncovered = uncoveredPart(description);
  if (uncovered !== undefined) return { kind: "unknown", reason: uncovered };

  const run = resolveRun(runInput(input, description));
  if ("kind" in run) {
    const { identity } = input.server;
    // Of another machine a person can state the limit, and the context follows from it.
    const isAside = limit.kind === "unknown" && (isInContainer(identity) || !isElsewhere(identity));
    return { kind: "unknown", reason: isAside ? limit.reason : run.reason };
  }
  const sum = estimateModel(description, runSettings(run));
  if (sum.kind === "unknown") return { kind: "unknown", reason: sum.reason, run };
  if (limit.kind === "unknown") return { kind: "unknown", reason: limit.reason, run, estimate: sum };
  return compare(input, description, run, sum, limit);
}

/** Why a server can't load a model that asks for a newer Ollama, as a sentence. */
export function tooOldText({ description, server }: Pick<JudgeInput, "description" | "server">): string | undefined {
  const asked = "kind" in description ? undefined : parseVersion(description.requires);
  const version = parseVersion(server.version);
  if (asked === undefined || version === undefined) return undefined;
  return compareVersions(version, asked) < 0
    ? `It needs Ollama ${asked.join(".")} or newer, and this server is ${version.join(".")}: update Ollama first.`
    : undefined;
}

/** Why a server no longer runs a model of an old kind, as a sentence. */
function tooNewText({ description, server }: JudgeInput): string | undefined {
  if ("kind" in description) return undefined;
  return givenUpText(stringValue(description.metadata, "general.architecture") ?? "", server.version);
}

/** Why nothing can fit a GPU: the server found none when it started, as a sentence. */
export function noGpuText({ gpu }: ServerFacts): string | undefined {
  return gpu?.value === "none"
    ? `Ollama found no GPU when it started (${gpu.source}): everything runs on the CPU until it restarts.`
    : undefined;
}

/** The verdict at another context than the one the model would run at. */
export function judgeAtContext(input: JudgeInput, numCtx: number): Verdict {
  return judge({ ...input, options: { ...input.options, context: numCtx } });
}

/**
 * Bytes that Ollama reports for a model that is all on the GPU: llama-server's buffers, in which the weights are the
 * mapped range, and the projector and adapters are not (ollama's llm/llama_server.go, MemorySize and bufferSizeRegex).
 */
export function expectedReport({ mappedWeights, kvCache, recurrentState, compute }: KnownEstimate): number {
  return mappedWeights + kvCache + recurrentState + compute;
}

/** Whether Ollama's count of a loaded model leaves nothing out: only then it says how right the estimate was. */
export function isWhollyCounted(verdict: Verdict): boolean {
  return verdict.engine === "mlx" || !verdict.estimate?.uncountedCache;
}

/** Sum of a described model under settings, projector and adapters included. */
export function estimateModel(description: ModelDescription, settings: RunSettings): MemoryEstimate {
  const { metadata, projectors, adapters, weightBytes } = description;
  const sum = (files: ModelDescription["adapters"]) => files.reduce((total, { bytes = 0 }) => total + bytes, 0);
  return estimate(metadata, settings, { projectorBytes: sum(projectors), adapterBytes: sum(adapters), weightBytes });
}

function compare(
  input: JudgeInput,
  description: ModelDescription,
  run: ModelRun,
  sum: KnownEstimate,
  limit: GpuLimit,
): Verdict {
  const spareBytes = limit.bytes - llamaBytes({ estimate: sum, run });
  const isMapped = rulesOf(input.model).weights === "mapped";
  const ram = input.ram && balanceRam(input.ram, isMapped ? ramNeed(sum, input.model.sizeBytes) : sum.total);
  const shortage = ram && ramText(ram);
  const cautions = [
    ...(limit.estimated ? [`The limit is ${limit.sourceText}.`] : []),
    ...(limit.isLeast ? [STATE_LIMIT] : []),
    ...run.cautions,
    ...(limit.excess ? [limit.excess.warning] : []),
    ...(limit.disagreement ? [limit.disagreement] : []),
    ...(sum.measured ? [] : [NOT_MEASURED]),
    ...(shortage === undefined ? [] : [shortage]),
    ...(ram !== undefined && ram.othersBytes === undefined ? [RAM_UNREAD] : []),
  ];
  const judged: LlamaNeed & Judged = { engine: "llama", run, estimate: sum, limit, spareBytes, ram, cautions };
  if (limit.isLeast && spareBytes - sum.uncertainty < 0) {
    return { kind: "unknown", reason: leastLimitText(llamaBytes({ estimate: sum, run }), limit), run, estimate: sum };
  }
  if (spareBytes + sum.uncertainty < 0) {
    const missingBytes = -spareBytes;
    const isTooBig = cannotFitHere(input, description, run);
    if (run.isForced || fitsExcess(limit, llamaBytes({ estimate: sum, run }) + sum.uncertainty)) {
      return { kind: isTooBig ? "too-big" : "over", missingBytes, ...judged };
    }
    return { kind: isTooBig ? "too-big" : "spills", missingBytes, offload: offloadOf(description, judged), ...judged };
  }
  if (spareBytes - sum.uncertainty < 0) {
    return {
      kind: "tight",
      cause: "band",
      because: `The limit lies within the uncertainty of the estimate (± ${formatBytes(sum.uncertainty)}).`,
      ...judged,
    };
  }
  const firm = limit.estimated ? cautions[0] : run.cautions[0];
  if (firm !== undefined) return { kind: "tight", cause: "caution", because: firm, ...judged };
  if (ram?.kind === "swaps" && shortage !== undefined) {
    return { kind: "tight", cause: "swap", because: shortage, ...judged };
  }
  return { kind: "fits", ...judged };
}

/** Whether a need is met by what is in force beyond the highest safe limit: llama.cpp goes by that, and nothing spills. */
function fitsExcess({ excess }: GpuLimit, bytes: number): boolean {
  return excess !== undefined && bytes <= excess.inForceBytes;
}

/** How much llama.cpp moves to the CPU, where this Mac has so much memory at all. */
function offloadOf(
  { metadata, weightBytes }: ModelDescription,
  { run, estimate: sum, limit, ram }: LlamaNeed & Judged,
): Offload | undefined {
  if (ram !== undefined && ram.needBytes > ram.ramBytes) return undefined;
  // Of a build that isn't installed only the sum of its tensors is known.
  return weightBytes === undefined ? partialOffload(metadata, sum, limit.bytes - run.margin.value) : undefined;
}

/** Too big even at 4K (or the smaller context it runs at) under the highest limit this Mac may have. */
function cannotFitHere(input: JudgeInput, description: ModelDescription, run: ModelRun): boolean {
  if (input.highestLimitMib === undefined || input.limit.kind === "unknown") return false;
  const highest = Math.max(input.highestLimitMib * MIB, input.limit.bytes);
  const numCtx = Math.min(SMALLEST_CONTEXT, run.numCtx.value);
  const least = estimateModel(description, runSettings(runAtContext(runInput(input, description), run, numCtx)));
  return least.kind === "known" && llamaBytes({ estimate: least, run }) - least.uncertainty > highest;
}

/** What the settings of a run rest on. */
export function runInput(
  input: Pick<JudgeInput, "model" | "server" | "options" | "limit"> & Partial<Pick<JudgeInput, "loaded">>,
  description: ModelDescription,
): RunInput {
  return {
    model: input.model,
    description,
    server: input.server,
    options: input.options,
    loadedContext: input.loaded?.find(({ digest }) => digest === input.model.digest)?.contextLength,
    limitBytes: input.limit.kind === "known" ? tierBytes(input.limit) : undefined,
  };
}

/** The GPU memory that Ollama's default context follows from; a limit that may be higher tells only the highest tier. */
function tierBytes(limit: GpuLimit): number | undefined {
  const bytes = inForceBytes(limit);
  return limit.isLeast && contextTier(bytes) < CONTEXT_TIERS[0].numCtx ? undefined : bytes;
}

/** Parts of a model that change its memory in ways the estimate does not cover. */
function uncoveredPart(description: ModelDescription): string | undefined {
  const { parameters, adapters, drafts, projectors, metadata, damage } = description;
  if (damage !== undefined) return `${damage} Ollama can't load it: remove it, then pull it again.`;
  if (adapters.some(({ bytes }) => bytes === undefined)) {
    return "Couldn't read its LoRA adapter, so its size isn't known.";
  }
  if (drafts.length > 0) return "It has a draft model, and its memory isn't in the estimate.";
  if (projectors.some((projector) => projector.bytes === undefined)) {
    return "Couldn't read its vision projector, so its size isn't known.";
  }
  const broken = parameters.unreadable.filter((name) => name !== "num_ctx");
  if (broken.length > 0) return `Its Modelfile sets ${broken.join(", ")} to something that isn't a number.`;
  const { numGpu } = parameters;
  if (numGpu !== undefined && numGpu >= 0 && !isOffloadForced(parameters, metadata)) {
    return `Its Modelfile puts ${numGpu === 0 ? "no layer" : `only ${numGpu} layers`} on the GPU (num_gpu).`;
  }
  return undefined;
}

function notGguf(description: Exclude<DescriptionResult, ModelDescription>): string {
  return description.kind === "mlx" ? "Its server runs it with llama.cpp, but it's an MLX model." : description.reason;
}
