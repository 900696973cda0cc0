import { Action, Icon, LaunchType } from "@raycast/api";
import { createDeeplink } from "@raycast/utils";
import type { LaunchContext } from "../../app/launch-context";
import type { InstalledModel } from "../../fit/facts";
import { buildTitle } from "../../fit/model-builds";
import { formatBytes, MIB } from "../../fit/units";
import { SHORTCUTS } from "./shortcuts";

/** Opens a command with what is to be filled in or shown: what it changes is confirmed as always. */
function link(command: "set-gpu-limit" | "fit-models-to-gpu-limit", context: LaunchContext): string {
  return createDeeplink({ command, launchType: LaunchType.UserInitiated, context: { ...context } });
}

function Links({ name, target }: { readonly name: string; readonly target: string }) {
  return (
    <>
      <Action.CreateQuicklink
        title={`Create Quicklink: ${name}`}
        icon={Icon.Link}
        shortcut={SHORTCUTS.quicklink}
        quicklink={{ name, link: target }}
      />
      <Action.CopyToClipboard
        title={`Copy Deeplink: ${name}`}
        icon={Icon.Link}
        content={target}
        shortcut={SHORTCUTS.copyDeeplink}
      />
    </>
  );
}

/** Links to Set GPU Limit with this limit filled in. */
export function LimitLinks({ mib }: { readonly mib: number }) {
  return <Links name={`Set GPU Limit to ${formatBytes(mib * MIB)}`} target={link("set-gpu-limit", { mib })} />;
}

/** Links to what makes a model fit, or to its plan where it does. */
export function ModelLinks({ model, fits }: { readonly model: InstalledModel; readonly fits: boolean }) {
  const view = fits ? "plan" : "make-it-fit";
  const title = `${fits ? "Open Plan" : "Make It Fit"}: ${buildTitle(model)}`;
  const runner = model.sharesName ? model.runner : undefined;
  return <Links name={title} target={link("fit-models-to-gpu-limit", { model: model.name, runner, view })} />;
}
