import { type LimitAdvice, parseLimit } from "../../fit/limit-policy";
import type { OwnDaemon } from "../../mac/boot-settings";
import type { DaemonStep } from "../../mac/privileged";

/** What a person chose and typed in the form. */
export interface LimitValues {
  preset: string;
  mebibytes: string;
  keep: string;
}

/** The limit in MiB that the form is set to; 0 = macOS default, undefined where what's typed isn't a limit. */
export function presetMib(values: LimitValues, advice: LimitAdvice): number | undefined {
  switch (values.preset) {
    case "default":
      return 0;
    case "recommended":
      return advice.recommendedMib;
    case "highest":
      return advice.highestMib;
    default:
      return parseLimit(values.mebibytes);
  }
}

/** The macOS default needs nothing at start: asking to set it again means removing the LaunchDaemon. */
export function daemonStep(keep: string, mib: number, own: OwnDaemon | undefined): DaemonStep {
  if (keep === "install" && mib === 0) return own ? "remove" : "keep";
  return keep === "install" || keep === "remove" ? keep : "keep";
}
