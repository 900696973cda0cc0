/** The work's result for each, in their order; at most so many are worked on at once. */
export async function sideBySide<T, R>(
  all: readonly T[],
  work: (each: T) => Promise<R>,
  atOnce = 4,
): Promise<readonly R[]> {
  const results = new Array<R>(all.length);
  const next = all.entries();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [index, each] of next) results[index] = await work(each);
    }),
  );
  return results;
}
