import { Action, ActionPanel, Form, Icon, Keyboard, useNavigation } from "@raycast/api";
import { useForm } from "@raycast/utils";
import { useMemo } from "react";
import { sysctlCommand } from "../../fit/commands";
import type { AppleSiliconMac } from "../../fit/facts";
import { limitPreview, limitHint, lowWaterText, recommendationText } from "../../fit/limit-preview";
import { checkLimit, type LimitAdvice, limitInForce, parseLimit } from "../../fit/limit-policy";
import { macBarSentence, macBarText } from "../../fit/mac-bar";
import { formatBytes, formatMib, MIB } from "../../fit/units";
import type { JudgeInput } from "../../fit/verdict";
import { type AtStart, daemonText, elsewhereText, firstKeep, leaveTitle, othersText } from "./boot-words";
import { ExplainAction } from "../explain/explain-action";
import { OtherSettingsAction } from "./disk-throttle";
import { backToDefault, changeLimit, type LimitChange } from "./limit-change";
import { LimitResult } from "./limit-result";
import { daemonStep, type LimitValues, presetMib } from "./limit-values";
import type { Settings } from "../../app/preferences";
import { PreferencesAction } from "../shared/preferences-action";
import { KeptSettingsAction } from "../ollama/kept-settings-form";
import { RestartOllamaAction } from "../ollama/restart-action";
import { LimitLinks } from "../shared/links";
import { macBarOf, ShowPictureAction } from "../shared/mac-picture";
import { SHORTCUTS } from "../shared/shortcuts";
import { hostPlace, type Snapshot } from "../../app/snapshot";
import { ShowStepsAction, UnfinishedDescription } from "../change/unfinished-change";
import type { UnfinishedChange } from "../change/use-unfinished-change";

interface FieldsProps {
  readonly mac: AppleSiliconMac;
  readonly snapshot: Snapshot;
  readonly advice: LimitAdvice;
  readonly inputs: readonly JudgeInput[];
  readonly start: AtStart;
  readonly settings: Settings;
  /** A change from a plan that didn't finish. */
  readonly unfinished?: UnfinishedChange;
  /** A limit in MiB to begin with, from a link or the menu bar. */
  readonly filledIn?: number;
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
  start,
  settings,
  unfinished,
  filledIn,
  isLoading,
  onAttempt,
}: FieldsProps) {
  const { push } = useNavigation();
  const { own, others, isSetHere } = start;
  const elsewhere = elsewhereText(start, mac);
  const change = async (to: Pick<LimitChange, "mib" | "bootDaemon">) => {
    const set = await changeLimit({ mac, advice, own, ...to }, "view");
    if (set !== undefined) push(<LimitResult set={set} before={snapshot.limit} onChanged={onAttempt} />);
    onAttempt();
  };
  const { handleSubmit, itemProps, values } = useForm<LimitValues>({
    initialValues: {
      preset: filledIn !== undefined ? "custom" : advice.recommendedMib === undefined ? "default" : "recommended",
      mebibytes: String(filledIn || mac.overrideMib || advice.recommendedMib || advice.defaultMib),
      keep: firstKeep(start),
    },
    validation: {
      mebibytes: (text) => {
        if (values.preset !== "custom") return undefined;
        const mib = parseLimit(text ?? "");
        if (mib === undefined) return "GiB or whole MiB, such as 56 or 57344";
        const check = checkLimit(mib, mac.ramBytes, advice);
        return check.kind === "refused" ? check.reason : undefined;
      },
    },
    onSubmit: async (submitted) => {
      const mib = presetMib(submitted, advice);
      if (mib === undefined) return;
      await change({ mib, bootDaemon: daemonStep(submitted.keep, mib, own) });
    },
  });
  const mib = presetMib(values, advice);
  const hint = useMemo(
    () =>
      mib === undefined
        ? "GiB or whole MiB, such as 56 or 57344."
        : limitHint(checkLimit(mib, mac.ramBytes, advice), limitPreview(mib, advice, inputs)),
    [mib, mac, advice, inputs],
  );
  const limit = snapshot.isLocal ? snapshot.limit : limitInForce(mac);
  const bar = macBarOf(snapshot, inputs[0]);
  return (
    <Form
      isLoading={isLoading}
      actions={
        <ActionPanel>
          <Action.SubmitForm title="Set GPU Limit" icon={Icon.Gauge} onSubmit={handleSubmit} />
          {mib !== undefined && (
            <Action.CopyToClipboard
              title="Copy Sysctl Command"
              content={sysctlCommand(mib)}
              shortcut={Keyboard.Shortcut.Common.Copy}
            />
          )}
          {bar && <ShowPictureAction bar={bar} />}
          <Action
            title="Back to macOS Default"
            icon={Icon.Undo}
            shortcut={SHORTCUTS.resetLimit}
            onAction={() => change(backToDefault(own))}
          />
          {unfinished && (
            <ShowStepsAction change={unfinished} settings={settings} snapshot={snapshot} refresh={onAttempt} />
          )}
          <RestartOllamaAction snapshot={snapshot} refresh={onAttempt} />
          <ExplainAction snapshot={snapshot} />
          {mib !== undefined && mib > 0 && <LimitLinks mib={mib} />}
          <OtherSettingsAction />
          <KeptSettingsAction snapshot={snapshot} refresh={onAttempt} />
          <PreferencesAction />
        </ActionPanel>
      }
    >
      {unfinished && <UnfinishedDescription change={unfinished} />}
      {bar && <Form.Description title="This Mac Now" text={`${macBarText(bar)}\n${macBarSentence(bar)}`} />}
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
        <Form.TextField title="Limit" placeholder="56 GiB or 57344 MiB" {...itemProps.mebibytes} />
      )}
      <Form.Dropdown
        title="After a Mac Restart"
        info="macOS forgets the limit at every restart. A LaunchDaemon sets it again: /bin/sh runs a fixed script that calls /usr/sbin/sysctl with this number, for five minutes at most. Login Items & Extensions lists it as “sh”."
        {...itemProps.keep}
      >
        <Form.Dropdown.Item value="keep" title={leaveTitle(start, mac)} />
        <Form.Dropdown.Item
          value="install"
          title={own ? "Set This Limit Again (Change LaunchDaemon)" : "Set This Limit Again (Install LaunchDaemon)"}
        />
        {own && <Form.Dropdown.Item value="remove" title="macOS Default Again (Remove LaunchDaemon)" />}
      </Form.Dropdown>
      <Form.Description title="Effect" text={hint} />
      {own && <Form.Description title="LaunchDaemon" text={daemonText(own, mac, isSetHere)} />}
      {elsewhere !== undefined && <Form.Description title="Set Elsewhere" text={elsewhere} />}
      {others.length > 0 && <Form.Description title="Also Set at Start" text={othersText(others)} />}
      <Form.Separator />
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
            ? [limit.excess?.warning ?? `${formatBytes(limit.bytes)}, ${limit.sourceText}.`, limit.disagreement]
                .filter(Boolean)
                .join(" ")
            : limit.reason
        }
      />
      <Form.Description
        title="macOS Default"
        text={`${formatMib(advice.defaultMib)}${advice.defaultEstimated ? ", estimated" : ""}`}
      />
      <Form.Description title="Recommended" text={recommendationText(advice)} />
      {!snapshot.isLocal && (
        <Form.Description
          title="Ollama Host"
          text={`Ollama runs ${hostPlace(snapshot)}: this Mac's limit won't change what fits there.`}
        />
      )}
      {mac.lowWaterMib !== undefined && (
        <Form.Description title="Low-Water Mark" text={lowWaterText(mac.lowWaterMib)} />
      )}
      {settings.faults.map((fault) => (
        <Form.Description key={fault} title="Preference" text={fault} />
      ))}
    </Form>
  );
}
