import type { Verdict } from "../verdict";

/** What an option takes from the person; smaller is better in every place. */
export interface Cost {
  /** Tokens of context given up against what the model would run at. */
  readonly contextTokens: number;
  /** Steps down the quality ladder of quantizations. */
  readonly qualitySteps: number;
  /** Bytes taken from macOS and the apps. */
  readonly macosBytes: number;
  /** Other models and apps are disturbed. */
  readonly disturbance: 0 | 1;
  /** Every model of the server is affected. */
  readonly serverWide: 0 | 1;
  readonly password: 0 | 1;
}

export const FREE: Cost = {
  contextTokens: 0,
  qualitySteps: 0,
  macosBytes: 0,
  disturbance: 0,
  serverWide: 0,
  password: 0,
};

/** Kinds of options, least intrusive first. */
export const PLAN_KINDS = [
  "nothing",
  "reload",
  "unload",
  "raise-limit",
  "cap-context",
  "raise-and-cap",
  "quantize-kv-cache",
  "smaller-build",
  "raise-beyond-reserve",
  "close-apps",
] as const;

export type PlanKind = (typeof PLAN_KINDS)[number];

/** What an option changes; each absent where it stays as it is. */
export interface Changes {
  readonly limitMib?: number;
  /** For the whole server, which restarts. */
  readonly kvCacheType?: "q8_0";
  /** Context of a new variant. */
  readonly numCtx?: number;
  /** Models to unload before this one is loaded. */
  readonly unload?: readonly string[];
  /** A smaller build in place of this one; its name only where a registry has confirmed it. */
  readonly build?: { readonly quantization: string; readonly name?: string };
}

export type KnownVerdict = Exclude<Verdict, { kind: "unknown" }>;

/** One way to make a model fit, judged by the list's own verdict. */
export interface PlanOption {
  readonly kind: PlanKind;
  readonly title: string;
  /** What a person would say of the state after. */
  readonly sentence: string;
  /** What it costs, in words; empty where it costs nothing. */
  readonly costs: readonly string[];
  readonly cost: Cost;
  readonly after: KnownVerdict;
  readonly changes: Changes;
  /** The same by hand, one command each. */
  readonly commands: readonly string[];
  /** It costs so much quality that a smaller model is often the better choice. */
  readonly isPoor?: boolean;
}

/** Whether an option rests on a build that nobody has confirmed: its verdict is no promise. */
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

const COSTS = Object.keys(FREE) as (keyof Cost)[];

/** Whether `a` takes nothing more than `b` and something less. */
export function dominates(a: Cost, b: Cost): boolean {
  return COSTS.every((name) => a[name] <= b[name]) && COSTS.some((name) => a[name] < b[name]);
}

/**
 * Drops options that another one beats in every respect, and repetitions, and sorts the rest: least intrusive first,
 * builds by their quality.
 */
export function rankOptions(options: readonly PlanOption[]): readonly PlanOption[] {
  const rank = ({ kind }: PlanOption) => PLAN_KINDS.indexOf(kind);
  return options
    .filter((option) => !options.some((other) => dominates(other.cost, option.cost)))
    .filter(({ title }, index, kept) => kept.findIndex((other) => other.title === title) === index)
    .sort((a, b) => rank(a) - rank(b) || a.cost.qualitySteps - b.cost.qualitySteps);
}
