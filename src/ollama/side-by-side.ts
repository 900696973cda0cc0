const AT_ONCE = 4;

/** Does the work for each, a few at once. */
export async function sideBySide<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const next = all.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const each of next) await work(each);
    }),
  );
}
