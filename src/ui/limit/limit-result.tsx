import { Action, ActionPanel, Detail, Icon, Keyboard } from "@raycast/api";
import { useMemo, useState } from "react";
import { appleSilicon, hostPlace, isLoadedKnown, type Snapshot } from "../../app/snapshot";
import { sysctlCommand } from "../../fit/commands";
import type { AppleSiliconMac } from "../../fit/facts";
import { checkLimit } from "../../fit/limit-policy";
import { effectLines, type LimitPreview, limitPreview } from "../../fit/limit-preview";
import { buildTitle } from "../../fit/model-builds";
import { listNames } from "../../fit/model-name";
import { rulesOf } from "../../fit/runners";
import { formatBytes, formatMib, MIB } from "../../fit/units";
import { ExplainAction } from "../explain/explain-action";
import { RestartOllamaAction } from "../ollama/restart-action";
import { plainMarkdown } from "../shared/plain-markdown";
import { RefreshAction } from "../shared/refresh-action";
import { SHORTCUTS } from "../shared/shortcuts";
import { type FitRow, useFitList } from "../shared/use-fit-list";
import { type AtStart, daemonText, othersText } from "./boot-words";
import { backToDefault, changeLimit, daemonBack, daemonWords, type LimitChange, type LimitSet } from "./limit-change";
import { useAtStart } from "./use-at-start";

interface Shown {
  readonly set: LimitSet;
  /** The limit that models had before. */
  readonly before: Snapshot["limit"];
}

interface Props extends Shown {
  /** Reads the view again from which the limit was set. */
  readonly onChanged: () => void;
}

/** What came of setting the limit: what's in force, whether it outlasts a restart, what it changes, and the way back. */
export function LimitResult({ set: first, before: beforeFirst, onChanged }: Props) {
  const [{ set, before }, setShown] = useState<Shown>({ set: first, before: beforeFirst });
  const { rows, snapshot, isLoading, refresh } = useFitList();
  const { asked, outcome } = set;
  const mac = useMemo((): AppleSiliconMac => {
    const now = isLoading ? undefined : snapshot && appleSilicon(snapshot.machine);
    return now ?? { ...asked.mac, overrideMib: outcome.inForceMib };
  }, [snapshot, isLoading, set]);
  const { start, isLoading: isReading, readAgain } = useAtStart(mac);
  const { overrideMib: mib = outcome.inForceMib } = mac;
  const isLocal = snapshot?.isLocal ?? true;
  const effects = useMemo(() => {
    const inputs = isLocal ? rows.flatMap(({ input }) => (input ? [{ ...input, limit: before }] : [])) : [];
    return limitPreview(mib, asked.advice, inputs);
  }, [rows, isLocal, before, mib, asked.advice]);

  const change = async (next: Pick<LimitChange, "mib" | "bootDaemon">) => {
    const limitNow = snapshot?.limit ?? before;
    const changed = await changeLimit({ mac, advice: asked.advice, own: start?.own, ...next }, "view");
    if (changed !== undefined) setShown({ set: changed, before: limitNow });
    refresh();
    readAgain();
    onChanged();
  };
  const back = outcome.kind === "done" ? daemonBack(asked) : undefined;
  const sections = [
    { title: "In Force", lines: inForceLines(mac, asked, effects) },
    { title: "After a Restart of the Mac", lines: start ? restartLines(start, mac, set) : ["Reading…"] },
    { title: "What It Changes", lines: changeLines({ rows, snapshot, effects, isSet: outcome.kind === "done" }) },
  ];
  const title = titleOf(set, mib);
  return (
    <Detail
      isLoading={isLoading || isReading}
      navigationTitle="GPU Limit"
      markdown={[
        `# ${title}`,
        ...sections.flatMap((section) => [
          `## ${section.title}`,
          section.lines.map((line) => `- ${plainMarkdown(line)}`).join("\n"),
        ]),
      ].join("\n\n")}
      actions={
        <ActionPanel>
          <Action.CopyToClipboard
            title="Copy as Text"
            content={[title, ...sections.map((section) => [`${section.title}:`, ...section.lines].join("\n"))].join(
              "\n\n",
            )}
            shortcut={Keyboard.Shortcut.Common.Copy}
          />
          {back !== undefined && (
            <Action
              title="Undo"
              icon={Icon.Undo}
              style={Action.Style.Destructive}
              shortcut={SHORTCUTS.undo}
              onAction={() => change({ mib: asked.mac.overrideMib ?? 0, bootDaemon: back })}
            />
          )}
          {(mib !== 0 || start?.own !== undefined) && (
            <Action
              title="Back to macOS Default"
              icon={Icon.Gauge}
              shortcut={SHORTCUTS.resetLimit}
              onAction={() => change(backToDefault(start?.own))}
            />
          )}
          <Action.CopyToClipboard
            title="Copy Sysctl Command"
            content={sysctlCommand(mib)}
            shortcut={SHORTCUTS.copyLimit}
          />
          {snapshot && <RestartOllamaAction snapshot={snapshot} refresh={refresh} />}
          {snapshot && <ExplainAction snapshot={snapshot} />}
          <RefreshAction
            refresh={() => {
              refresh();
              readAgain();
            }}
          />
        </ActionPanel>
      }
    />
  );
}

function titleOf({ outcome }: LimitSet, mib: number): string {
  if (outcome.kind === "already") return "Already in Force";
  return mib === 0 ? "Back to the macOS Default" : `GPU Limit Is ${formatBytes(mib * MIB)}`;
}

function inForceLines(mac: AppleSiliconMac, { advice }: LimitChange, { share }: LimitPreview): readonly string[] {
  const { overrideMib: mib = 0 } = mac;
  const check = mib === 0 ? undefined : checkLimit(mib, mac.ramBytes, advice);
  return [
    mib === 0 ? `The macOS default, ${formatMib(advice.defaultMib)}.` : `${formatMib(mib)}, read back from macOS.`,
    `${share}.`,
    ...(check && "warning" in check ? [check.warning] : []),
  ];
}

/** What brings the limit back, or doesn't. */
function restartLines({ own, others, isSetHere }: AtStart, mac: AppleSiliconMac, { asked, outcome }: LimitSet) {
  const daemon = "daemon" in outcome ? outcome.daemon : undefined;
  const isTrouble = daemon?.kind === "failed" || daemon?.kind === "not-loaded";
  const lines = [
    ...(isTrouble ? [daemonWords(daemon)] : []),
    ...(own ? [`The LaunchDaemon: ${daemonText(own, mac, isSetHere)}`] : []),
    ...(others.length > 0 ? [othersText(others)] : []),
  ];
  if (own !== undefined || others.length > 0) return lines;
  return [
    ...lines,
    mac.overrideMib === 0
      ? "macOS decides the limit, as it does now."
      : `macOS forgets it: its own default of ${formatMib(asked.advice.defaultMib)} is in force again.`,
  ];
}

interface Changed {
  readonly rows: readonly FitRow[];
  readonly snapshot: Snapshot | undefined;
  readonly effects: LimitPreview;
  readonly isSet: boolean;
}

/** What the limit does to models, and what has to be done for it. */
function changeLines({ rows, snapshot, effects, isSet }: Changed): readonly string[] {
  if (snapshot === undefined) return ["Reading…"];
  if (!snapshot.isLocal) {
    return [`Ollama runs ${hostPlace(snapshot)}: this Mac's limit doesn't change what fits there.`];
  }
  if (!isSet) return ["Nothing: it was in force before."];
  if (snapshot.state.kind !== "answering") return ["Ollama doesn't answer, so what it changes for models isn't known."];
  const loaded = snapshot.loaded.map(({ name }) => name);
  const mlx = rows.filter(({ model }) => rulesOf(model).engine === "mlx").map(({ model }) => buildTitle(model));
  const lines = [
    ...(isLoadedKnown(snapshot)
      ? []
      : ["Couldn't read which models are loaded. Any that are must be reloaded to use it."]),
    ...(loaded.length > 0 ? [`Loaded before, and to be reloaded to use it: ${listNames(loaded)}.`] : []),
    ...(mlx.length > 0 ? [`Restart Ollama for ${listNames(mlx)}: MLX reads the limit when Ollama starts.`] : []),
    ...effectLines(effects),
  ];
  return lines.length > 0 ? lines : ["No installed model starts or stops fitting."];
}
