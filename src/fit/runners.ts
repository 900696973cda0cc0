import type { InstalledModel } from "./facts";
import type { ModelRunner } from "./model-runner";

/** Whose arithmetic the memory of a model follows. */
export type Engine = "llama" | "mlx";

/** Settings of the server or of a Modelfile that change memory with one runner or another. */
export type MemorySetting = "num_ctx" | "KV cache type" | "flash attention" | "parallel slots" | "num_batch";

/** What a plan can turn. */
export type Lever =
  | "build"
  | "otherBuild"
  | "pullBuild"
  | "limitMib"
  | "numCtx"
  | "clientContext"
  | "unload"
  | "closeApps"
  | "parallel"
  | "kvCacheType"
  | "keepAlive";

/** Command lines and texts about one model that can be copied. */
export type ModelCommand = "modelfile" | "create" | "set-parameter" | "default-context";

/** What is true of a runner: everything that verdict, plan, actions, forms and words depend on. */
export interface RunnerRules {
  readonly engine: Engine;
  /**
   * How weights get to the GPU: mapped from the file, so that of the file what isn't on the GPU stays in RAM, or copied,
   * every tensor of it.
   */
  readonly weights: "mapped" | "copied";
  /** Which settings change its memory. */
  readonly settings: Readonly<Record<MemorySetting, boolean>>;
  /** What num_ctx does: it caps what is allocated, or Ollama only displays it. */
  readonly numCtx: "caps" | "displayed";
  /** What comes of more than the limit: the rest goes to the CPU, or the load or the request fails and the Mac swaps. */
  readonly aboveLimit: "spills" | "fails";
  /** When memory for the context is taken: all of it with the load, or as prompts come. */
  readonly cache: "with-load" | "grows";
  readonly levers: Readonly<Record<Lever, boolean>>;
  readonly commands: Readonly<Record<ModelCommand, boolean>>;
}

/** llama.cpp: everything is laid out when a model loads, and what doesn't fit goes to the CPU. */
const LLAMA_CPP: RunnerRules = {
  engine: "llama",
  weights: "mapped",
  settings: {
    num_ctx: true,
    "KV cache type": true,
    "flash attention": true,
    "parallel slots": true,
    num_batch: true,
  },
  numCtx: "caps",
  aboveLimit: "spills",
  cache: "with-load",
  levers: {
    build: true,
    otherBuild: true,
    // It's one.
    pullBuild: false,
    limitMib: true,
    numCtx: true,
    clientContext: true,
    unload: true,
    closeApps: true,
    parallel: true,
    kvCacheType: true,
    keepAlive: false,
  },
  commands: {
    modelfile: true,
    create: true,
    "set-parameter": true,
    "default-context": true,
  },
};

/**
 * What Ollama's runners do with memory. MLX: x/mlxrunner at 2026-08-21 (client.go Load and reportedContextLength,
 * pipeline.go Prepare), and a live test of 0.34.4: num_ctx, the app's slider and the default are only displayed.
 */
export const RUNNERS: { readonly [R in ModelRunner]: RunnerRules } = {
  mlx: {
    engine: "mlx",
    weights: "copied",
    settings: {
      num_ctx: false,
      "KV cache type": false,
      "flash attention": false,
      "parallel slots": false,
      num_batch: false,
    },
    numCtx: "displayed",
    aboveLimit: "fails",
    cache: "grows",
    levers: {
      build: true,
      otherBuild: true,
      pullBuild: true,
      limitMib: true,
      numCtx: false,
      clientContext: true,
      unload: true,
      closeApps: true,
      parallel: false,
      kvCacheType: false,
      keepAlive: true,
    },
    commands: {
      modelfile: false,
      create: false,
      "set-parameter": false,
      "default-context": false,
    },
  },
  llamacpp: LLAMA_CPP,
  // With Ollama's patch for its own older files: they take no other memory.
  ggml: LLAMA_CPP,
};

/** The runner of a build; where neither server nor format tells, that of GGUF files. */
export function runnerOf({ runner, format }: Pick<InstalledModel, "runner" | "format">): ModelRunner {
  return runner ?? (format === "safetensors" ? "mlx" : "ggml");
}

/** The rules of the runner that runs a build. */
export function rulesOf(model: Pick<InstalledModel, "runner" | "format">): RunnerRules {
  return RUNNERS[runnerOf(model)];
}

/** The rules that all runners of an engine share. */
export function rulesOfEngine(engine: Engine): RunnerRules {
  return engine === "mlx" ? RUNNERS.mlx : RUNNERS.llamacpp;
}

/** Settings that a runner ignores, by name. */
export function ignoredSettings({ settings }: RunnerRules): readonly string[] {
  return Object.entries(settings)
    .filter(([, counts]) => !counts)
    .map(([name]) => name);
}
