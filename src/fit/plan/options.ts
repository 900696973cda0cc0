import type { KnownVerdict, Verdict } from "../verdict";
import { type Cost, dominates } from "./cost";
import type { Proposed } from "./proposal";
import { PLAN_KINDS, type PlanKind } from "./proposals";

/** One way to make a model fit, with all that follows from what it changes. */
export interface PlanOption extends Proposed {
  readonly kind: PlanKind;
  readonly sentence: string;
  /** What it costs, in words; empty where it costs nothing. */
  readonly costs: readonly string[];
  readonly cost: Cost;
  /** The same by hand, one command each. */
  readonly commands: readonly string[];
}

/** Whether an option rests on a build that nobody has confirmed: its verdict isn't a promise. */
export function isUnconfirmed({ changes: { build } }: PlanOption): boolean {
  return build !== undefined && build.name === undefined;
}

/** Why nothing makes it fit here, and the honest ways out. */
export interface Impossible {
  /** What is missing at the least, in words. */
  readonly missing: string;
  /** Title of an option that would do if its build is no heavier than usual; absent where there is none. */
  readonly perhaps?: string;
  readonly comfortable: string;
  readonly waysOut: readonly string[];
}

export type Plan =
  | {
      readonly kind: "options";
      readonly before: KnownVerdict;
      readonly options: readonly PlanOption[];
      /** What is better than any of them, where all of them are poor. */
      readonly instead?: Impossible;
    }
  | { readonly kind: "impossible"; readonly before: KnownVerdict; readonly impossible: Impossible }
  /** Not enough is known to promise anything. */
  | { readonly kind: "unknown"; readonly before: Verdict; readonly reason: string };

/**
 * Drops options that another one beats in every respect, and repetitions, and sorts the rest: least intrusive first,
 * builds by their quality, poor ones last.
 */
export function rankOptions(options: readonly PlanOption[]): readonly PlanOption[] {
  const rank = ({ kind }: PlanOption) => PLAN_KINDS.indexOf(kind);
  const poor = ({ isPoor }: PlanOption) => Number(isPoor ?? false);
  return options
    .filter((option) => !options.some((other) => dominates(other.cost, option.cost)))
    .filter(({ title }, index, kept) => kept.findIndex((other) => other.title === title) === index)
    .sort((a, b) => poor(a) - poor(b) || rank(a) - rank(b) || a.cost.qualitySteps - b.cost.qualitySteps);
}
