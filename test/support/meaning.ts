/**
 * Tests ask what a text means, not how it is worded: for the figures, names and commands in it and for a few words that
 * it can't do without. Then a better wording breaks no test, and a wrong figure still does.
 */

/** A figure, name, command or word, or a pattern for what may be worded in several ways. */
export type Part = string | RegExp;

/** Nobody could tell, in whichever words. */
export const UNREADABLE = /(?:couldn't|could not|can't|cannot) (?:be )?read/i;

/** The parts that a text does not hold. Letter case and line breaks don't count. */
function unsaid(text: string, parts: readonly Part[]): readonly Part[] {
  const said = text.replace(/\s+/g, " ");
  return parts.filter((part) => !(typeof part === "string" ? whole(part) : new RegExp(part, "iu")).test(said));
}

/** A part as it stands by itself: "8 GiB" is not in "18 GiB", nor "57,344" in "57,344.5", but "restart" in "restarted". */
function whole(part: string): RegExp {
  const words = part
    .trim()
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/\s+/g, "\\s");
  const start = /^[\p{L}\p{N}]/u.test(part) ? "(?<![\\p{L}\\p{N}]|\\p{N}[.,])" : "";
  const end = /\p{N}$/u.test(part) ? "(?![\\p{L}\\p{N}]|[.,]\\p{N})" : "";
  return new RegExp(start + words + end, "iu");
}

/** @throws where a text does not hold all of this. */
export function says(text: string | undefined, ...parts: readonly Part[]): void {
  const missing = unsaid(text ?? "", parts);
  if (missing.length > 0) throw new Error(`${listed(missing)} is not said in:\n\n${shown(text)}`);
}

/** @throws where a text holds any of this. */
export function doesNotSay(text: string | undefined, ...parts: readonly Part[]): void {
  const there = parts.filter((part) => unsaid(text ?? "", [part]).length === 0);
  if (there.length > 0) throw new Error(`${listed(there)} is said in:\n\n${shown(text)}`);
}

const listed = (parts: readonly Part[]) =>
  parts.map((part) => (typeof part === "string" ? `"${part}"` : part)).join(", ");

/** Without the wide gaps of a wide screen. */
const shown = (text: string | undefined) => text?.replace(/ {3,}/g, "   ").replace(/─{9,}/g, "────────") ?? "(nothing)";
