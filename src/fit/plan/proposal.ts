import type { Steps } from "../steps";
import type { KnownVerdict } from "../verdict";
import type { Changes } from "./changes";
import type { PlanInput } from "./plan-input";

/** One way to make a model fit, as its proposal finds it: what it costs follows from what it changes. */
export interface Proposed {
  readonly title: string;
  readonly changes: Changes;
  /** The list's own verdict once the changes are made. */
  readonly after: KnownVerdict;
  /** What a person would say of the state after; default: the sentence of that verdict. */
  readonly sentence?: string;
  /** Never recommended: it costs more than it gives, and a smaller model is often the better choice. */
  readonly isPoor?: boolean;
  /** What comes of it isn't known: `after` is the verdict of before, and nothing of it is shown. */
  readonly isOpen?: boolean;
  /** Told beside what's recommended, however little that costs: what else there is for a model that fits. */
  readonly isBeside?: boolean;
}

/** A kind of way to make a model fit. The table in proposals.ts ranks it. */
export interface Proposal {
  /** The ways of this kind for a model; none where it doesn't apply or doesn't help. It pauses before whatever takes long. */
  readonly propose: (plan: PlanInput, before: KnownVerdict) => Steps<readonly Proposed[]>;
  /** Asked only where the others find nothing, or nothing that isn't poor. */
  readonly isLastResort?: boolean;
}
