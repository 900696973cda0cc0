/**
 * What the adapters find out about the Mac, the Ollama server and its models.
 * Plain data: the pure modules judge it, the adapters fill it. A field that could not be read is absent, never guessed.
 */
import type { ModelMetadata } from "../memory/metadata";
import type { MlxModel } from "../memory/mlx/estimate";
import type { ModelFormat, ModelRunner } from "./model-runner";
import type { ServerIdentity } from "./server-origin";

/** A value together with where it was read. */
export interface Sourced<T> {
  readonly value: T;
  /** For people: "server log", "launchctl", "command line of the running model". */
  readonly source: string;
  /** Inferred, not read of the server itself: whoever rests on it says so. */
  readonly likely?: boolean;
}

export interface MacosVersion {
  readonly major: number;
  /** As macOS writes it: "26.6.1". */
  readonly text: string;
}

/** Metal's own figures for the GPU, read in a new process. */
export interface MetalReading {
  readonly chip?: string;
  /** recommendedMaxWorkingSetSize: the limit in force, override included. */
  readonly workingSetBytes: number;
  /** maxBufferLength: 0.75 × the default limit, whatever the override. */
  readonly maxBufferBytes?: number;
}

export interface AppleSiliconMac {
  readonly kind: "apple-silicon";
  readonly chip?: string;
  readonly ramBytes: number;
  readonly macos?: MacosVersion;
  /** `iogpu.wired_limit_mb`, in MiB; 0 = macOS decides; absent where the kernel has no such value to read or to set. */
  readonly overrideMib?: number;
  /** `iogpu.wired_lwm_mb` in MiB, where some tool set it: GPU memory up to here stays wired while it's idle. */
  readonly lowWaterMib?: number;
  /** `kern.bootsessionuuid`: another one after each start of the Mac. */
  readonly bootSession?: string;
  readonly metal?: MetalReading;
  /** Limit that the bundled llama-server prints, where Metal couldn't be asked. */
  readonly listedDeviceBytes?: number;
}

/** A machine without a GPU limit of its own, with the reason as a sentence for people. */
export interface UnsupportedMachine {
  readonly kind: "intel" | "virtual-machine" | "old-macos" | "not-a-mac" | "unreadable";
  readonly reason: string;
}

export type Machine = AppleSiliconMac | UnsupportedMachine;

/** A build of a model as `/api/tags` lists it. From 0.40 on one name may stand for two of them. */
export interface InstalledModel {
  readonly name: string;
  /** Hex SHA-256 of its manifest: what tells it from every other build. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly modifiedAt?: string;
  readonly format: ModelFormat;
  /** What runs it, as the server says or its format does; absent where it isn't known. */
  readonly runner?: ModelRunner;
  /** Another build of this name is listed beside it: the runner tells them apart. */
  readonly sharesName?: boolean;
  /** The file that Ollama converted to get this build, and still keeps. */
  readonly backup?: ModelBackup;
  readonly family?: string;
  readonly families: readonly string[];
  readonly parameterSize?: string;
  readonly quantization?: string;
  readonly trainedContext?: number;
  readonly parentModel?: string;
  readonly capabilities: readonly string[];
  /** Runs on somebody else's machine: nothing to fit. */
  readonly cloud: boolean;
}

/** A build that nothing runs any more, kept beside the one that Ollama made of it. */
export interface ModelBackup {
  /** Hex SHA-256 of its manifest. */
  readonly digest: string;
  /** Of all its files; absent where it isn't told. */
  readonly sizeBytes?: number;
  /** File name of its weights among the blobs; absent where it isn't told. */
  readonly blob?: string;
}

/** A model as `/api/ps` lists it. */
export interface LoadedModel {
  readonly name: string;
  readonly digest: string;
  /** As its build's; absent where the server tells neither it nor the format. */
  readonly runner?: ModelRunner;
  /** Bytes in all, and of these on the GPU; less than all = spilled to the CPU. */
  readonly sizeBytes: number;
  readonly vramBytes: number;
  /** Of one that grows while it runs: its weights, and what a prompt of the judged length makes it grow to at most. */
  readonly growth?: { readonly weightBytes: number; readonly peakBytes: number; readonly tokens: number };
  /** Ollama's own count, where that is known to be short: the other two are our estimate then. */
  readonly countedBytes?: number;
  /** Per slot. */
  readonly contextLength?: number;
  readonly expiresAt?: string;
  /** It runs the same file as the model that is judged: Ollama replaces one with the other. */
  readonly sharesFile?: boolean;
}

/** Modelfile parameters that change the memory of a model. Absent = not set. */
export interface ModelParameters {
  readonly numCtx?: number;
  readonly numGpu?: number;
  readonly numBatch?: number;
  readonly draftNumPredict?: number;
  /** Parameters of this list that are there but hold no usable number. */
  readonly unreadable: readonly string[];
}

/** A file beside the weights, as the server names it. */
export interface SideFile {
  readonly path: string;
  /** Bytes of its tensors, where they could be read. */
  readonly bytes?: number;
  /** Its size on this Mac when its header was read; absent where it wasn't. */
  readonly fileBytes?: number;
}

/** What `/api/show` (and, on this Mac, the GGUF header) say of one model. */
export interface ModelDescription {
  readonly metadata: ModelMetadata;
  /** Where `metadata` was read. */
  readonly metadataSource: "header" | "show" | "show-verbose";
  readonly parameters: ModelParameters;
  readonly capabilities: readonly string[];
  readonly parentModel?: string;
  /** The file it runs, as the server names it: variants share it with their parent, and Ollama runs one model a file. */
  readonly weightsFile?: string;
  /** Size of that file on this Mac when its header was read; absent where it wasn't. */
  readonly fileBytes?: number;
  /** The file it was converted from, where that's still there. */
  readonly backup?: ModelBackup;
  /** Minimum version of Ollama that the model asks for. */
  readonly requires?: string;
  /** Bytes of the weights of a build that is not installed, where only their sum is known. */
  readonly weightBytes?: number;
  /** Separate projector files. */
  readonly projectors: readonly SideFile[];
  /** Why Ollama can't load its files, as a sentence: cut short or damaged. Absent = nothing is known to be wrong. */
  readonly damage?: string;
  /** LoRA adapters. */
  readonly adapters: readonly SideFile[];
  /** Draft models: the estimate does not cover them. */
  readonly drafts: readonly string[];
  /** The Modelfile text that `/api/show` gives. */
  readonly modelfile?: string;
}

/** What decides the memory of an MLX model, as its files on this Mac or its server tell it. */
export interface MlxModelDescription {
  readonly kind: "mlx";
  readonly model: MlxModel;
  /** What had to be taken for granted, as sentences. */
  readonly cautions: readonly string[];
  /** By how much its weights may be too high: 0 where every tensor is listed. */
  readonly weightsAboveBytes: number;
}

/** An app that a person could quit to make room, with its helpers. */
export interface ClosableApp {
  readonly name: string;
  /** Its .app folder; absent for what can't be asked to quit. */
  readonly bundlePath?: string;
  /** Its footprint. */
  readonly bytes: number;
}

/** What is known of a model's metadata, or why it could not be read. */
export type DescriptionResult =
  | ModelDescription
  | MlxModelDescription
  /** The reason may hold words of a server. */
  | { readonly kind: "unreadable"; readonly reason: string }
  /** Files of it aren't there: Ollama can't load it. */
  | { readonly kind: "missing-files"; readonly reason: string };

/** A build that a registry has and that isn't installed. */
export interface PublishedBuild {
  /** Under which it's pulled; of a list of builds its runner tells which one. */
  readonly name: string;
  /** As the list of models would have it once it's pulled. */
  readonly model: InstalledModel;
  /** Bytes of what of it holds weights, by its manifest. */
  readonly weightBytes: number;
  readonly downloadBytes: number;
  /** What its own header or config.json tells; absent where those weren't read. */
  readonly description?: DescriptionResult;
}

/** What a registry says of a build. */
export type BuildAnswer =
  | ({ readonly kind: "published" } & PublishedBuild)
  /** None of the names it could have is there. */
  | { readonly kind: "missing" }
  /** Nobody could be asked, or the answer made no sense; the reason is a sentence without its full stop. */
  | { readonly kind: "unchecked"; readonly reason: string };

/** What a registry says of smaller MLX builds of a model. */
export interface MlxBuilds {
  /** Those it has, the largest first. */
  readonly published: readonly PublishedBuild[];
  /** Why there may be more, where it didn't answer for each name; a sentence without its full stop. */
  readonly unchecked?: string;
}

/** Command line of a running llama-server: the truth for a loaded model. */
export interface RunnerCommandLine {
  readonly pid: number;
  readonly modelPath?: string;
  /** `-c`: total over the slots. */
  readonly totalContext?: number;
  readonly parallel?: number;
  readonly kvCacheType?: string;
  readonly flashAttention?: "auto" | "on" | "off";
  readonly batch?: number;
  readonly gpuLayers?: number;
}

/** Settings of the running server, each with its source; absent = not detected. */
export interface ServerFacts {
  readonly version?: string;
  /** Which process it is; all that follows was read of that process alone. */
  readonly identity: ServerIdentity;
  /** OLLAMA_CONTEXT_LENGTH; 0 = Ollama decides by its tier. */
  readonly contextLength?: Sourced<number>;
  readonly kvCacheType?: Sourced<string>;
  readonly parallel?: Sourced<number>;
  readonly flashAttention?: Sourced<"auto" | "on" | "off">;
  readonly gpuOverheadBytes?: Sourced<number>;
  /** LLAMA_ARG_FIT: off = llama.cpp moves nothing to the CPU and keeps no margin. */
  readonly fit?: Sourced<"on" | "off">;
  /** LLAMA_ARG_FIT_TARGET in MiB. */
  readonly fitTargetMib?: Sourced<number>;
  /** LLAMA_ARG_CACHE_RAM in MiB: how much of earlier prompts a llama-server keeps in RAM; 0 = none. */
  readonly promptCacheMib?: Sourced<number>;
  /** OLLAMA_MAX_LOADED_MODELS, where it is set. */
  readonly maxLoadedModels?: Sourced<number>;
  /** OLLAMA_MODELS: where it keeps its models. */
  readonly modelsFolder?: Sourced<string>;
  /** Whether it found the GPU when it started; "none" = everything runs on the CPU until it restarts. */
  readonly gpu?: Sourced<"metal" | "none">;
  /** GPU total that the server measured when it started: decides its default-context tier. */
  readonly startupTotalBytes?: Sourced<number>;
  /** Default context the server logged for its tier. */
  readonly tierNumCtx?: Sourced<number>;
  readonly runners: readonly RunnerCommandLine[];
  /** Models whose files it's converting right now, as 0.40 does at their first load; absent where none is known to be. */
  readonly converting?: readonly string[];
}
