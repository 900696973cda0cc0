import type { KnownEstimate } from "../memory/estimate-types";
import type { KnownMlxEstimate } from "../memory/mlx/estimate";
import type { DescriptionResult, InstalledModel, LoadedModel, ServerFacts } from "./facts";
import type { GpuLimit, UnknownGpuLimit } from "./limit-policy";
import type { MlxCut, MlxPeak } from "./mlx-peaks";
import type { MlxRun } from "./mlx-run";
import type { JudgedMlx } from "./mlx-verdict";
import type { Offload } from "./partial-offload";
import type { RamBalance, RamUse } from "./ram";
import type { JudgeOptions } from "./run-input";
import type { ModelRun } from "./run-settings";
import type { Engine } from "./runners";
import type { TightCause } from "./tight";

/** Everything a verdict rests on. */
export interface JudgeInput {
  readonly model: InstalledModel;
  readonly description: DescriptionResult;
  readonly server: ServerFacts;
  readonly limit: GpuLimit | UnknownGpuLimit;
  /** Highest limit that can be set here without a second yes, in MiB; absent for a remote Mac. */
  readonly highestLimitMib?: number;
  readonly loaded: readonly LoadedModel[];
  /** Absent for a remote Mac. */
  readonly ram?: RamUse;
  /** GPU memory that other programs hold now, in bytes; absent for a remote Mac and where it can't be told. */
  readonly programsGpuBytes?: number;
  /** Name of the chip, where Ollama runs on this Mac. */
  readonly chip?: string;
  /** Peaks of this model's requests that its server logged; they count for MLX alone. */
  readonly peaks?: readonly MlxPeak[];
  /** Prompts of it that its server cut or refused, by its log. */
  readonly cuts?: readonly MlxCut[];
  readonly options: JudgeOptions;
}

/** What a model needs with llama.cpp, which takes all of it when it loads. */
export interface LlamaNeed {
  readonly engine: Extract<Engine, "llama">;
  readonly run: ModelRun;
  readonly estimate: KnownEstimate;
}

/** What a model needs with MLX at the peak of a prompt. */
interface MlxNeed {
  readonly engine: Extract<Engine, "mlx">;
  readonly run: MlxRun;
  readonly estimate: KnownMlxEstimate;
  /** What comes of it: the same kind as the verdict it's part of, and the contexts that are safe and possible. */
  readonly mlx: JudgedMlx;
}

/** What a model needs, by what runs it. */
type Need = LlamaNeed | MlxNeed;

/** What every verdict with a sum and a limit has. */
export interface Judged {
  readonly limit: GpuLimit;
  /** Limit minus total minus margin, in bytes; negative = missing. */
  readonly spareBytes: number;
  readonly ram?: RamBalance;
  /** Why the verdict is not better, or what it silently rests on; for the tooltip and the detail. */
  readonly cautions: readonly string[];
}

type KnownRun = Need & Judged;

export type Verdict =
  | ({ readonly kind: "fits" } & KnownRun)
  | ({ readonly kind: "tight"; readonly cause: TightCause; readonly because: string } & KnownRun)
  | ({ readonly kind: "spills" } & Missing & LlamaNeed & Judged)
  /** Nothing spills, as every layer is forced onto the GPU or more is in force than is safe: it fails or macOS pages. */
  | ({ readonly kind: "over"; readonly missingBytes: number } & LlamaNeed & Judged)
  | ({ readonly kind: "too-big" } & Missing & LlamaNeed & Judged)
  /** MLX moves nothing to the CPU: the request dies, or the Mac freezes. */
  | ({ readonly kind: "fails"; readonly missingBytes: number } & MlxNeed & Judged)
  /** Ollama refuses to load it. Of its sum only the weights count. */
  | ({ readonly kind: "wont-load"; readonly missingBytes: number; readonly allowedBytes: number } & MlxNeed & Judged)
  | {
      readonly kind: "unknown";
      readonly engine?: undefined;
      readonly reason: string;
      /** The run and sum as far as they are known: an unknown limit leaves the sum valid. */
      readonly run?: ModelRun;
      readonly estimate?: KnownEstimate;
    };

interface Missing {
  readonly missingBytes: number;
  /** How it runs all the same; absent where it doesn't and where it can't be told. */
  readonly offload?: Offload;
}

export type VerdictKind = Verdict["kind"];

/** A verdict with a sum and a limit. */
export type KnownVerdict = Exclude<Verdict, { kind: "unknown" }>;

/** Verdicts on models that one engine runs. */
export type VerdictOf<E extends Engine> = Extract<KnownVerdict, { readonly engine: E }>;
