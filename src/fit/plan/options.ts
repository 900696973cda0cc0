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

export type PlanKind =
  | "nothing"
  | "unload"
  | "reload"
  | "raise-limit"
  | "cap-context"
  | "raise-and-cap"
  | "quantize-kv-cache"
  | "smaller-quantization"
  | "raise-beyond-reserve"
  | "close-apps";

/** One way to make a model fit, judged by the list's own verdict. */
export interface PlanOption {
  readonly kind: PlanKind;
  readonly title: string;
  /** What a person would say of the state after. */
  readonly sentence: string;
  /** What it costs, in words; empty where it costs nothing. */
  readonly costs: readonly string[];
  readonly cost: Cost;
  readonly after: Verdict;
  /** Changes in the order in which they are made. */
  readonly changes: {
    readonly unload?: readonly string[];
    readonly limitMib?: number;
    readonly numCtx?: number;
    readonly kvCacheType?: "q8_0";
    readonly quantization?: string;
  };
  /** The same by hand, one command each. */
  readonly commands: readonly string[];
}

/** Why nothing makes it fit here, and the honest ways out. */
export interface Impossible {
  readonly missingBytes: number;
  readonly comfortable: string;
  readonly waysOut: readonly string[];
}

export type Plan =
  | { readonly kind: "options"; readonly before: Verdict; readonly options: readonly PlanOption[] }
  | { readonly kind: "impossible"; readonly before: Verdict; readonly impossible: Impossible }
  | { readonly kind: "unknown"; readonly before: Verdict; readonly reason: string };

const COSTS = ["contextTokens", "qualitySteps", "macosBytes", "disturbance", "serverWide", "password"] as const;

/** Whether `a` takes nothing more than `b` and something less. */
export function dominates(a: Cost, b: Cost): boolean {
  return COSTS.every((name) => a[name] <= b[name]) && COSTS.some((name) => a[name] < b[name]);
}

/** Least intrusive first, as the order of the kinds says. */
const RANK: Readonly<Record<PlanKind, number>> = {
  nothing: 0,
  reload: 1,
  unload: 2,
  "raise-limit": 3,
  "cap-context": 4,
  "raise-and-cap": 5,
  "quantize-kv-cache": 6,
  "smaller-quantization": 7,
  "raise-beyond-reserve": 8,
  "close-apps": 9,
};

/** Drops options that another one beats in every respect and sorts the rest. */
export function rankOptions(options: readonly PlanOption[]): readonly PlanOption[] {
  return options
    .filter((option) => !options.some((other) => dominates(other.cost, option.cost)))
    .sort((a, b) => RANK[a.kind] - RANK[b.kind]);
}
