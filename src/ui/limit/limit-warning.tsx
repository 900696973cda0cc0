import { Action, ActionPanel, Color, Icon, List } from "@raycast/api";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import type { AppleSiliconMac } from "../../fit/facts";
import type { GpuLimit } from "../../fit/limit-policy";
import { formatBytes, formatCount, GIB, MIB } from "../../fit/units";
import { RefreshAction } from "../shared/refresh-action";
import { LimitForm } from "./limit-form";
import { ResetLimitAction } from "./reset-limit-action";

/** What a limit above the highest safe one risks, in sentences; undefined where the limit is safe. */
export function limitWarning({ limit }: Snapshot): string | undefined {
  return limit.kind === "known" ? limit.excess?.warning : undefined;
}

/** No model fits that: every release of Ollama keeps as much free beside it (1 GiB from 0.30 on). */
const TOO_LITTLE_MIB = 512;

interface Warning {
  readonly section: string;
  readonly inForceBytes: number;
  readonly subtitle: string;
  readonly tag: string;
  /** In sentences. */
  readonly text: string;
}

/** The row above the models where more is in force than is safe, or so little that no model fits; else nothing. */
export function LimitWarningSection({
  snapshot,
  refresh,
}: {
  readonly snapshot: Snapshot;
  readonly refresh: () => void;
}) {
  const { limit, machine } = snapshot;
  const mac = appleSilicon(machine);
  if (mac === undefined || limit.kind !== "known") return null;
  const warning = tooMuch(limit) ?? tooLittle(mac);
  if (warning === undefined) return null;
  const { section, inForceBytes, subtitle, tag, text } = warning;
  return (
    <List.Section title={section}>
      <List.Item
        id="limit-not-safe"
        title={`${formatBytes(inForceBytes)} of ${formatBytes(mac.ramBytes)}`}
        subtitle={{ value: subtitle, tooltip: text }}
        icon={{ source: Icon.Warning, tintColor: Color.Red }}
        accessories={[{ tag: { value: tag, color: Color.Red }, tooltip: text }]}
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

function tooMuch({ bytes, excess }: GpuLimit): Warning | undefined {
  return (
    excess && {
      section: "Limit Not Safe",
      inForceBytes: excess.inForceBytes,
      subtitle: `Verdicts rest on ${formatBytes(bytes)}`,
      tag: "This Mac may freeze",
      text: excess.warning,
    }
  );
}

/** Most likely somebody typed GiB: the key takes MiB. */
function tooLittle({ overrideMib = 0, ramBytes }: AppleSiliconMac): Warning | undefined {
  if (overrideMib === 0 || overrideMib > TOO_LITTLE_MIB) return undefined;
  const meant = overrideMib * GIB < ramBytes ? ` ${overrideMib} GiB would be ${formatCount(overrideMib * 1024)}.` : "";
  return {
    section: "Limit Too Small",
    inForceBytes: overrideMib * MIB,
    subtitle: "No model fits",
    tag: "MiB, not GiB",
    text: `${overrideMib} MiB is in force, and no model fits that. iogpu.wired_limit_mb takes MiB.${meant}`,
  };
}
