import { ActionPanel, Detail, Form } from "@raycast/api";
import { usePromise } from "@raycast/utils";
import { useMemo } from "react";
import { isSetHere } from "../../app/limit-record";
import type { AppleSiliconMac } from "../../fit/facts";
import { type AtStart, atStart } from "./boot-words";
import { readBootSettings } from "../../mac/boot-settings";
import { LimitFields } from "./limit-fields";
import { appleSilicon } from "../../app/snapshot";
import { adviseLimit } from "../../fit/limit-policy";
import { DiagnosticsAction } from "../shared/diagnostics-action";
import { PreferencesAction } from "../shared/preferences-action";
import { useFitList } from "../shared/use-fit-list";
import { useUnfinishedChange } from "../change/use-unfinished-change";
import { getSystem } from "../../app/system";
import { limitSubtitle, useSubtitle } from "../shared/subtitle";

/** Set GPU Limit: what is in force, what may be set and what it would change. */
export function LimitForm({ onChanged, mib }: { readonly onChanged?: () => void; readonly mib?: number }) {
  const { snapshot, rows, settings, isFresh, isLoading, refresh } = useFitList();
  const unfinished = useUnfinishedChange(settings, snapshot);
  const mac = snapshot && appleSilicon(snapshot.machine);
  const { data: start, revalidate: readStartAgain } = usePromise(readAtStart, [mac]);
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

async function readAtStart(mac: AppleSiliconMac | undefined): Promise<AtStart | undefined> {
  if (mac === undefined) return undefined;
  const [settings, setHere] = await Promise.all([readBootSettings(getSystem()), isSetHere(mac)]);
  return atStart(settings, setHere);
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
