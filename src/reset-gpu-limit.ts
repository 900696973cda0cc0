import { Alert, confirmAlert, Icon, showToast, Toast } from "@raycast/api";
import { adviseLimit } from "./fit/limit-policy";
import { formatMib } from "./fit/units";
import { readBootSettings } from "./mac/boot-settings";
import { readMachine } from "./mac/machine";
import { changeLimit } from "./ui/limit/limit-change";
import { getSystem } from "./app/system";

/** Reset GPU Limit: gives the limit back to macOS, after asking. */
export default async function ResetGpuLimit() {
  const system = getSystem();
  const [machine, bootSettings] = await Promise.all([readMachine(system), readBootSettings(system)]);
  if (machine.kind !== "apple-silicon") {
    await showToast({ style: Toast.Style.Failure, title: "No GPU limit to reset", message: machine.reason });
    return;
  }
  const daemon = bootSettings.find((setting) => setting.own);
  if (machine.overrideMib === 0 && daemon === undefined) {
    await showToast({ style: Toast.Style.Success, title: "macOS already decides the GPU limit" });
    return;
  }
  const advice = adviseLimit(machine);
  const agreed = await confirmAlert({
    icon: Icon.Undo,
    title: "Give the GPU limit back to macOS?",
    message: [
      machine.overrideMib ? `In force: ${formatMib(machine.overrideMib)}.` : "",
      `The default is ${formatMib(advice.defaultMib)}.`,
      daemon ? "The LaunchDaemon that sets the limit at every start is removed." : "",
      "Loaded models may stop fitting.",
    ]
      .filter(Boolean)
      .join(" "),
    primaryAction: { title: "Reset", style: Alert.ActionStyle.Destructive },
  });
  if (agreed) await changeLimit(machine, advice, 0, daemon ? "remove" : "keep");
}
