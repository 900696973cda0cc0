import type { BuildAnswer, ClosableApp, MlxBuilds } from "../facts";
import { isWorthRaising, type LimitAdvice, readDefaultMib } from "../limit-policy";
import type { JudgeInput, KnownVerdict, Verdict } from "../verdict";

/** Everything a plan for one model rests on. */
export interface PlanInput {
  /** As the list judges the model. */
  readonly input: JudgeInput;
  /** Where the server is asked. */
  readonly url?: string;
  /** Names of the models that the server has. */
  readonly installed?: readonly string[];
  /** Absent where no limit can be set: for a remote Mac, and where this one has none. */
  readonly advice?: LimitAdvice;
  /** Whether a capped variant can be made of this model on this server. */
  readonly canCap: boolean;
  readonly variantName: (source: string, numCtx: number) => string;
  /** Apps a person could quit, largest first; absent until they were read. */
  readonly apps?: readonly ClosableApp[];
  /** The installed build of the same name that another engine runs, as the list judges it. */
  readonly sibling?: JudgeInput;
  /** What likely holds most of the GPU memory that other programs hold, where they were read. */
  readonly gpuHolder?: string;
  /** What a registry said of the GGUF build of an MLX model; absent where it was not asked. */
  readonly gguf?: BuildAnswer;
  /** What a registry said of smaller MLX builds of an MLX model; absent where it was not asked. */
  readonly mlx?: MlxBuilds;
  /** What a registry said of smaller builds, by quantization; absent where it was not asked. */
  readonly builds?: ReadonlyMap<string, BuildAnswer>;
  /** What the last load came to, where it didn't end as the verdict says: the model needs help, whatever that says. */
  readonly failed?: FailedLoad;
}

/** A load that failed for memory or spilled, or a request that failed. */
export interface FailedLoad {
  /** A sentence. */
  readonly reason: string;
  /** Bytes that it got on the GPU; absent where it didn't load. */
  readonly placedBytes?: number;
}

/** Whether a model needs help: by its verdict, or by what its last load came to. */
export function needsHelp({ failed }: PlanInput, before: Verdict): boolean {
  return before.kind !== "fits" || failed !== undefined;
}

/** Bytes of the weights of the installed build: exact for MLX where its files were read, else what the list says. */
export function installedWeights({ input: { description, model } }: PlanInput): number {
  return "kind" in description && description.kind === "mlx" ? description.model.weights : model.sizeBytes;
}

/**
 * The recommended limit in MiB, else macOS's own where less is set, if it's enough higher than the one in force to be
 * worth it.
 */
export function recommendedRaise({ advice }: PlanInput, before: KnownVerdict): number | undefined {
  const mib = advice?.recommendedMib ?? readDefaultMib(advice);
  return mib !== undefined && isWorthRaising(mib, before.limit.bytes) ? mib : undefined;
}
