import type { Runner } from "./runner";

/** A variable of the user's launchd session: what the app will be started with next, not what runs now. */
export async function readLaunchctlEnv({ run }: { readonly run: Runner }, name: string): Promise<string | undefined> {
  const result = await run("/bin/launchctl", ["getenv", name]);
  const value = result.stdout.trim();
  return result.exitCode === 0 && value !== "" ? value : undefined;
}
