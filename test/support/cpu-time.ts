import { cpuUsage } from "node:process";

/**
 * Milliseconds of processor time that a piece of work takes, the least of three tries: a busy machine doesn't make it
 * more. For parsers that have to be linear in their input: what isn't takes seconds where they take milliseconds.
 */
export async function cpuMs(work: () => unknown): Promise<number> {
  let least = Infinity;
  for (let attempt = 0; attempt < 3; attempt++) {
    const before = cpuUsage();
    await work();
    const { user, system } = cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
