import type { InstalledModel, ModelDescription, ServerFacts } from "../../src/fit/facts";
import { resolveRun, runSettings } from "../../src/fit/run-settings";
import { expectedReport } from "../../src/fit/verdict";
import { readShape } from "../../src/memory/architectures/read-shape";
import { estimate } from "../../src/memory/estimate";
import { estimateMlx, openMlxModel } from "../../src/memory/mlx/estimate";
import type { RunSettings } from "../../src/memory/settings";
import type { Footprint, StandInModel } from "./ollama";
import { abilitiesAt } from "./ollama/abilities";

const MIB = 1024 ** 2;
/** What llama.cpp's fit keeps free beside a model. */
const MARGIN_MIB = 1024;
/** The release that a server is of where none is named. */
const CURRENT = "0.33.0";

export interface Placing {
  /** GPU memory that there is; 0 for a server that found no GPU. */
  readonly limitBytes: number;
  readonly version?: string;
  /** Variables of the server. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ollama's count leaves out the full-context cache of models with two. Default: as the release does, from 0.30 on. */
  readonly countsOneCache?: boolean;
}

/**
 * Memory of a loading model by our own estimate, as llama.cpp places it: all of it on the GPU where it fits with the
 * margin, else the rest on the CPU. Layers that are forced onto the GPU stay there whatever the limit.
 */
export function footprintOf(model: StandInModel, numCtx: number, placing: Placing): Footprint {
  const { limitBytes, env = {} } = placing;
  const memory = memoryOf(model, numCtx, placing);
  if (memory === undefined) {
    const bytes = model.weights?.bytes ?? 0;
    return { sizeBytes: bytes, vramBytes: limitBytes === 0 ? 0 : bytes };
  }
  const realBytes = expectedReport(memory);
  const margin = Number(env["LLAMA_ARG_FIT_TARGET"] || MARGIN_MIB) * MIB;
  const over = isForced(model, env) ? 0 : Math.max(0, memory.total + margin - limitBytes);
  const gpuBytes = Math.max(0, realBytes - over);
  const countsOneCache = placing.countsOneCache ?? abilitiesAt(placing.version ?? CURRENT).countsOneCache;
  const uncounted = countsOneCache ? fullCacheBesideSliding(model, numCtx, placing) : 0;
  return {
    sizeBytes: realBytes - uncounted,
    vramBytes: Math.max(0, gpuBytes - uncounted),
    realBytes,
    gpuBytes,
  };
}

/** What a load fails with; undefined where it goes well. */
export function loadErrorOf(model: StandInModel, numCtx: number, placing: Placing): string | undefined {
  const { limitBytes, env = {} } = placing;
  const gib = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  if (model.format === "safetensors") {
    const free = limitBytes - 512 * MIB;
    const bytes = model.weights?.bytes ?? 0;
    if (bytes <= free) return undefined;
    return `model requires ${gib(bytes)} but only ${gib(free)} are available (after 512.0 MiB overhead)`;
  }
  const memory = memoryOf(model, numCtx, placing);
  if (memory === undefined || !isForced(model, env) || memory.total <= limitBytes) return undefined;
  return (
    "llama-server process has terminated: exit status 1: ggml_metal_buffer_init: error: failed to allocate buffer, " +
    `size = ${(memory.total / MIB).toFixed(2)} MiB`
  );
}

/** What an MLX model takes for a prompt of so many tokens: the most meanwhile, and what is held after it. */
export interface PromptMemory {
  readonly peakBytes: number;
  readonly heldBytes: number;
  /** GPU memory that there is for it. Default: what the server found when it started. */
  readonly limitBytes?: number;
}

/** The same by our own estimate; undefined where the model is none of MLX's, or nothing is known of it. */
export function promptMemoryOf({ weights }: StandInModel, tokens: number): PromptMemory | undefined {
  const model = weights?.mlx && openMlxModel(weights.mlx);
  // A short prompt is one short chunk.
  const prefillStep = Math.max(1, Math.min(2048, tokens - 1));
  const sum = model?.kind === "known" ? estimateMlx(model, { tokens, prefillStep }) : undefined;
  if (sum?.kind !== "known") return undefined;
  return { peakBytes: sum.total, heldBytes: sum.weights + sum.kvCache + sum.recurrentState };
}

/** All layers are asked for, so that llama.cpp does not look whether they fit. */
function isForced({ weights, parameters }: StandInModel, env: Readonly<Record<string, string>>): boolean {
  const architecture = String(weights?.metadata?.values.get("general.architecture"));
  const blocks = Number(weights?.metadata?.values.get(`${architecture}.block_count`));
  return env["LLAMA_ARG_FIT"] === "off" || Number(parameters["num_gpu"] ?? 0) > blocks;
}

function memoryOf(model: StandInModel, numCtx: number, placing: Placing) {
  const metadata = model.weights?.metadata;
  const settings = settingsOf(model, numCtx, placing);
  const memory = metadata && settings && estimate(metadata, settings);
  return memory?.kind === "known" ? memory : undefined;
}

/** Caches that Ollama does not count: of two "KV buffer size" lines of a load the second replaces the first. */
function fullCacheBesideSliding(model: StandInModel, numCtx: number, placing: Placing): number {
  const metadata = model.weights?.metadata;
  const settings = settingsOf(model, numCtx, placing);
  const shape = metadata && readShape(metadata);
  if (!metadata || !settings || shape?.kind !== "known" || shape.shape.window === 0) return 0;
  const layers = shape.shape.layers.filter(({ attention }) => attention !== undefined);
  const full = layers.filter(({ attention }) => !attention?.slides);
  if (full.length === 0 || full.length === layers.length) return 0;
  const cacheAt = (tokens: number) => {
    const at = estimate(metadata, { ...settings, numCtx: tokens });
    return at.kind === "known" ? at.kvCache : 0;
  };
  // Beyond the window only the full layers grow, all alike with the context.
  const context = Math.ceil(settings.numCtx / 256) * 256;
  const [once, twice] = [Math.max(context, 65_536), 2 * Math.max(context, 65_536)];
  return ((cacheAt(twice) - cacheAt(once)) / (twice - once)) * context;
}

function settingsOf(model: StandInModel, numCtx: number, placing: Placing): RunSettings | undefined {
  const { limitBytes, version, env = {} } = placing;
  const metadata = model.weights?.metadata;
  if (!metadata) return undefined;
  const source = "stand-in";
  const flag = env["OLLAMA_FLASH_ATTENTION"] ?? "";
  const server: ServerFacts = {
    identity: { kind: "terminal", pid: 655 },
    version: version ?? CURRENT,
    runners: [],
    parallel: { value: Number(env["OLLAMA_NUM_PARALLEL"]) || 1, source },
    kvCacheType: { value: env["OLLAMA_KV_CACHE_TYPE"] ?? "", source },
    flashAttention: { value: flag === "" ? "auto" : /^(?:1|t|true)$/i.test(flag) ? "on" : "off", source },
    startupTotalBytes: { value: limitBytes, source },
  };
  const installed: InstalledModel = {
    name: model.name,
    digest: "",
    sizeBytes: model.weights?.bytes ?? 0,
    format: "gguf",
    family: model.family,
    families: [model.family],
    capabilities: model.capabilities,
    trainedContext: model.contextLength,
    cloud: false,
  };
  const batch = model.parameters["num_batch"];
  const description: ModelDescription = {
    metadata,
    metadataSource: "header",
    parameters: { unreadable: [], numBatch: typeof batch === "number" ? batch : undefined },
    capabilities: model.capabilities,
    projectors: [],
    adapters: [],
    drafts: [],
  };
  const run = resolveRun({ model: installed, description, server, options: { context: numCtx }, limitBytes });
  return "kind" in run ? undefined : runSettings(run);
}
