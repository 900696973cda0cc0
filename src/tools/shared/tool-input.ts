/** A text that an assistant hands over, without spaces around it; what isn't a text is an empty one: types are only asked for. */
export const textGiven = (given: unknown): string => (typeof given === "string" ? given.trim() : "");
