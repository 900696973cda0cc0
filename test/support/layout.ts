/** Colours text for a terminal, or leaves it as it is. */
export type Paint = (text: string, look: Look) => string;

/** A role, or a colour of Raycast's (`raycast-green`, `#ff0000`). */
export type Look = "heading" | "faint" | "selected" | "error" | { readonly color: unknown };

export const plain: Paint = (text) => text;

const CODES: Readonly<Record<string, string>> = {
  "raycast-green": "32",
  "raycast-red": "31",
  "raycast-yellow": "33",
  "raycast-orange": "38;5;208",
  "raycast-blue": "34",
  "raycast-purple": "35",
  "raycast-magenta": "95",
  "raycast-secondary-text": "90",
};

/** Paints with ANSI codes. */
export const ansi: Paint = (text, look) => {
  const code =
    look === "heading"
      ? "1"
      : look === "selected"
        ? "1;36"
        : look === "faint"
          ? "90"
          : look === "error"
            ? "31"
            : CODES[String(look.color)];
  return code === undefined || text === "" ? text : `\u001b[${code}m${text}\u001b[0m`;
};

/** Columns that a text takes. Every character the extension shows is one column wide. */
export function widthOf(text: string): number {
  return [...text].length;
}

/** Breaks text into lines of at most `width` columns at spaces; its own line breaks stay, tables stay whole. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => (line.startsWith("|") ? [line] : wrapLine(line, width)));
}

function wrapLine(line: string, width: number): string[] {
  const [first = "", ...rest] = line.split(" ");
  const lines: string[] = [];
  let current = first;
  for (const word of rest) {
    if (current.trim() !== "" && widthOf(current) + 1 + widthOf(word) > width) {
      lines.push(current);
      current = word;
    } else {
      current += ` ${word}`;
    }
  }
  return [...lines, current];
}

/** A run of text together with how it looks painted. */
export interface Run {
  readonly text: string;
  readonly painted: string;
}

/** One line with something at its left and something at its right end; two lines where they do not fit side by side. */
export function spread(left: Run, right: Run, width: number, rightmost = width): string[] {
  if (right.text === "") return [left.painted];
  const gap = width - widthOf(left.text) - widthOf(right.text);
  if (gap >= 2) return [left.painted + " ".repeat(gap) + right.painted];
  return [left.painted, " ".repeat(Math.max(4, rightmost - widthOf(right.text))) + right.painted];
}
