import type { AppleSiliconMac } from "../../fit/facts";
import { formatMib } from "../../fit/units";
import type { BootSetting } from "../../mac/boot-settings";
import type { DaemonStep } from "../../mac/privileged";

/** The macOS default needs nothing at start: asking to set it again means removing the LaunchDaemon. */
export function daemonStep(keep: string, mib: number, installed: boolean): DaemonStep {
  if (keep === "install" && mib === 0) return installed ? "remove" : "keep";
  return keep === "install" || keep === "remove" ? keep : "keep";
}

/** What our LaunchDaemon does, and where that is not what is in force. */
export function daemonText({ valueMib, loaded }: BootSetting, mac: AppleSiliconMac): string {
  const value = valueMib === undefined ? "Its value could not be read" : `Sets ${formatMib(valueMib)} at every start`;
  const differs = valueMib !== undefined && mac.overrideMib !== undefined && valueMib !== mac.overrideMib;
  return `${value}${loaded === false ? ", but launchd has not loaded it" : ""}${differs ? "; another limit is in force now" : ""}.`;
}

/** What else sets the limit when this Mac starts, by file. */
export function othersText(others: readonly BootSetting[]): string {
  const files = others.map(({ path, valueMib }) =>
    valueMib === undefined ? path : `${path} (${formatMib(valueMib)})`,
  );
  return `${files.join(", ")}: what is set here lasts until the next restart.`;
}
