import { withoutUnseen } from "../../fit/one-line";

/** Invisible, and allows no line break: keeps a renderer from taking "http://", "www." or an "@" for the start of a link. */
const WORD_JOINER = "\u2060";

/**
 * A text whose parts come from elsewhere (names of models, words of a server) as markdown that shows it as it is: no
 * picture is loaded, no link made, no tag let through, no line begun by it.
 *
 * Punctuation becomes entities, which no renderer reads as markdown; some read a backslash before "<" as text and the
 * tag behind it as a tag. Links that GFM makes of bare addresses are made after that, so addresses are broken up.
 */
export function plainMarkdown(text: string): string {
  return withoutUnseen(text)
    .replace(/:(?=\/\/)|(?<=www)\.|@|(?<=mailto|xmpp):/gi, (mark) => `${WORD_JOINER}${mark}`)
    .replace(
      /[\\`*<>[\]!#|&~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|(?<=^ ?)[-+=]|(?<=^ ?)\d{1,9}(?=[.)](?:\s|$))/gu,
      entities,
    );
}

function entities(marks: string): string {
  return [...marks].map((mark) => `&#${mark.codePointAt(0)};`).join("");
}
