import { formatBytes, MIB } from "../units";
import type { Rule } from "./notice";

const name = (mib: number, defaultText: string) => (mib === 0 ? defaultText : formatBytes(mib * MIB));

/** The limit isn't what was left: the Mac was restarted, or another tool set it. */
export const limitMoved: Rule = {
  word: "limit",
  isTold: ({ mac }) => mac?.overrideMib !== undefined,
  find: ({ mac }, { left }) => {
    const now = mac?.overrideMib;
    if (mac === undefined || now === undefined || left === undefined || left.mib === now) return [];
    const isTold = left.session !== undefined && mac.bootSession !== undefined;
    const because = left.session === mac.bootSession ? " by Another Tool" : " by the Restart";
    const inForce =
      now === 0 && !mac.limit.estimated ? `the macOS default, ${formatBytes(mac.limit.bytes)}` : undefined;
    return [
      {
        id: `limit ${left.mib} ${now} ${mac.bootSession ?? ""}`,
        title: `GPU Limit Changed${isTold ? because : ""}`,
        detail: `It was ${name(left.mib, "the macOS default")}. Now it's ${inForce ?? name(now, "the macOS default")}.`,
        way: { kind: "set-limit", mib: left.mib === 0 ? undefined : left.mib },
      },
    ];
  },
};
