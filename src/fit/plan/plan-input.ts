import type { LimitKey, LoadedModel, SmallerBuild } from "../facts";
import type { LimitAdvice } from "../limit-policy";
import { MIB } from "../units";
import type { JudgeInput } from "../verdict";
import type { KnownVerdict } from "./options";

/** Everything a plan for one model rests on. */
export interface PlanInput {
  /** As the list judges the model. */
  readonly input: JudgeInput;
  /** Absent for a remote Mac, whose limit can only be set there. */
  readonly advice?: LimitAdvice;
  /** Absent where this Mac has no limit that can be set. */
  readonly limitKey?: LimitKey;
  /** Whether a capped variant can be made of this model on this server. */
  readonly canCap: boolean;
  readonly variantName: (source: string, numCtx: number) => string;
  /** RAM of this Mac that is in use now, loaded models included; absent where it could not be read. */
  readonly usedRamBytes?: number;
  /** What a registry said of smaller builds, by quantization; absent where it was not asked. */
  readonly builds?: ReadonlyMap<string, SmallerBuild>;
}

/** The recommended limit in MiB, where it can be set and is higher than the one in force. */
export function recommendedRaise({ advice, limitKey }: PlanInput, before: KnownVerdict): number | undefined {
  const mib = limitKey === undefined ? undefined : advice?.recommendedMib;
  return mib !== undefined && mib * MIB > before.limit.bytes ? mib : undefined;
}

/** What is loaded of the planned model's own file: its next load takes the place of these. */
export function ownRunners({ input: { loaded, model } }: PlanInput): readonly LoadedModel[] {
  return loaded.filter(({ digest, sharesFile }) => digest === model.digest || sharesFile);
}
