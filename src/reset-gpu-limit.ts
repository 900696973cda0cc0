import { showToast, Toast } from "@raycast/api";
import { getSystem } from "./app/system";
import type { AppleSiliconMac } from "./fit/facts";
import { defaultLimit } from "./fit/limit-policy";
import { firstSentence } from "./fit/one-line";
import { MIB } from "./fit/units";
import { readLimitMib } from "./mac/gpu-limit";
import { readMachine } from "./mac/machine";
import { readAtStart } from "./ui/limit/read-at-start";
import { resetLimit } from "./ui/limit/reset-limit";
import { limitSubtitle, writeSubtitle } from "./ui/shared/subtitle";

/** Reset GPU Limit: gives the limit back to macOS, after asking. */
export default async function ResetGpuLimit() {
  const machine = await readMachine(getSystem());
  if (machine.kind !== "apple-silicon") {
    const message = firstSentence(machine.reason);
    await showToast({ style: Toast.Style.Failure, title: "No GPU Limit to Reset", message });
    return;
  }
  await resetLimit(machine, "toast");
  const now = withLimit(machine, await readLimitMib(getSystem()));
  await writeSubtitle(limitSubtitle(now, await readAtStart(now)));
}

/** The machine under another limit than it was read with. */
function withLimit(mac: AppleSiliconMac, overrideMib: number | undefined): AppleSiliconMac {
  if (overrideMib === mac.overrideMib) return mac;
  const { bytes, estimated } = defaultLimit(mac);
  const metal = estimated ? undefined : { ...mac.metal, workingSetBytes: overrideMib ? overrideMib * MIB : bytes };
  return { ...mac, overrideMib, metal };
}
