import type { ServerFacts } from "../fit/facts";
import type { PlanOption } from "../fit/plan/options";

/** Whether the extension carries an option out itself; others are done with their commands. */
export function isApplicable({ kind, changes }: PlanOption, server: ServerFacts): boolean {
  if (kind === "close-apps" || changes.build !== undefined) return false;
  // Only for the app the session's variables decide; a service has its own, and a terminal its shell's.
  return changes.kvCacheType === undefined || server.identity.kind === "app";
}
