import { Clipboard, type LaunchProps, showHUD, showToast, Toast } from "@raycast/api";
import { sysctlCommand } from "./fit/commands";
import { adviseLimit, checkLimit, parseLimit } from "./fit/limit-policy";
import { formatMib } from "./fit/units";
import { readMachine } from "./mac/machine";
import { firstSentence, oneLine } from "./fit/one-line";
import { readSettings } from "./app/preferences";
import { getSystem } from "./app/system";
import { readAtStart } from "./ui/limit/read-at-start";
import { limitSubtitle, writeSubtitle } from "./ui/shared/subtitle";

/** Copy GPU Limit Command: the sysctl for the given MiB, or for the recommended limit. */
export default async function CopyGpuLimitCommand({
  arguments: { mebibytes },
}: LaunchProps<{ arguments: Arguments.CopyGpuLimitCommand }>) {
  const refuse = (message: string) => showToast({ style: Toast.Style.Failure, title: "Nothing Copied", message });
  const machine = await readMachine(getSystem());
  if (machine.kind !== "apple-silicon") return refuse(firstSentence(machine.reason));
  await writeSubtitle(limitSubtitle(machine, await readAtStart(machine)));
  const advice = adviseLimit(machine, readSettings().reserveBytes);
  const typed = mebibytes?.trim() ?? "";
  const mib = typed === "" ? (advice.recommendedMib ?? 0) : parseLimit(typed);
  if (mib === undefined) return refuse(`"${oneLine(typed, 40)}" isn't a limit such as 56 GiB or 57344 MiB.`);
  const check = checkLimit(mib, machine.ramBytes, advice);
  if (check.kind === "refused") return refuse(check.reason);
  await Clipboard.copy(sysctlCommand(mib));
  const nothingToGain = typed === "" && mib === 0 ? ": a higher limit isn't worth it on this Mac" : "";
  const what = mib === 0 ? `the command for the macOS default${nothingToGain}` : `the command for ${formatMib(mib)}`;
  await showHUD("warning" in check ? `Copied ${what}: ${check.inShort}` : `Copied ${what}`);
  return undefined;
}
