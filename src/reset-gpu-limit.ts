import { showToast, Toast } from "@raycast/api";
import { getSystem } from "./app/system";
import { readMachine } from "./mac/machine";
import { resetLimit } from "./ui/limit/reset-limit";

/** Reset GPU Limit: gives the limit back to macOS, after asking. */
export default async function ResetGpuLimit() {
  const machine = await readMachine(getSystem());
  if (machine.kind !== "apple-silicon") {
    await showToast({ style: Toast.Style.Failure, title: "No GPU limit to reset", message: machine.reason });
    return;
  }
  await resetLimit(machine);
}
