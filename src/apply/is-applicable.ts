import type { ServerFacts } from "../fit/facts";
import type { Changes } from "../fit/plan/changes";
import type { PlanOption } from "../fit/plan/options";
import { keysIn } from "../fit/keys-in";

/** Where the extension makes a change itself: a step plans it. */
const IS_MADE_HERE: { readonly [K in keyof Changes]-?: (server: ServerFacts) => boolean } = {
  otherBuild: () => true,
  pullBuild: () => false,
  build: () => false,
  limitMib: () => true,
  numCtx: () => true,
  clientContext: () => false,
  unload: () => true,
  closeApps: () => true,
  parallel: () => false,
  // Only for the app the session's variables decide; a service has its own, and a terminal its shell's.
  kvCacheType: ({ identity }) => identity.kind === "app",
  keepAlive: () => false,
};

/** Whether the extension applies an option itself; others are done with their commands. */
export function isApplicable({ changes }: PlanOption, server: ServerFacts): boolean {
  const keys = keysIn(IS_MADE_HERE);
  return keys.every((key) => changes[key] === undefined || IS_MADE_HERE[key](server));
}
