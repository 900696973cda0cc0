import { Action, ActionPanel, Color, Icon, Keyboard, List } from "@raycast/api";
import { getProgressIcon } from "@raycast/utils";
import type { ReactNode } from "react";
import { ExplainAction } from "../explain/explain-action";
import { SetLimitAction } from "../limit/set-limit-action";
import { DiagnosticsAction } from "../shared/diagnostics-action";
import { macBarOf, ShowPictureAction } from "../shared/mac-picture";
import { RefreshAction } from "../shared/refresh-action";
import type { Memory } from "./use-memory";
import { getSystem } from "../../app/system";

const ACTIVITY_MONITOR = "/System/Applications/Utilities/Activity Monitor.app";

interface RowProps {
  readonly id: string;
  readonly title: string;
  readonly icon: List.Item.Props["icon"];
  /** One short line of what it means. */
  readonly note: string;
  /** Undefined where it could not be read: then the row says so, and `source` who gave no answer. */
  readonly value: string | undefined;
  readonly source: string;
  readonly color?: Color;
  readonly tooltip?: string;
  readonly actions: List.Item.Props["actions"];
}

/** One figure of the Mac. */
export function FigureRow({ id, title, icon, note, value, source, color, tooltip, actions }: RowProps) {
  const shown: List.Item.Accessory =
    value === undefined
      ? { text: { value: "Unknown", color: Color.SecondaryText }, tooltip: `Couldn't read it: ${source}` }
      : {
          ...(color === undefined ? { text: value } : { tag: { value, color } }),
          tooltip,
        };
  return <List.Item id={id} title={title} subtitle={note} icon={icon} accessories={[shown]} actions={actions} />;
}

interface ActionsProps {
  readonly memory: Memory;
  /** What "Copy Value" copies. */
  readonly copy?: string | undefined;
  /** What this row is there for, before all else. */
  readonly children?: ReactNode;
  /** The limit is what this row is about. */
  readonly limitFirst?: boolean;
}

/** The actions of a row: its own first, then those of the whole view. */
export function RowActions({ memory, copy, children, limitFirst = false }: ActionsProps) {
  const { snapshot, rows } = memory.list;
  const bar = snapshot && macBarOf(snapshot, rows.find(({ input }) => input)?.input);
  const setLimit = <SetLimitAction snapshot={snapshot} onChanged={memory.refresh} />;
  return (
    <ActionPanel>
      <ActionPanel.Section>
        {children}
        {limitFirst && setLimit}
        {copy !== undefined && (
          <Action.CopyToClipboard
            title="Copy Value"
            icon={Icon.Clipboard}
            content={copy}
            shortcut={Keyboard.Shortcut.Common.Copy}
          />
        )}
      </ActionPanel.Section>
      <ActionPanel.Section>
        {snapshot && <ExplainAction snapshot={snapshot} />}
        {bar && <ShowPictureAction bar={bar} />}
        <RefreshAction refresh={memory.refresh} />
        <DiagnosticsAction />
        {!limitFirst && setLimit}
        {getSystem().platform === "darwin" && (
          <Action.Open
            title="Open Activity Monitor"
            icon={Icon.LineChart}
            target={ACTIVITY_MONITOR}
            shortcut={Keyboard.Shortcut.Common.Open}
          />
        )}
      </ActionPanel.Section>
    </ActionPanel>
  );
}

/** A ring for a share of something that runs out: green, yellow from three quarters on, red when nearly full. */
export function shareIcon(share: number) {
  const color = share < 0.75 ? Color.Green : share < 0.95 ? Color.Yellow : Color.Red;
  return getProgressIcon(Math.min(1, Math.max(0, share)), color);
}
