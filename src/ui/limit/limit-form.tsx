import { ActionPanel, Detail, Form } from "@raycast/api";
import { useMemo } from "react";
import { LimitFields } from "./limit-fields";
import { appleSilicon } from "../../app/snapshot";
import { adviseLimit } from "../../fit/limit-policy";
import { DiagnosticsAction } from "../shared/diagnostics-action";
import { PreferencesAction } from "../shared/preferences-action";
import { useFitList } from "../shared/use-fit-list";
import { useUnfinishedChange } from "../change/use-unfinished-change";
import { useAtStart } from "./use-at-start";
import { limitSubtitle, useSubtitle } from "../shared/subtitle";

/** Set GPU Limit: what is in force, what may be set and what it would change. */
export function LimitForm({ onChanged, mib }: { readonly onChanged?: () => void; readonly mib?: number }) {
  const { snapshot, rows, settings, isFresh, isLoading, refresh } = useFitList();
  const unfinished = useUnfinishedChange(settings, snapshot);
  const mac = snapshot && appleSilicon(snapshot.machine);
  const { start, readAgain: readStartAgain } = useAtStart(mac);
  const isLocal = snapshot?.isLocal ?? true;
  // The models of another machine have nothing to do with this Mac's limit.
  const inputs = useMemo(() => (isLocal ? rows.flatMap((row) => (row.input ? [row.input] : [])) : []), [rows, isLocal]);
  useSubtitle("set-gpu-limit", isFresh && mac && start ? limitSubtitle(mac, start) : undefined);
  // A form keeps the values it was opened with: it opens once they are read.
  if (snapshot === undefined || !isFresh) return <Form isLoading />;
  if (snapshot.machine.kind !== "apple-silicon") return <NoLimitHere reason={snapshot.machine.reason} />;
  if (mac === undefined || start === undefined) return <Form isLoading />;
  return (
    <LimitFields
      mac={mac}
      snapshot={snapshot}
      advice={snapshot.advice ?? adviseLimit(mac, settings.reserveBytes)}
      inputs={inputs}
      start={start}
      settings={settings}
      filledIn={mib}
      unfinished={unfinished.data}
      isLoading={isLoading}
      onAttempt={() => {
        refresh();
        unfinished.revalidate();
        readStartAgain();
        onChanged?.();
      }}
    />
  );
}

function NoLimitHere({ reason }: { readonly reason: string }) {
  return (
    <Detail
      markdown={`# No GPU Limit to Set\n\n${reason}`}
      actions={
        <ActionPanel>
          <PreferencesAction />
          <DiagnosticsAction />
        </ActionPanel>
      }
    />
  );
}
