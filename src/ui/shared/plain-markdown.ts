/**
 * A text whose parts come from elsewhere (names of models, words of a server) as markdown that shows it as it is: no
 * picture is loaded, no link made, no line begun by it. Names that Ollama accepts hold none of these characters.
 */
export function plainMarkdown(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*<>[\]!#|]/g, "\\$&");
}
