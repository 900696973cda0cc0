import { keysIn } from "../keys-in";

/** What an option takes from the person; smaller is better in every place. */
export interface Cost {
  /** Tokens of context given up against what the model would run at. */
  readonly contextTokens: number;
  /** Steps down the quality ladder of quantizations. */
  readonly qualitySteps: number;
  /** Bytes taken from macOS and the apps. */
  readonly macosBytes: number;
  /** Bytes of RAM that are short once it's done, where that's more than macOS compresses. */
  readonly swapBytes: number;
  /** 1 where other models and apps are disturbed. */
  readonly disturbance: number;
  /** 1 where every model of the server is affected. */
  readonly serverWide: number;
  /** 1 where macOS asks for the password. */
  readonly password: number;
  /** 1 where another program runs it, which may be slower. */
  readonly otherRunner: number;
}

/** The cost of several changes together: none of them takes the same thing twice. */
export function joinCosts(costs: readonly Partial<Cost>[]): Cost {
  const most = (name: keyof Cost) => Math.max(0, ...costs.map((cost) => cost[name] ?? 0));
  return {
    contextTokens: most("contextTokens"),
    qualitySteps: most("qualitySteps"),
    macosBytes: most("macosBytes"),
    swapBytes: most("swapBytes"),
    disturbance: most("disturbance"),
    serverWide: most("serverWide"),
    password: most("password"),
    otherRunner: most("otherRunner"),
  };
}

const NAMES = keysIn(joinCosts([]));

/** Whether `a` takes nothing more than `b` and something less. */
export function dominates(a: Cost, b: Cost): boolean {
  return NAMES.every((name) => a[name] <= b[name]) && NAMES.some((name) => a[name] < b[name]);
}
