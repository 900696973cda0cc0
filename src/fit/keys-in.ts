/** The keys of a typed table, in its order: TypeScript itself takes them for any texts. */
export function keysIn<K extends string>(table: Readonly<Partial<Record<K, unknown>>>): readonly K[] {
  return Object.keys(table) as K[];
}
