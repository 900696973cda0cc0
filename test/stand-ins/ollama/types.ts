import type { PromptMemory } from "../footprint";
import type { Fault, Route } from "./faults";
import type { StandInModel } from "./model";
import type { Resident } from "./wire";

/** Memory of a model that is being loaded, as Ollama counts it; a spill has fewer bytes on the GPU than in all. */
export interface Footprint {
  readonly sizeBytes: number;
  readonly vramBytes: number;
  /** What it really takes, in all and of the GPU, where Ollama counts less. */
  readonly realBytes?: number;
  readonly gpuBytes?: number;
}

export interface StandInOptions {
  /** Default: the sample. */
  readonly models?: readonly StandInModel[];
  /** Default "0.33.0". */
  readonly version?: string;
  /** Default: any free one. */
  readonly port?: number;
  /** GPU memory that the server measures when it starts: decides its default context. Default 48 GiB; 0 = no GPU. */
  readonly totalVramBytes?: number;
  /** The server's environment as its log shows it: OLLAMA_CONTEXT_LENGTH, OLLAMA_NUM_PARALLEL... */
  readonly env?: Readonly<Record<string, string>>;
  /** Memory of a model at a context per slot. Default: its file and 128 KiB per token, all on the GPU. */
  readonly footprint?: (model: StandInModel, numCtx: number) => Footprint;
  /** By how many bytes a model has grown so many seconds after it was loaded. Default: not at all. */
  readonly growth?: (model: StandInModel, seconds: number) => number;
  /** Makes loading fail with this message and status 500. */
  readonly loadError?: (model: StandInModel, numCtx: number) => string | undefined;
  /**
   * How long a model takes to load. A load whose client goes away is broken off; what was read of the file stays in the
   * Mac's cache, so that the next one takes the rest of the time. Default 0.
   */
  readonly loadMs?: number;
  /** Memory of an MLX model for a prompt. Default: our own estimate. */
  readonly promptMemory?: (model: StandInModel, tokens: number) => PromptMemory | undefined;
  /** How long 2,048 tokens of a prompt take to be read. One whose client goes away is broken off. Default 0. */
  readonly chunkMs?: number;
  /** Tokens that a model makes of a word. Default 1. */
  readonly tokensAWord?: number;
  /** How long an old file takes to be converted. Default 0. */
  readonly convertMs?: number;
  /** What a registry has, for pulls. Default: nothing. */
  readonly published?: readonly StandInModel[];
  /** How long a model takes to be gone after it was unloaded. Default 0. */
  readonly unloadMs?: number;
  /** Holds the models folder, and by default the log. */
  readonly homeFolder?: string;
  /** Where it logs, or "none"; default `.ollama/logs/server.log` of the home folder, if there is one. */
  readonly logPath?: string;
  /** What it logs when it starts, in place of what 0.33 would. */
  readonly logText?: string;
  /** The next start goes on with the log that is there. Default: a new one. */
  readonly sameLog?: boolean;
  /** Where it says it listens; default 127.0.0.1 and its port. */
  readonly address?: string;
  readonly now?: () => Date;
  /** Writes manifests and (sparse) blobs under `homeFolder`, too. Default: of MLX models only; false: none at all. */
  readonly files?: boolean;
}

export interface LoggedRequest {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface StandInOllama {
  readonly url: string;
  readonly port: number;
  readonly requests: LoggedRequest[];
  /** Names that create would have had to download. */
  readonly pulls: readonly string[];
  readonly modelsFolder: string;
  models(): readonly StandInModel[];
  loaded(): readonly Resident[];
  /** Bytes by which it has grown since it was loaded. */
  grownBy(resident: Resident): number;
  /** The route ("*" = every one) misbehaves from now on, or `times` times; undefined heals it. */
  fault(route: Route | "*", fault: Fault | undefined, times?: number): void;
  /** Somebody else installs or changes a model. */
  put(model: StandInModel): Promise<void>;
  /** Called after what is loaded has changed. */
  onLoaded?: () => void;
  /** RAM of its machine that nothing uses now. Default: enough. */
  freeRamBytes?: () => number;
  /** Goes down: connections are refused, nothing stays loaded. */
  stop(): Promise<void>;
  /** Comes (back) up at the same address; what is given replaces the options from the start. */
  restart(changes?: Partial<Omit<StandInOptions, "models" | "port">>): Promise<void>;
  close(): Promise<void>;
}
