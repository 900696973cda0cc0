import type { InstalledModel, ModelDescription, ModelParameters, RunnerCommandLine, ServerFacts } from "./facts";
import { automaticBatch, predictedVram } from "./automatic-batch";
import { compareVersions, parseVersion, type Version } from "./version";
import { MIB } from "./units";
import { oneLine } from "./one-line";
import { releaseRules } from "./releases";
import {
  contextToJudge,
  followsTier,
  isAsked,
  isOllamasChoice,
  staysWhenReloaded,
  trainedContextOf,
} from "./run-context";
import { assumed, read, type RunInput, type Setting, sure, unknown, type UnknownRun } from "./run-input";
import { integerValue, type ModelMetadata, stringValue } from "../memory/metadata";
import { identityCaution } from "./server-origin";
import { KV_CACHE_TYPES, type KvCacheType, type RunSettings, type Runtime } from "../memory/settings";

/** Everything that decides a model's memory, other than its file, each with its source. */
export interface ModelRun {
  readonly numCtx: Setting<number>;
  /** The context is Ollama's default, which follows from the limit it was started under. */
  readonly contextFollowsLimit: boolean;
  /** The model is loaded with a context that a request asked for: its client will ask for it again. */
  readonly isAskedByClient: boolean;
  /** The next load gets the context of this one: its client asks again, or nothing that's known explains it. */
  readonly staysWhenReloaded: boolean;
  readonly trainedContext?: number;
  readonly parallel: Setting<number>;
  readonly kvCacheType: Setting<KvCacheType>;
  readonly flashAttention: Setting<"auto" | "on" | "off">;
  readonly batch: Setting<number>;
  /** Which of llama.cpp's memory rules the server follows. */
  readonly runtime: Setting<Runtime>;
  /** Tokens a model with prediction layers drafts for itself in each step; absent where it doesn't draft. */
  readonly draftNumPredict?: Setting<number>;
  /** What llama.cpp's fit keeps free beside the model, in bytes. */
  readonly margin: Setting<number>;
  /** Every layer goes to the GPU, whether it fits or not: llama.cpp's fit is off, or num_gpu asks for them all. */
  readonly isForced: boolean;
  /** Words why no verdict can be better than Tight for this server. */
  readonly cautions: readonly string[];
}

/** Families Ollama serves one request at a time (ollama's server/sched.go). */
const ONE_SLOT_FAMILIES: ReadonlySet<string> = new Set([
  "mllama",
  "qwen3vl",
  "qwen3vlmoe",
  "qwen35",
  "qwen35moe",
  "qwen3next",
  "lfm2",
  "lfm2moe",
  "nemotron_h",
  "nemotron_h_moe",
  "nemotron_h_omni",
]);

/**
 * The settings Ollama would run a model with, each with the rule that decided it (sources: ollama's server/routes.go,
 * server/sched.go, llm/llama_server.go at 0.33 and its older releases). Unknown where a rule cannot be followed.
 */
export function resolveRun(input: RunInput): ModelRun | UnknownRun {
  const { model, description, server, options } = input;
  const version = parseVersion(server.version);
  const trainedContext = trainedContextOf(model, description);
  const embedding = isEmbedding(model, description);

  const { context, asked } = options;
  const numCtx =
    asked !== undefined && typeof context === "number"
      ? sure(context, ASKED)
      : contextToJudge(input, version, trainedContext);
  if ("kind" in numCtx) return numCtx;

  const kvCacheType = askedFor(asked?.kvCacheType) ?? kvCacheTypeOf(input);
  if ("kind" in kvCacheType) return kvCacheType;

  const parallel = askedFor(asked?.parallel) ?? slotsOf(input, embedding);
  const batch = batchOf(input, numCtx.value * parallel.value, embedding);
  return {
    numCtx,
    contextFollowsLimit: isOllamasChoice(options) && !isAsked(numCtx) && followsTier(input, version),
    isAskedByClient: isAsked(numCtx),
    staysWhenReloaded: staysWhenReloaded(numCtx),
    trainedContext,
    parallel,
    kvCacheType,
    flashAttention: askedFor(asked?.flashAttention) ?? flashAttentionOf(input),
    batch,
    runtime: askedFor(asked?.runtime) ?? releaseRules(server.version),
    draftNumPredict: draftOf(description, askedFor(asked?.draftNumPredict)),
    margin: marginOf(input, version),
    isForced: forcedBy(input) !== undefined,
    cautions: cautionsFor(input),
  };
}

const ASKED = "asked for";

/** A setting of `JudgeOptions.asked`, which goes before every rule. */
const askedFor = <T>(value: T | undefined): Setting<T> | undefined =>
  value === undefined ? undefined : sure(value, ASKED);

const OWN_LINE = "command line of the running model";

/** The command line of the llama-server that runs this very file, as long as it's judged as it runs: it beats every rule. */
function runningLine({ description, server, options, loadedContext }: RunInput): RunnerCommandLine | undefined {
  if (loadedContext === undefined || options.context !== "effective") return undefined;
  const blob = /sha256-[0-9a-f]{64}$/.exec(description.weightsFile ?? "")?.[0];
  return blob === undefined ? undefined : server.runners.find(({ modelPath }) => modelPath?.endsWith(blob));
}

function flashAttentionOf(input: RunInput): Setting<"auto" | "on" | "off"> {
  const running = runningLine(input)?.flashAttention;
  if (running !== undefined) return sure(running, OWN_LINE);
  const { flashAttention } = input.server;
  return flashAttention ? read(flashAttention) : assumed("auto", "Ollama's default");
}

/** The plain numbers an estimate takes. */
export function runSettings(run: ModelRun): RunSettings {
  return {
    numCtx: run.numCtx.value,
    parallel: run.parallel.value,
    kvCacheType: run.kvCacheType.value,
    flashAttention: run.flashAttention.value,
    batch: run.batch.value,
    runtime: run.runtime.value,
    draftNumPredict: run.draftNumPredict?.value,
  };
}

/** `run` at another context, with the batch Ollama would choose for it. */
export function runAtContext(input: RunInput, run: ModelRun, numCtx: number): ModelRun {
  const batch = batchOf(input, numCtx * run.parallel.value, isEmbedding(input.model, input.description));
  return {
    ...run,
    numCtx: sure(numCtx, "chosen"),
    contextFollowsLimit: false,
    isAskedByClient: false,
    staysWhenReloaded: false,
    batch,
  };
}

/** Ollama treats a model without the capability to complete as an embedding model. */
function isEmbedding(model: InstalledModel, description: ModelDescription): boolean {
  const capabilities = description.capabilities.length > 0 ? description.capabilities : model.capabilities;
  return capabilities.includes("embedding") && !capabilities.includes("completion");
}

function slotsOf(input: RunInput, embedding: boolean): Setting<number> {
  const { model, description, server, options } = input;
  const architecture = stringValue(description.metadata, "general.architecture") ?? "";
  if (embedding) return sure(1, "embedding models get one slot");
  if (ONE_SLOT_FAMILIES.has(model.family ?? architecture))
    return sure(1, `Ollama gives ${model.family ?? architecture} one slot`);
  if (options.parallel !== undefined) return sure(options.parallel, "preferences");
  const running = runningLine(input)?.parallel;
  if (running !== undefined) return sure(running, OWN_LINE);
  if (server.parallel !== undefined && server.parallel.value >= 1) {
    return read(server.parallel);
  }
  return assumed(1, "Ollama's default");
}

function kvCacheTypeOf(input: RunInput): Setting<KvCacheType> | UnknownRun {
  const { server, options } = input;
  if (options.kvCacheType !== undefined) return sure(options.kvCacheType, "preferences");
  const line = runningLine(input);
  const running = KV_CACHE_TYPES.find((known) => known === (line?.kvCacheType ?? "f16"));
  // Ollama passes a type only where one is set.
  if (line !== undefined && running !== undefined) return sure(running, OWN_LINE);
  const detected = server.kvCacheType;
  if (detected === undefined) return assumed("f16", "Ollama's default");
  if (detected.value === "")
    return read({ ...detected, value: "f16", source: `Ollama's default (${detected.source})` });
  const type = KV_CACHE_TYPES.find((known) => known === detected.value.toLowerCase());
  return type === undefined
    ? unknown(
        `OLLAMA_KV_CACHE_TYPE is "${oneLine(detected.value, 40)}" (${detected.source}), which llama.cpp doesn't know.`,
      )
    : read({ ...detected, value: type });
}

function batchOf(input: RunInput, totalContext: number, embedding: boolean): Setting<number> {
  const asked = askedFor(input.options.asked?.batch);
  if (asked !== undefined) return asked;
  const { numBatch, unreadable } = input.description.parameters;
  if (numBatch !== undefined && !unreadable.includes("num_batch")) return sure(numBatch, "Modelfile (num_batch)");
  const line = runningLine(input);
  if (line?.batch !== undefined && line.totalContext === totalContext) return sure(line.batch, OWN_LINE);
  if (embedding) return sure(Math.min(2048, totalContext), "Ollama's default for embedding models");
  if (plansAsBefore(input.server)) return sure(512, "Ollama's default");
  return sure(
    automaticBatch(
      predictedVram(input, totalContext),
      totalContext,
      input.server.startupTotalBytes?.value ?? input.limitBytes,
    ),
    "chosen by Ollama",
  );
}

/** Off unless the Modelfile turns it on (ollama's server/routes.go); ignored by files without prediction layers. */
function draftOf(
  { parameters: { draftNumPredict = 0 } }: ModelDescription,
  asked: Setting<number> | undefined,
): Setting<number> | undefined {
  const drafts = asked ?? sure(draftNumPredict, "Modelfile (draft_num_predict)");
  return drafts.value > 0 ? drafts : undefined;
}

/** Whether num_gpu asks for every layer and the output: llama.cpp then doesn't look whether they fit. */
export function isOffloadForced({ numGpu }: ModelParameters, metadata: ModelMetadata): boolean {
  const architecture = stringValue(metadata, "general.architecture");
  const blocks = integerValue(metadata, `${architecture}.block_count`);
  return numGpu !== undefined && blocks !== undefined && numGpu > blocks;
}

/** What keeps llama.cpp's fit from looking at the memory, in words; undefined where it looks. */
function forcedBy({ server, description: { parameters, metadata } }: RunInput): string | undefined {
  if (isOffloadForced(parameters, metadata)) return `num_gpu ${parameters.numGpu} forces every layer onto the GPU`;
  return server.fit?.value === "off" ? `LLAMA_ARG_FIT is off (${server.fit.source})` : undefined;
}

function marginOf(input: RunInput, version: Version | undefined): Setting<number> {
  const { server } = input;
  if (plansAsBefore(server)) {
    return sure(512 * MIB + (server.gpuOverheadBytes?.value ?? 0), `Ollama ${server.version} keeps it free`);
  }
  const forced = forcedBy(input);
  if (forced !== undefined) return sure(0, `${forced}: nothing is kept free`);
  return server.fitTargetMib
    ? read({
        ...server.fitTargetMib,
        value: server.fitTargetMib.value * MIB,
        source: `LLAMA_ARG_FIT_TARGET (${server.fitTargetMib.source})`,
      })
    : { value: 1024 * MIB, source: "llama.cpp keeps it free", assumed: version === undefined };
}

/** Whether a server is of a release before 0.30, which planned memory in other ways than what's measured here. */
export function plansAsBefore(server: ServerFacts): boolean {
  const version = parseVersion(server.version);
  return version !== undefined && compareVersions(version, [0, 30, 0]) < 0;
}

/** Words why no verdict can be better than Tight for a server, whatever it runs. */
export function serverCautions(server: ServerFacts): readonly string[] {
  return [
    plansAsBefore(server)
      ? `Ollama ${server.version} plans memory in an older way. Update to 0.30 or newer for a firm verdict.`
      : undefined,
    identityCaution(server.identity),
  ].filter((caution) => caution !== undefined);
}

function cautionsFor({ server, description }: RunInput): readonly string[] {
  return [
    ...serverCautions(server),
    description.adapters.length > 0
      ? "It has a LoRA adapter: its tensors are in the sum, but what it takes to compute with them wasn't measured."
      : undefined,
  ].filter((caution) => caution !== undefined);
}
