/** What an assistant hands over: some hand over nothing at all, and then every field is missing. */
export const inputGiven = <T extends object>(input: T | null | undefined): T => input ?? ({} as T);

/** A text that an assistant hands over, without spaces around it; what isn't a text is an empty one: types are only asked for. */
export const textGiven = (given: unknown): string => (typeof given === "string" ? given.trim() : "");
