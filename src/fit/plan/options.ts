import { contextOf, type KnownVerdict, swaps, type Verdict } from "../verdict";
import { badgeText, VERDICT_TITLES } from "../verdict-text";
import { type Cost, dominates } from "./cost";
import type { Proposed } from "./proposal";
import { PLAN_KINDS, type PlanKind } from "./proposals";

/** One way to make a model fit, with all that follows from what it changes. */
export interface PlanOption extends Proposed {
  readonly kind: PlanKind;
  readonly sentence: string;
  /** How it would do now, beside what other programs hold of the GPU's memory, as a sentence. */
  readonly now?: string;
  /** They hold so much that it wouldn't fit now. */
  readonly lacksNow: boolean;
  /** What it costs, in words; empty where it costs nothing. */
  readonly costs: readonly string[];
  readonly cost: Cost;
  /** The Mac would swap once the server has filled its cache of earlier prompts: that ranks, but rules nothing out. */
  readonly swapsLater: boolean;
  /** The same by hand, one command each. */
  readonly commands: readonly string[];
}

/** Whether there's anything to agree to: loading the model alone changes nothing. */
export function changesSomething({ changes }: PlanOption): boolean {
  return Object.values(changes).some((change) => change !== undefined);
}

/** Whether an option rests on a build that nobody has confirmed: its verdict isn't a promise. */
export function isUnconfirmed({ changes: { build } }: PlanOption): boolean {
  return build !== undefined && build.name === undefined;
}

/** The badge of what an option leads to: never more than is known. */
export function resultText(option: PlanOption): string {
  if (option.isOpen) return VERDICT_TITLES.unknown;
  return isUnconfirmed(option) ? `${badgeText(option.after)}, if Published` : badgeText(option.after);
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
      /** What is better than any of them, where all of them are poor or would swap. */
      readonly instead?: Impossible;
      /** In tokens; absent for a model that doesn't fit as it is. */
      readonly largestContext?: number;
    }
  | { readonly kind: "impossible"; readonly before: KnownVerdict; readonly impossible: Impossible }
  /** Not enough is known to promise anything. */
  | { readonly kind: "unknown"; readonly before: Verdict; readonly reason: string };

/** A context below it is of little use: the last that's given up. */
const USEFUL_CONTEXT = 16_384;

/** What ranks an option, the most important first; smaller is better in every place. */
const RANKS: readonly ((option: PlanOption) => number)[] = [
  ({ isBeside }) => Number(isBeside ?? false),
  ({ after }) => Number(swaps(after)),
  ({ lacksNow }) => Number(lacksNow),
  ({ isPoor }) => Number(isPoor ?? false),
  ({ cost, after }) => Number(cost.contextTokens > 0 && contextOf(after).value < USEFUL_CONTEXT),
  ({ kind }) => PLAN_KINDS.indexOf(kind),
  ({ cost }) => cost.qualitySteps,
  ({ swapsLater }) => Number(swapsLater),
];

/**
 * Drops options that another one beats in every respect, and repetitions, and sorts the rest: those that would swap
 * last, before them those that cost more than they give or leave too little context, and else the least intrusive first.
 */
export function rankOptions(options: readonly PlanOption[]): readonly PlanOption[] {
  return options
    .filter((option) => isAlternative(option) || !options.some((other) => dominates(other.cost, option.cost)))
    .filter(({ title }, index, kept) => kept.findIndex((other) => other.title === title) === index)
    .toSorted((a, b) => RANKS.reduce((order, rank) => order || rank(a) - rank(b), 0));
}

/** Another build can do what this one can't, so that no way to run this one is better in every respect. */
function isAlternative({ isBeside, changes }: PlanOption): boolean {
  return isBeside === true || changes.otherBuild !== undefined || changes.pullBuild !== undefined;
}

/** The heading above the first option: "It Fits" only where there's nothing to add to that, and nothing risky is recommended. */
export function headline({ before, options, instead }: Extract<Plan, { kind: "options" }>): string {
  const [first] = options;
  if (instead === undefined && first?.kind === "beyond-reserve") return "Possible, at a Risk";
  if (instead !== undefined || first?.kind !== "already-fits" || before.kind !== "fits") return "Recommended";
  if (first.now !== undefined) return "It Fits Alone";
  return first.costs.length === 0 ? "It Fits" : "It Fits for Now";
}
