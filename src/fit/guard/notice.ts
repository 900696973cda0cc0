import type { ModelRunner } from "../model-runner";
import type { Remembered, Watched } from "./watched";

/** What a person can do about a notice. */
export type Way =
  /** Opens Set GPU Limit, with a value to set where there's one. */
  | { readonly kind: "set-limit"; readonly mib?: number }
  | { readonly kind: "make-it-fit"; readonly name: string }
  | { readonly kind: "show-memory" }
  | { readonly kind: "unload"; readonly name: string; readonly runner?: ModelRunner };

/** Something that a person should know before the Mac swaps. */
export interface Notice {
  readonly kind: NoticeKind;
  /** The same as long as it's the same thing: it's said once. */
  readonly id: string;
  /** Fewer than 40 characters, other than a model's name. */
  readonly title: string;
  readonly detail: string;
  readonly way: Way;
}

/** One kind of notice: its preference is named after it. */
export interface Rule {
  /** What the look gives reason to say. `isRaised` tells whether a notice with this id is shown already. */
  readonly find: (
    watched: Watched,
    before: Remembered,
    isRaised: (id: string) => boolean,
  ) => readonly Omit<Notice, "kind">[];
  /** Needs an answer of the server: without one nothing is known, and what was shown or put aside is kept. */
  readonly needsServer: boolean;
}

export type NoticeKind = "limitMoved" | "spilled" | "unplannedContext" | "mlxGrows" | "tierMoved" | "criticalPressure";
