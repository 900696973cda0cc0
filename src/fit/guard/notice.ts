import type { BuildName } from "../model-builds";
import type { Remembered, Watched } from "./watched";

/** What a person can do about a notice. */
export type Way =
  /** Opens Set GPU Limit, with a value to set where there's one. */
  | { readonly kind: "set-limit"; readonly mib?: number }
  | ({ readonly kind: "make-it-fit" } & BuildName)
  | { readonly kind: "show-memory" }
  | ({ readonly kind: "unload" } & BuildName);

/** Something that a person should know before the Mac swaps. */
export interface Notice {
  readonly kind: NoticeKind;
  /** A word of its kind, and what it's about: the same as long as it's the same thing, which is said once. */
  readonly id: string;
  /** Fewer than 40 characters, other than a model's name. */
  readonly title: string;
  readonly detail: string;
  readonly way: Way;
}

/** One kind of notice: its preference is named after it. */
export interface Rule {
  /** What its ids begin with. */
  readonly word: string;
  /**
   * Whether a look could tell: where a program or the server gave no answer nothing is known, and what was shown or put
   * aside stays so.
   */
  readonly isTold: (watched: Watched) => boolean;
  /** What the look gives reason to say. `isRaised` tells whether a notice with this id is shown already. */
  readonly find: (
    watched: Watched,
    before: Remembered,
    isRaised: (id: string) => boolean,
  ) => readonly Omit<Notice, "kind">[];
}

export type NoticeKind = "limitMoved" | "spilled" | "unplannedContext" | "mlxGrows" | "tierMoved" | "criticalPressure";
