import { Action, Icon, useNavigation } from "@raycast/api";
import type { Snapshot } from "../../app/snapshot";
import type { AppleSiliconMac } from "../../fit/facts";
import { LimitResult } from "./limit-result";
import { resetLimit } from "./reset-limit";

interface Props {
  readonly mac: AppleSiliconMac;
  readonly before: Snapshot["limit"];
  readonly onChanged: () => void;
}

/** Gives the limit back to macOS, after asking, and shows what came of it. */
export function ResetLimitAction({ mac, before, onChanged }: Props) {
  const { push } = useNavigation();
  return (
    <Action
      title="Reset GPU Limit"
      icon={Icon.Undo}
      onAction={async () => {
        const set = await resetLimit(mac, "view");
        if (set !== undefined) push(<LimitResult set={set} before={before} onChanged={onChanged} />);
        onChanged();
      }}
    />
  );
}
