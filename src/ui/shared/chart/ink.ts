import { MAC_PARTS, type MacPart } from "../../../fit/mac-bar";
import { RAM_TERMS, TERM_TITLES, type TermTitle } from "../../../fit/sum-names";
import type { VerdictKind } from "../../../fit/verdict";

export type Appearance = "light" | "dark";

export interface Ink {
  readonly text: string;
  readonly faint: string;
  readonly good: string;
  readonly near: string;
  readonly over: string;
  /** What is empty of a bar. */
  readonly track: string;
}

/** Colours of text and lines. Raycast's window lets the desktop through, so they keep well above 4.5:1. */
export const INKS: Readonly<Record<Appearance, Ink>> = {
  light: { text: "#1d1d1f", faint: "#58585d", good: "#13704f", near: "#8a5300", over: "#b3261e", track: "#dcdce0" },
  dark: { text: "#f4f4f5", faint: "#b4b4ba", good: "#4ccb96", near: "#f0b240", over: "#ff8077", track: "#48484d" },
};

/** The ink of a verdict, as its badge in the list has it. */
export const VERDICT_INKS: Readonly<Record<VerdictKind, keyof Ink>> = {
  fits: "good",
  tight: "near",
  spills: "over",
  over: "over",
  fails: "over",
  "wont-load": "over",
  "too-big": "over",
  unknown: "faint",
};

/** What a bar is filled with: what's free stays empty. */
type Filled = TermTitle | Exclude<MacPart, typeof MAC_PARTS.free>;

/** Fills by the titles of what they stand for; they stand out (3:1) on a light and on a dark window. */
export const FILLS: Readonly<Record<Filled, string>> = {
  [TERM_TITLES.weights]: "#2f7fd0",
  [TERM_TITLES.kvCache]: "#1a9470",
  [TERM_TITLES.state]: "#9a6bd0",
  [TERM_TITLES.compute]: "#b07d1e",
  [TERM_TITLES.projector]: "#c8609b",
  [TERM_TITLES.images]: "#1d93b0",
  [TERM_TITLES.adapter]: "#7a8f2a",
  [TERM_TITLES.scores]: "#b07d1e",
  [TERM_TITLES.working]: "#c8609b",
  [TERM_TITLES.margin]: "#848488",
  [RAM_TERMS.others]: "#b0685a",
  [RAM_TERMS.model]: "#5f86a8",
  [MAC_PARTS.models]: "#2f7fd0",
};
