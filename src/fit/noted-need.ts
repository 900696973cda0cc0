import type { LoadedModel } from "./facts";
import { sameProgram } from "./model-builds";
import { sameModel } from "./model-name";
import type { ModelRunner } from "./model-runner";
import { type Engine, RUNNERS } from "./runners";

/**
 * What a model needs at one context under one set of settings, as a command that has estimator and metadata left it for
 * those that have neither, such as a tick of the menu bar.
 */
export interface NotedNeed {
  readonly name: string;
  /** Of the build, as the list of models has it. */
  readonly digest: string;
  readonly engine: Engine;
  /** Per slot, in tokens. */
  readonly context: number;
  /** What else the sum rests on, in one text: another one is another need. */
  readonly settings: string;
  /** Bytes: with llama.cpp what Ollama should count of it once loaded, with MLX what it grows to at a prompt of the context. */
  readonly bytes: number;
  /** Bytes: a count of the server's from here on is believed, though it's below. With MLX always. */
  readonly atLeast: number;
}

/** The context, in tokens, that Ollama would load a model at if no request asks for another one. */
export interface PlannedContext {
  readonly name: string;
  readonly digest: string;
  readonly context: number;
  /** Ollama's own default, which follows the limit that Ollama was started under. */
  readonly isDefault: boolean;
}

/** Who a loaded model is. */
export type LoadedName = Pick<LoadedModel, "name" | "digest" | "runner" | "contextLength">;

/** Of things noted for models, the one for a loaded model: by its digest, else by its name where its program is the same. */
export function notedFor<T extends { readonly name: string; readonly digest: string }>(
  noted: readonly T[],
  { name, digest }: Pick<LoadedName, "name" | "digest">,
): T | undefined {
  return noted.find((one) => one.digest === digest) ?? noted.find((one) => sameModel(one.name, name));
}

/** What a loaded model needs at the context it's loaded at; undefined where nobody has worked that out. */
export function needOf(needs: readonly NotedNeed[], model: LoadedName): NotedNeed | undefined {
  const { contextLength, runner } = model;
  // With MLX num_ctx is only displayed: what was judged counts, whatever the context.
  const isMlx = runner !== undefined && RUNNERS[runner].engine === "mlx";
  const fitting = needs.filter(({ engine, context }) =>
    isMlx ? engine === "mlx" : context === contextLength && sameProgram(runner, runnerOfEngine(engine)),
  );
  return notedFor(fitting, model);
}

const runnerOfEngine = (engine: Engine): ModelRunner => (engine === "mlx" ? "mlx" : "llamacpp");

/** How a loaded model stands, in bytes. */
export interface LoadedUse {
  /** Of the GPU's memory: the larger of the server's count and what is known to be needed. */
  readonly gpuBytes: number;
  /** In all. */
  readonly bytes: number;
  /** It takes at least this much: nobody has worked out what it needs, or it may grow further. */
  readonly isLeast: boolean;
  /** Share on the CPU, 0 to 1, by the server's own count. */
  readonly cpuShare: number;
  /** What an MLX model grows to, where that's more than it has. */
  readonly growsTo?: number;
}

/**
 * With llama.cpp the larger of the server's count and the need, the part on the GPU in proportion; within the band of the
 * need the count is right, as Show GPU Memory has it (loaded-size.ts). Without a need it's "at least". What MLX has is what's
 * counted: it takes more only as prompts come, so that the need is where it grows to.
 */
export function loadedUse({ sizeBytes, vramBytes }: LoadedModel, need: NotedNeed | undefined): LoadedUse {
  const grows = need?.engine === "mlx";
  const bytes = need === undefined || sizeBytes >= need.atLeast ? sizeBytes : Math.max(sizeBytes, need.bytes);
  const share = sizeBytes === 0 ? 1 : Math.min(1, vramBytes / sizeBytes);
  return {
    bytes,
    gpuBytes: Math.max(vramBytes, Math.round(bytes * share)),
    isLeast: need === undefined || grows,
    cpuShare: 1 - share,
    growsTo: grows && need.bytes > sizeBytes ? need.bytes : undefined,
  };
}
