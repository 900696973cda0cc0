/** A name out of a file, safe to show: quoted, all but plain ASCII escaped, of at most 80 characters. */
export function shownName(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 79)}…` : name;
  return JSON.stringify(short).replace(/[^\x20-\x7e…]/gu, (mark) => `\\u{${mark.codePointAt(0)?.toString(16)}}`);
}
