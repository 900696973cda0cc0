import { Action, ActionPanel, Form, Icon, Keyboard, openExtensionPreferences, useNavigation } from "@raycast/api";
import { useForm } from "@raycast/utils";
import { useMemo } from "react";
import { sysctlCommand } from "../../fit/commands";
import type { AppleSiliconMac } from "../../fit/facts";
import { limitPreview, limitHint, recommendationText } from "../../fit/limit-preview";
import { checkLimit, type LimitAdvice, parseMib } from "../../fit/limit-policy";
import { formatBytes, formatMib, MIB } from "../../fit/units";
import type { JudgeInput } from "../../fit/verdict";
import type { BootSetting } from "../../mac/boot-settings";
import { type DiskThrottle, DiskThrottleAction, DiskThrottleDescription } from "./disk-throttle";
import { changeLimit } from "./limit-change";
import { daemonStep, type LimitValues, presetMib } from "./limit-values";
import type { Settings } from "../../app/preferences";
import { RestartOllamaAction } from "../ollama/restart-action";
import type { Snapshot } from "../../app/snapshot";
import { ShowStepsAction, UnfinishedDescription } from "../change/unfinished-change";
import type { UnfinishedChange } from "../change/use-unfinished-change";

interface FieldsProps {
  readonly mac: AppleSiliconMac;
  readonly snapshot: Snapshot;
  readonly advice: LimitAdvice;
  readonly inputs: readonly JudgeInput[];
  readonly bootSettings: readonly BootSetting[];
  readonly throttle: DiskThrottle;
  readonly settings: Settings;
  /** A change of a plan that was not carried out to its end. */
  readonly unfinished?: UnfinishedChange;
  readonly isLoading: boolean;
  /** The Mac may have changed, also where the outcome was not the one asked for. */
  readonly onAttempt: () => void;
}

/** The form itself, on a Mac whose limit can be set. */
export function LimitFields({
  mac,
  snapshot,
  advice,
  inputs,
  bootSettings,
  throttle,
  settings,
  unfinished,
  isLoading,
  onAttempt,
}: FieldsProps) {
  const { pop } = useNavigation();
  const own = bootSettings.find((setting) => setting.own);
  const { handleSubmit, itemProps, values } = useForm<LimitValues>({
    initialValues: {
      preset: advice.recommendedMib === undefined ? "default" : "recommended",
      mebibytes: String(mac.overrideMib || advice.recommendedMib || advice.defaultMib),
      keep: "keep",
    },
    validation: {
      mebibytes: (text) => {
        if (values.preset !== "custom") return undefined;
        const mib = parseMib(text ?? "");
        if (mib === undefined) return "Whole MiB, such as 57344";
        const check = checkLimit(mib, mac.ramBytes, advice);
        return check.kind === "refused" ? check.reason : undefined;
      },
    },
    onSubmit: async (submitted) => {
      const mib = presetMib(submitted, advice);
      if (mib === undefined) return;
      const done = await changeLimit(mac, advice, mib, daemonStep(submitted.keep, mib, own !== undefined));
      onAttempt();
      if (done) pop();
    },
  });
  const mib = presetMib(values, advice);
  const hint = useMemo(
    () =>
      mib === undefined
        ? "Whole MiB, such as 57344."
        : limitHint(checkLimit(mib, mac.ramBytes, advice), limitPreview(mib, advice, inputs)),
    [mib, mac, advice, inputs],
  );
  const { limit } = snapshot;
  const others = bootSettings.filter((setting) => !setting.own);
  return (
    <Form
      isLoading={isLoading || throttle.isLoading}
      actions={
        <ActionPanel>
          <Action.SubmitForm title="Set GPU Limit" icon={Icon.Gauge} onSubmit={handleSubmit} />
          {mib !== undefined && (
            <Action.CopyToClipboard
              title="Copy Sysctl Command"
              content={sysctlCommand(mib, mac.limitKey)}
              shortcut={Keyboard.Shortcut.Common.Copy}
            />
          )}
          <Action
            title="Back to macOS Default"
            icon={Icon.Undo}
            onAction={async () => {
              await changeLimit(mac, advice, 0, own ? "remove" : "keep");
              onAttempt();
            }}
          />
          {unfinished && (
            <ShowStepsAction change={unfinished} settings={settings} snapshot={snapshot} refresh={onAttempt} />
          )}
          <RestartOllamaAction snapshot={snapshot} refresh={onAttempt} />
          <DiskThrottleAction throttle={throttle} />
          <Action title="Open Extension Preferences" icon={Icon.Gear} onAction={openExtensionPreferences} />
        </ActionPanel>
      }
    >
      {unfinished && <UnfinishedDescription change={unfinished} />}
      <Form.Description
        title="This Mac"
        text={[mac.chip, `${formatBytes(mac.ramBytes)} of memory`, mac.macos && `macOS ${mac.macos.text}`]
          .filter(Boolean)
          .join(", ")}
      />
      <Form.Description
        title="Limit in Force"
        text={
          limit.kind === "known"
            ? [`${formatBytes(limit.bytes, 2)}, ${limit.sourceText}.`, limit.disagreement].filter(Boolean).join(" ")
            : limit.reason
        }
      />
      <Form.Description
        title="macOS Default"
        text={`${formatMib(advice.defaultMib)}${advice.defaultEstimated ? ", estimated" : ""}`}
      />
      <Form.Description title="Recommended" text={recommendationText(advice)} />
      <Form.Separator />
      <Form.Dropdown title="New Limit" {...itemProps.preset}>
        <Form.Dropdown.Item value="default" title={`macOS Default: ${formatBytes(advice.defaultMib * MIB)}`} />
        {advice.recommendedMib !== undefined && (
          <Form.Dropdown.Item value="recommended" title={`Recommended: ${formatMib(advice.recommendedMib)}`} />
        )}
        {advice.highestMib > (advice.recommendedMib ?? advice.defaultMib) && (
          <Form.Dropdown.Item value="highest" title={`Highest Safe: ${formatMib(advice.highestMib)}`} />
        )}
        <Form.Dropdown.Item value="custom" title="Custom" />
      </Form.Dropdown>
      {values.preset === "custom" && (
        <Form.TextField title="Limit in MiB" placeholder="57344" {...itemProps.mebibytes} />
      )}
      <Form.Description title="Effect" text={hint} />
      <Form.Dropdown
        title="After a Mac Restart"
        info="macOS forgets the limit at every restart. A LaunchDaemon sets it again; it runs only /usr/sbin/sysctl with this number."
        {...itemProps.keep}
      >
        <Form.Dropdown.Item value="keep" title={own ? "Leave the LaunchDaemon as It Is" : "macOS Default Again"} />
        <Form.Dropdown.Item
          value="install"
          title={own ? "Set This Limit Again (Change LaunchDaemon)" : "Set This Limit Again (Install LaunchDaemon)"}
        />
        {own && <Form.Dropdown.Item value="remove" title="macOS Default Again (Remove LaunchDaemon)" />}
      </Form.Dropdown>
      {own && <Form.Description title="LaunchDaemon" text={daemonText(own, mac)} />}
      {others.length > 0 && <Form.Description title="Also Set at Start" text={othersText(others)} />}
      <Form.Separator />
      <DiskThrottleDescription throttle={throttle} />
    </Form>
  );
}

/** What our LaunchDaemon does, and where that is not what is in force. */
function daemonText({ valueMib, loaded }: BootSetting, mac: AppleSiliconMac): string {
  const value = valueMib === undefined ? "Its value could not be read" : `Sets ${formatMib(valueMib)} at every start`;
  const differs = valueMib !== undefined && mac.overrideMib !== undefined && valueMib !== mac.overrideMib;
  return `${value}${loaded === false ? ", but launchd has not loaded it" : ""}${differs ? "; another limit is in force now" : ""}.`;
}

/** What else sets the limit when this Mac starts, by file. */
function othersText(others: readonly BootSetting[]): string {
  const files = others.map(({ path, valueMib }) =>
    valueMib === undefined ? path : `${path} (${formatMib(valueMib)})`,
  );
  return `${files.join(", ")}: what is set here lasts until the next restart.`;
}
