import { Action, ActionPanel, Detail, Icon } from "@raycast/api";
import { usePromise } from "@raycast/utils";
import { readIoThrottle, type ThrottleState } from "../../mac/gpu-limit";
import { RefreshAction } from "../shared/refresh-action";
import { SHORTCUTS } from "../shared/shortcuts";
import { changeThrottle } from "./throttle-change";
import { getSystem } from "../../app/system";

interface DiskThrottle {
  /** What is in force; absent while it is read and where it cannot be. */
  readonly state?: ThrottleState;
  readonly isLoading: boolean;
  readonly refresh: () => void;
}

/** Whether macOS holds the disk I/O of background tasks back. */
function useDiskThrottle(): DiskThrottle {
  const { data, isLoading, revalidate } = usePromise(readThrottle, [], { onError: () => {} });
  return { state: data, isLoading, refresh: revalidate };
}

/** Opens what guides name beside the limit and what isn't about the GPU. */
export function OtherSettingsAction() {
  return (
    <Action.Push
      title="Other Settings"
      icon={Icon.HardDrive}
      shortcut={SHORTCUTS.otherSettings}
      target={<OtherSettingsView />}
    />
  );
}

/** The disk throttle: why it's here, what is in force, and the switch. */
function OtherSettingsView() {
  const throttle = useDiskThrottle();
  return (
    <Detail
      isLoading={throttle.isLoading}
      navigationTitle="Other Settings"
      markdown={[
        "# Disk Throttle",
        throttleText(throttle),
        "Why it's here: guides to local models name `debug.lowpri_throttle_enabled` as a GPU tweak. It isn't one. It holds back the disk I/O of background tasks, such as Time Machine and Spotlight, and doesn't make a model fit. You can switch it here, with one password prompt, and back.",
      ].join("\n\n")}
      actions={
        <ActionPanel>
          <DiskThrottleAction throttle={throttle} />
          <RefreshAction refresh={throttle.refresh} />
        </ActionPanel>
      }
    />
  );
}

async function readThrottle(): Promise<ThrottleState | undefined> {
  const system = getSystem();
  return system.platform === "darwin" ? readIoThrottle(system) : undefined;
}

/** The state in force, in words that do not promise GPU memory. */
function throttleText({ state, isLoading }: DiskThrottle): string {
  switch (state) {
    case 1:
      return "Disk Throttle On, the macOS default: background tasks such as Time Machine and Spotlight let your apps use the disk first. It has nothing to do with GPU memory.";
    case 0:
      return "Disk Throttle Off until the next restart: background tasks such as Time Machine and Spotlight compete with your apps for the disk. It has nothing to do with GPU memory.";
    case undefined:
      return isLoading ? "Reading…" : "Disk Throttle Unknown: couldn't read debug.lowpri_throttle_enabled.";
  }
}

/** What the action is called by the state in force. Off and On belong to the verb, so both are capitalised. */
const TITLES: Readonly<Record<ThrottleState, string>> = { 1: "Switch Off Disk Throttle", 0: "Switch On Disk Throttle" };

/** Switches it; nothing where its state is not known. */
function DiskThrottleAction({ throttle: { state, refresh } }: { readonly throttle: DiskThrottle }) {
  if (state === undefined) return null;
  return (
    <Action
      title={TITLES[state]}
      icon={Icon.HardDrive}
      onAction={async () => {
        await changeThrottle(state === 1 ? 0 : 1, state);
        refresh();
      }}
    />
  );
}
