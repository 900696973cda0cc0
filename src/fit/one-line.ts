/**
 * What isn't seen, but forges lines, hides words or turns them around: controls, marks of direction, joiners and other
 * characters of no width, separators, halves of characters.
 */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/u;
const UNSEEN_OR_SPACE = new RegExp(`(?:${UNSEEN.source}|\\s)+`, "gu");

/** A text from elsewhere with one space in the place of what isn't seen, line breaks and spaces. */
export function withoutUnseen(text: string): string {
  return text.replace(UNSEEN_OR_SPACE, " ");
}

/** A text from elsewhere as one line of at most so many characters, without what could forge another on screen. */
export function oneLine(text: string, mostCharacters: number): string {
  const line = withoutUnseen(text.slice(0, 4 * mostCharacters)).trim();
  // The end may have cut a character in two.
  return line
    .slice(0, mostCharacters)
    .replace(/\p{Cs}$/u, "")
    .trimEnd();
}

/** The first sentence of a text, for where there's no room for more. */
export const firstSentence = (text: string): string => text.replace(/(?<=\.) .*$/s, "");
