import { Action, Icon } from "@raycast/api";
import { requestRoom } from "../../fit/mlx-request";
import { SHORTCUTS } from "../shared/shortcuts";
import { CheckRequestForm, type CheckRequestProps } from "./check-request-form";

/** Opens the check of a model's peak with a real request; nothing for models whose memory is taken with their load. */
export function CheckRequestAction(props: CheckRequestProps) {
  const { input, verdict } = props.row;
  const room = input && verdict && requestRoom(input, verdict);
  if (input === undefined || room === undefined) return null;
  return (
    <Action.Push
      title="Check with a Real Request"
      icon={Icon.Gauge}
      shortcut={SHORTCUTS.checkRequest}
      target={<CheckRequestForm {...props} input={input} room={room} />}
    />
  );
}
