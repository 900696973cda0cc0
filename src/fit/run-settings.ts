import type {
  InstalledModel,
  ModelDescription,
  ModelParameters,
  RunnerCommandLine,
  ServerFacts,
  Sourced,
} from "./facts";
import { CONTEXT_TIERS, contextTier, FIRST_WITH_TIERS } from "./context-tier";
import { compareVersions, parseVersion, type Version } from "./version";
import { formatContext, formatBytes, GIB, MIB } from "./units";
import { releaseRules } from "./releases";
import { integerValue, isOmitted, type ModelMetadata, stringValue } from "../memory/metadata";
import { identityCaution } from "./server-origin";
import { KV_CACHE_TYPES, type KvCacheType, type RunSettings, type Runtime } from "../memory/settings";

/** A setting the estimate rests on, with where it comes from. */
export interface Setting<T> extends Sourced<T> {
  /** Could not be detected: its documented default is taken. */
  readonly assumed: boolean;
}

/** How the person wants badges judged (the preferences). */
export interface JudgeOptions {
  /**
   * "effective" = what really runs: what a client asked for where the model is loaded so, else what Ollama would use;
   * "default" = what Ollama would use, whatever is loaded; "trained" = the model's maximum; else tokens.
   */
  readonly context: "effective" | "default" | "trained" | number;
  readonly kvCacheType?: KvCacheType;
  readonly parallel?: number;
  /** Settings to judge with as they are, whatever Ollama would make of them; `context` is taken so, too, where there are any. */
  readonly asked?: Partial<Omit<RunSettings, "numCtx">>;
  /** False: idle models are unloaded so soon that nothing is kept between requests. */
  readonly keepsStates?: false;
}

/** Everything that decides a model's memory, other than its file, each with its source. */
export interface ModelRun {
  readonly numCtx: Setting<number>;
  /** The context is Ollama's default, which follows from the limit it was started under. */
  readonly contextFollowsLimit: boolean;
  /** The model is loaded with a context that a request asked for: its client will ask for it again. */
  readonly isAskedByClient: boolean;
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

export interface UnknownRun {
  readonly kind: "unknown";
  readonly reason: string;
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

const assumed = <T>(value: T, source: string): Setting<T> => ({ value, source, assumed: true });
const sure = <T>(value: T, source: string): Setting<T> => ({ value, source, assumed: false });
const read = <T>({ value, source, likely = false }: Sourced<T>): Setting<T> => ({ value, source, assumed: likely });

export interface RunInput {
  readonly model: InstalledModel;
  readonly description: ModelDescription;
  readonly server: ServerFacts;
  readonly options: JudgeOptions;
  /** Context that the model is loaded with now; absent where it isn't loaded or the server doesn't tell. */
  readonly loadedContext?: number;
  /** Limit in force in bytes, where known: used for the server's start-up total, marked assumed. */
  readonly limitBytes?: number;
}

/**
 * The settings Ollama would run a model with, each with the rule that decided it (sources: ollama's server/routes.go,
 * server/sched.go, llm/llama_server.go at 0.33 and its older releases). Unknown where a rule cannot be followed.
 */
export function resolveRun(input: RunInput): ModelRun | UnknownRun {
  const { model, description, server, options } = input;
  const version = parseVersion(server.version);
  const trainedContext = trainedContextOf(model, description);
  const embedding = isEmbedding(model, description);

  const numCtx = contextToJudge(input, version, trainedContext);
  if ("kind" in numCtx) return numCtx;

  const kvCacheType = kvCacheTypeOf(input);
  if ("kind" in kvCacheType) return kvCacheType;

  const parallel = slotsOf(input, embedding);
  const batch = batchOf(input, version, numCtx.value * parallel.value, embedding);
  return {
    numCtx,
    contextFollowsLimit: isOllamasChoice(options) && !isAsked(numCtx) && followsTier(input, version),
    isAskedByClient: isAsked(numCtx),
    trainedContext,
    parallel,
    kvCacheType,
    flashAttention: flashAttentionOf(input),
    batch,
    runtime: askedFor(options.asked?.runtime) ?? releaseRules(server.version),
    draftNumPredict: draftOf(input),
    margin: marginOf(input, version),
    isForced: forcedBy(input) !== undefined,
    cautions: cautionsFor(input),
  };
}

/** A setting of {@link JudgeOptions.asked}. */
const askedFor = <T>(value: T | undefined): Setting<T> | undefined =>
  value === undefined ? undefined : sure(value, "asked for");

const OWN_LINE = "command line of the running model";

/** The command line of the llama-server that runs this very file, as long as it's judged as it runs: it beats every rule. */
function runningLine({ description, server, options, loadedContext }: RunInput): RunnerCommandLine | undefined {
  if (loadedContext === undefined || options.context !== "effective") return undefined;
  const blob = /sha256-[0-9a-f]{64}$/.exec(description.weightsFile ?? "")?.[0];
  return blob === undefined ? undefined : server.runners.find(({ modelPath }) => modelPath?.endsWith(blob));
}

function flashAttentionOf(input: RunInput): Setting<"auto" | "on" | "off"> {
  const asked = askedFor(input.options.asked?.flashAttention);
  if (asked !== undefined) return asked;
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
  const batch = batchOf(
    input,
    parseVersion(input.server.version),
    numCtx * run.parallel.value,
    isEmbedding(input.model, input.description),
  );
  return { ...run, numCtx: sure(numCtx, "chosen"), contextFollowsLimit: false, isAskedByClient: false, batch };
}

/** Trained context in tokens; absent where neither the metadata nor the list names it. */
export function trainedContextOf(model: InstalledModel, description: ModelDescription): number | undefined {
  const architecture = stringValue(description.metadata, "general.architecture");
  return integerValue(description.metadata, `${architecture}.context_length`) ?? model.trainedContext;
}

/** Ollama treats a model without the capability to complete as an embedding model. */
function isEmbedding(model: InstalledModel, description: ModelDescription): boolean {
  const capabilities = description.capabilities.length > 0 ? description.capabilities : model.capabilities;
  return capabilities.includes("embedding") && !capabilities.includes("completion");
}

const CLIENT = "asked for by a client";

const isAsked = ({ source }: Setting<number>): boolean => source === CLIENT;

const isOllamasChoice = ({ context }: JudgeOptions): boolean => context === "effective" || context === "default";

function contextToJudge(
  input: RunInput,
  version: Version | undefined,
  trained: number | undefined,
): Setting<number> | UnknownRun {
  const { context } = input.options;
  switch (context) {
    case "effective":
      return contextThatRuns(input, contextByRule(input, version, trained), version);
    case "default":
      return contextByRule(input, version, trained);
    case "trained":
      return trained === undefined
        ? unknown("The model doesn't say for which context it was trained.")
        : raiseAndCap(sure(trained, "the model's maximum"), input, trained);
    default:
      return (
        askedFor(input.options.asked && context) ?? raiseAndCap(sure(context, "chosen to judge at"), input, trained)
      );
  }
}

function contextByRule(
  input: RunInput,
  version: Version | undefined,
  trained: number | undefined,
): Setting<number> | UnknownRun {
  const asked = askedContext(input, version);
  return "kind" in asked ? asked : raiseAndCap(asked, input, trained);
}

/**
 * What runs goes before what would: a model that's loaded with another context than Ollama takes by its rules was asked
 * for with it, and will be again. Where the rule rests on something that isn't known, or Ollama lowers its own default
 * after a failed load (server/sched.go: to 32768 or 4096), it's just what is loaded.
 */
function contextThatRuns(
  input: RunInput,
  ruled: Setting<number> | UnknownRun,
  version: Version | undefined,
): Setting<number> | UnknownRun {
  const { loadedContext } = input;
  if (loadedContext === undefined) return ruled;
  if ("kind" in ruled) return sure(loadedContext, "as it's loaded now");
  if (ruled.value === loadedContext) return ruled;
  const isLowered = followsTier(input, version) && loadedContext < ruled.value && LOWERED.includes(loadedContext);
  return ruled.assumed || isLowered ? sure(loadedContext, "as it's loaded now") : sure(loadedContext, CLIENT);
}

/** Contexts to which Ollama lowers its own default where a model doesn't load. */
const LOWERED: readonly number[] = CONTEXT_TIERS.slice(1).map(({ numCtx }) => numCtx);

/** Request > Modelfile > OLLAMA_CONTEXT_LENGTH > tier; a request's own num_ctx is not ours to know. */
function askedContext(input: RunInput, version: Version | undefined): Setting<number> | UnknownRun {
  const { description, server, model } = input;
  if (description.parameters.unreadable.includes("num_ctx")) {
    return unknown("The Modelfile sets num_ctx to something that isn't a whole number.");
  }
  if (description.parameters.numCtx !== undefined) return sure(description.parameters.numCtx, "Modelfile (num_ctx)");
  if (server.contextLength !== undefined && server.contextLength.value > 0) {
    return read({ ...server.contextLength, source: `OLLAMA_CONTEXT_LENGTH (${server.contextLength.source})` });
  }
  if (version !== undefined && isBeforeTiers(version)) {
    return contextBeforeTiers(input, version);
  }
  const unsure = server.contextLength === undefined || server.contextLength.likely === true || version === undefined;
  const tier = (value: number, source: string): Setting<number> => ({ value, source, assumed: unsure });
  if (server.tierNumCtx) return tier(server.tierNumCtx.value, `Ollama's default (${server.tierNumCtx.source})`);
  const overhead = server.gpuOverheadBytes?.value ?? 0;
  if (server.startupTotalBytes) {
    const total = server.startupTotalBytes.value;
    return tier(
      contextTier(total, overhead),
      `Ollama's default for ${formatBytes(total)} (${server.startupTotalBytes.source})`,
    );
  }
  if (input.limitBytes === undefined) {
    return unknown(`Which context Ollama gives ${model.name} depends on its GPU memory, which isn't known here.`);
  }
  return assumed(
    contextTier(input.limitBytes, overhead),
    `Ollama's default for the limit of ${formatBytes(input.limitBytes)}, if it was started under it`,
  );
}

/** Nothing sets the context, so that Ollama's tier decides it. */
function followsTier({ description, server }: RunInput, version: Version | undefined): boolean {
  const { parameters } = description;
  return (
    parameters.numCtx === undefined &&
    !parameters.unreadable.includes("num_ctx") &&
    !(server.contextLength !== undefined && server.contextLength.value > 0) &&
    !isBeforeTiers(version)
  );
}

function isBeforeTiers(version: Version | undefined): boolean {
  return version !== undefined && compareVersions(version, FIRST_WITH_TIERS) < 0;
}

/** Defaults of releases without tiers: 4096 from 0.6.7 on (2048 before), gpt-oss at least 8192 with 20 GiB. */
function contextBeforeTiers(input: RunInput, version: Version): Setting<number> {
  const family = input.model.family ?? "";
  const total = input.server.startupTotalBytes?.value ?? input.limitBytes ?? 0;
  const large =
    (/^gpt-?oss/.test(family) && compareVersions(version, [0, 11, 4]) >= 0) ||
    (family.startsWith("qwen3vl") && compareVersions(version, [0, 13, 0]) >= 0);
  if (large && total >= 20 * GIB) return sure(8192, `default of Ollama ${input.server.version} for ${family}`);
  const value = compareVersions(version, [0, 6, 7]) >= 0 ? 4096 : 2048;
  return sure(value, `default of Ollama ${input.server.version}`);
}

function raiseAndCap(asked: Setting<number>, input: RunInput, trained: number | undefined): Setting<number> {
  let { value, source } = asked;
  if (value < 4) {
    value = 4;
    source = `${source}, raised to Ollama's minimum of 4`;
  }
  const capabilities =
    input.description.capabilities.length > 0 ? input.description.capabilities : input.model.capabilities;
  if (value < 2048 && capabilities.includes("vision")) {
    value = 2048;
    source = `${source}, raised to 2K for a vision model`;
  }
  if (trained !== undefined && trained > 0 && value > trained) {
    source = `${source}, cut from ${formatContext(value)} to the trained context`;
    value = trained;
  }
  return { value, source, assumed: asked.assumed };
}

function slotsOf(input: RunInput, embedding: boolean): Setting<number> {
  const { model, description, server, options } = input;
  const architecture = stringValue(description.metadata, "general.architecture") ?? "";
  const asked = askedFor(options.asked?.parallel);
  if (asked !== undefined) return asked;
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
  const asked = askedFor(options.asked?.kvCacheType);
  if (asked !== undefined) return asked;
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
        `OLLAMA_KV_CACHE_TYPE is "${detected.value.slice(0, 40)}" (${detected.source}), which llama.cpp doesn't know.`,
      )
    : read({ ...detected, value: type });
}

/** Share of the available memory that Ollama's rough prediction may reach for a batch, and what it adds to it. */
const AUTOMATIC_BATCHES = [
  { batch: 2048, aboveContext: 32_768, headroom: 0.6, surcharge: 2 * GIB },
  { batch: 1024, aboveContext: 4_096, headroom: 0.75, surcharge: 768 * MIB },
] as const;

function batchOf(
  input: RunInput,
  version: Version | undefined,
  totalContext: number,
  embedding: boolean,
): Setting<number> {
  const asked = askedFor(input.options.asked?.batch);
  if (asked !== undefined) return asked;
  const { numBatch, unreadable } = input.description.parameters;
  if (numBatch !== undefined && !unreadable.includes("num_batch")) return sure(numBatch, "Modelfile (num_batch)");
  const line = runningLine(input);
  if (line?.batch !== undefined && line.totalContext === totalContext) return sure(line.batch, OWN_LINE);
  if (embedding) return sure(Math.min(2048, totalContext), "Ollama's default for embedding models");
  if (version !== undefined && compareVersions(version, [0, 30, 0]) < 0) return sure(512, "Ollama's default");
  return sure(
    automaticBatch(
      predictedVram(input, totalContext),
      totalContext,
      input.server.startupTotalBytes?.value ?? input.limitBytes,
    ),
    "chosen by Ollama",
  );
}

/**
 * Batch that Ollama ≥ 0.30 picks by itself (server/sched.go automaticGenerationBatch): by the context over all slots,
 * a step down while its own prediction leaves too little. It also steps down while free RAM is short, which only
 * lowers the need; free RAM changes by the second, so it is left out here.
 */
export function automaticBatch(
  predictedBytes: number | undefined,
  totalContext: number,
  availableBytes: number | undefined,
): number {
  for (const { batch, aboveContext, headroom, surcharge } of AUTOMATIC_BATCHES) {
    if (totalContext <= aboveContext) continue;
    if (!predictedBytes || !availableBytes) return batch;
    if (predictedBytes <= availableBytes * headroom && predictedBytes + surcharge <= availableBytes * 0.8) return batch;
  }
  return 512;
}

/**
 * Ollama's rough prediction (llm/llama_server.go PredictServerVRAM): foresees the automatic batch and nothing else.
 * Undefined where a key of the formula is missing.
 */
function predictedVram({ model, description }: RunInput, totalContext: number): number | undefined {
  const { metadata } = description;
  const architecture = stringValue(metadata, "general.architecture");
  const blocks = integerValue(metadata, `${architecture}.block_count`);
  const embedding = integerValue(metadata, `${architecture}.embedding_length`);
  const heads = extremes(metadata.values.get(`${architecture}.attention.head_count`));
  if (blocks === undefined || embedding === undefined || heads === undefined || heads.highest === 0) return undefined;
  const kvValue = metadata.values.get(`${architecture}.attention.head_count_kv`);
  // Of an array whose elements are not known the least head count is taken: it predicts the least, so the batch is
  // rather too large than too small, which is the safe side.
  const kvHeads = isOmitted(kvValue) ? { lowest: 1 } : (extremes(kvValue) ?? heads);
  const perToken = 2 * blocks * Math.max(kvHeads.lowest, 1) * (embedding / heads.highest) * 2;
  return model.sizeBytes + perToken * totalContext;
}

function extremes(value: unknown): { readonly lowest: number; readonly highest: number } | undefined {
  const numbers = (Array.isArray(value) ? value : [value]).filter(
    (element): element is number => typeof element === "number" && Number.isFinite(element),
  );
  return numbers.length === 0 ? undefined : { lowest: Math.min(...numbers), highest: Math.max(...numbers) };
}

/** Off unless the Modelfile turns it on (ollama's server/routes.go); ignored by files without prediction layers. */
function draftOf({ description: { parameters }, options }: RunInput): Setting<number> | undefined {
  const asked = askedFor(options.asked?.draftNumPredict);
  if (asked !== undefined) return asked.value > 0 ? asked : undefined;
  const { draftNumPredict = 0 } = parameters;
  return draftNumPredict > 0 ? sure(draftNumPredict, "Modelfile (draft_num_predict)") : undefined;
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
  if (version !== undefined && compareVersions(version, [0, 30, 0]) < 0) {
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

function unknown(reason: string): UnknownRun {
  return { kind: "unknown", reason };
}
