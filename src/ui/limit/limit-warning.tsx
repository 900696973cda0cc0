import { Action, ActionPanel, Color, Icon, List } from "@raycast/api";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import { formatBytes } from "../../fit/units";
import { RefreshAction } from "../shared/refresh-action";
import { LimitForm } from "./limit-form";
import { ResetLimitAction } from "./reset-limit-action";

/** What a limit above the highest safe one risks, in sentences; undefined where the limit is safe. */
export function limitWarning({ limit }: Snapshot): string | undefined {
  return limit.kind === "known" ? limit.excess?.warning : undefined;
}

/** The row above the models where more is in force than is safe; nothing where the limit is safe. */
export function LimitWarningSection({
  snapshot,
  refresh,
}: {
  readonly snapshot: Snapshot;
  readonly refresh: () => void;
}) {
  const { limit, machine } = snapshot;
  const mac = appleSilicon(machine);
  if (mac === undefined || limit.kind !== "known" || limit.excess === undefined) return null;
  const { inForceBytes, warning } = limit.excess;
  return (
    <List.Section title="Limit Not Safe">
      <List.Item
        id="limit-not-safe"
        title={`${formatBytes(inForceBytes)} of ${formatBytes(mac.ramBytes)}`}
        subtitle={{ value: `Verdicts rest on ${formatBytes(limit.bytes)}`, tooltip: warning }}
        icon={{ source: Icon.Warning, tintColor: Color.Red }}
        accessories={[{ tag: { value: "This Mac may freeze", color: Color.Red }, tooltip: warning }]}
        actions={
          <ActionPanel>
            <ResetLimitAction mac={mac} before={limit} onChanged={refresh} />
            <Action.Push title="Set GPU Limit" icon={Icon.Gauge} target={<LimitForm onChanged={refresh} />} />
            <RefreshAction refresh={refresh} />
          </ActionPanel>
        }
      />
    </List.Section>
  );
}
