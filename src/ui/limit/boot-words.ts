import type { AppleSiliconMac } from "../../fit/facts";
import { formatMib } from "../../fit/units";
import type { BootSetting, OtherBootSetting, OwnDaemon } from "../../mac/boot-settings";

/** What sets the limit when this Mac starts, as far as it's known. */
export interface AtStart {
  /** Our LaunchDaemon. */
  readonly own?: OwnDaemon;
  readonly others: readonly OtherBootSetting[];
  /** The limit in force was set here, and since this Mac started. */
  readonly isSetHere: boolean;
}

/** Takes what was found at startup apart. */
export function atStart(settings: readonly BootSetting[], isSetHere: boolean): AtStart {
  return {
    own: settings.find((setting) => setting.own),
    others: settings.filter((setting) => !setting.own),
    isSetHere,
  };
}

/** Where the dropdown begins: our LaunchDaemon goes with the limit, or a restart would bring the old one back. */
export const firstKeep = ({ own }: AtStart): string => (own ? "install" : "keep");

/** Title of leaving what happens at startup alone. */
export function leaveTitle({ own, others, isSetHere }: AtStart, { overrideMib = 0 }: AppleSiliconMac): string {
  if (own) return `Leave the LaunchDaemon${own.valueMib === undefined ? "" : `: ${formatMib(own.valueMib)}`}`;
  const [other] = others;
  if (other !== undefined) {
    if (others.length === 1 && other.kind === "sysctl-conf" && other.valueMib !== overrideMib) {
      return "Not Known: /etc/sysctl.conf";
    }
    return others.length === 1 && other.valueMib !== undefined
      ? `${formatMib(other.valueMib)} Again (Set by Another Tool)`
      : "Whatever Another Tool Sets";
  }
  return overrideMib > 0 && !isSetHere ? "Not Known: Set Elsewhere" : "macOS Default Again";
}

/** What our LaunchDaemon does, and where that is not what is in force. */
export function daemonText({ valueMib, state, isFormer }: OwnDaemon, mac: AppleSiliconMac, isSetHere: boolean): string {
  const { overrideMib } = mac;
  const differs = valueMib !== undefined && overrideMib !== undefined && valueMib !== overrideMib;
  const now = overrideMib === 0 ? "The macOS default" : formatMib(overrideMib ?? 0);
  return [
    valueMib === undefined ? "Its value couldn't be read." : `Sets ${formatMib(valueMib)} at every start.`,
    state === "switched-off"
      ? "It's switched off in System Settings, General, Login Items & Extensions, so it doesn't run."
      : state === "not-loaded"
        ? "launchd hasn't loaded it now."
        : "",
    !differs
      ? ""
      : isSetHere
        ? `${now} is in force until then.`
        : `${now} is in force now: the daemon didn't run at the last start, or another tool changed the limit since.`,
    isFormer ? "It's from an earlier release: the next change replaces it." : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** What else sets the limit when this Mac starts, by file. Whether macOS still reads sysctl.conf, reports differ. */
export function othersText(others: readonly OtherBootSetting[]): string {
  const files = others.map((setting) => {
    const script = setting.kind === "launch-daemon" && setting.script ? ` runs ${setting.script}` : "";
    const value = setting.valueMib === undefined ? "" : ` (${formatMib(setting.valueMib)})`;
    const doubt = setting.kind === "sysctl-conf" ? ", which macOS may not read" : "";
    return `${setting.path}${script}${value}${doubt}`;
  });
  return `${files.join(", ")}: what you set here lasts until the next restart.`;
}

/** Where nothing that was found explains the limit in force; undefined where something does. */
export function elsewhereText({ own, others, isSetHere }: AtStart, mac: AppleSiliconMac): string | undefined {
  const { overrideMib = 0, bootSession } = mac;
  const isKnown = isSetHere || [own, ...others].some((setting) => setting?.valueMib === overrideMib);
  if (overrideMib === 0 || bootSession === undefined || isKnown || own !== undefined) return undefined;
  return `${formatMib(overrideMib)} wasn't set here since this Mac started. If another tool sets it at every start, it comes back after a restart.`;
}
