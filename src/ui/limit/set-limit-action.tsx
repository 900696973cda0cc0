import { Action, Icon } from "@raycast/api";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import { SHORTCUTS } from "../shared/shortcuts";
import { LimitForm } from "./limit-form";

/** Opens Set GPU Limit; nothing where the limit can't be set from here. */
export function SetLimitAction({
  snapshot,
  onChanged,
}: {
  readonly snapshot?: Snapshot;
  readonly onChanged: () => void;
}) {
  if (!snapshot?.isLocal || appleSilicon(snapshot.machine) === undefined) return null;
  return (
    <Action.Push
      title="Set GPU Limit"
      icon={Icon.Gauge}
      shortcut={SHORTCUTS.limit}
      target={<LimitForm onChanged={onChanged} />}
    />
  );
}
