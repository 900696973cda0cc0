/** Names for a sentence: the first four, and how many more there are. */
export function listNames(names: readonly string[]): string {
  return names.slice(0, 4).join(", ") + (names.length > 4 ? ` and ${names.length - 4} more` : "");
}
