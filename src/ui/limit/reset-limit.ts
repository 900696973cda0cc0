import { Alert, confirmAlert, Icon, showToast, Toast } from "@raycast/api";
import { getSystem } from "../../app/system";
import type { AppleSiliconMac } from "../../fit/facts";
import { adviseLimit } from "../../fit/limit-policy";
import { formatMib } from "../../fit/units";
import { readOwnDaemons } from "../../mac/boot-settings";
import { type Afternotes, backToDefault, changeLimit, type LimitSet } from "./limit-change";

/**
 * Gives the limit back to macOS, and takes our LaunchDaemon away with it, after asking. Undefined where it isn't back
 * then, which has been said.
 */
export async function resetLimit(mac: AppleSiliconMac, afternotes: Afternotes): Promise<LimitSet | undefined> {
  const [own] = await readOwnDaemons(getSystem());
  if (mac.overrideMib === 0 && own === undefined) {
    await showToast({ style: Toast.Style.Success, title: "Already the macOS Default" });
    return undefined;
  }
  const advice = adviseLimit(mac);
  const agreed = await confirmAlert({
    icon: Icon.Undo,
    title: "Give the GPU limit back to macOS?",
    message: [
      mac.overrideMib ? `In force: ${formatMib(mac.overrideMib)}.` : "",
      `The default is ${formatMib(advice.defaultMib)}.`,
      own ? "The LaunchDaemon that sets the limit at every start is removed." : "",
      "Loaded models may stop fitting.",
    ]
      .filter(Boolean)
      .join(" "),
    primaryAction: { title: "Reset", style: Alert.ActionStyle.Destructive },
  });
  if (!agreed) return undefined;
  return changeLimit({ mac, advice, own, ...backToDefault(own) }, afternotes);
}
