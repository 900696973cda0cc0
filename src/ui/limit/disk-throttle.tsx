import { Action, Form, Icon } from "@raycast/api";
import { usePromise } from "@raycast/utils";
import { readIoThrottle, type ThrottleState } from "../../mac/gpu-limit";
import { changeThrottle } from "./throttle-change";
import { getSystem } from "../../app/system";

export interface DiskThrottle {
  /** What is in force; absent while it is read and where it cannot be. */
  readonly state?: ThrottleState;
  readonly isLoading: boolean;
  readonly refresh: () => void;
}

/** Whether macOS holds the disk I/O of background tasks back. */
export function useDiskThrottle(): DiskThrottle {
  const { data, isLoading, revalidate } = usePromise(readThrottle, [], { onError: () => {} });
  return { state: data, isLoading, refresh: revalidate };
}

async function readThrottle(): Promise<ThrottleState | undefined> {
  const system = getSystem();
  return system.platform === "darwin" ? readIoThrottle(system) : undefined;
}

/** The state in force, in words that do not promise GPU memory. */
export function DiskThrottleDescription({ throttle }: { readonly throttle: DiskThrottle }) {
  return <Form.Description title="Disk Throttle" text={throttleText(throttle)} />;
}

function throttleText({ state, isLoading }: DiskThrottle): string {
  switch (state) {
    case 1:
      return "On, the macOS default: background tasks such as Time Machine and Spotlight let your apps use the disk first. It has nothing to do with GPU memory.";
    case 0:
      return "Off until the next restart: background tasks such as Time Machine and Spotlight compete with your apps for the disk. It has nothing to do with GPU memory.";
    case undefined:
      return isLoading ? "Reading…" : "Unknown: couldn't read debug.lowpri_throttle_enabled.";
  }
}

/** What the action is called by the state in force. Off and On belong to the verb, so both are capitalised. */
const TITLES: Readonly<Record<ThrottleState, string>> = { 1: "Switch Off Disk Throttle", 0: "Switch On Disk Throttle" };

/** Switches it; nothing where its state is not known. */
export function DiskThrottleAction({ throttle: { state, refresh } }: { readonly throttle: DiskThrottle }) {
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
