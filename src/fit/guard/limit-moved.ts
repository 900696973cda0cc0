import { formatBytes, MIB } from "../units";
import type { Rule } from "./notice";

const name = (mib: number, defaultText: string) => (mib === 0 ? defaultText : formatBytes(mib * MIB));

/** A restart gives the limit back to macOS. Any other value was set, by a LaunchDaemon or a person, since then. */
function causeOf(before: string | undefined, session: string | undefined, mib: number): string {
  if (before === undefined || session === undefined) return "";
  if (before === session) return " by Another Tool";
  return mib === 0 ? " by the Restart" : " Since the Restart";
}

/** The limit isn't what was left: the Mac was restarted, or another tool set it. */
export const limitMoved: Rule = {
  word: "limit",
  isTold: ({ mac }) => mac?.overrideMib !== undefined,
  find: ({ mac }, { left }) => {
    const now = mac?.overrideMib;
    if (mac === undefined || now === undefined || left === undefined || left.mib === now) return [];
    const inForce =
      now === 0 && !mac.limit.estimated ? `the macOS default, ${formatBytes(mac.limit.bytes)}` : undefined;
    return [
      {
        id: `limit ${left.mib} ${now} ${mac.bootSession ?? ""}`,
        title: `GPU Limit Changed${causeOf(left.session, mac.bootSession, now)}`,
        detail: `It was ${name(left.mib, "the macOS default")}. Now it's ${inForce ?? name(now, "the macOS default")}.`,
        way: { kind: "set-limit", mib: left.mib === 0 ? undefined : left.mib },
      },
    ];
  },
};
