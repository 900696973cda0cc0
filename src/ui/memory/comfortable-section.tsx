import { Action, Icon, Keyboard, List } from "@raycast/api";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import { comfortable, COMFORTABLE_TITLE, downloadText, INSTALLED, NO_PICK } from "../../fit/picks/comfortable";
import { SUM_TITLES } from "../../fit/sum-names";
import { formatBytes, formatContext } from "../../fit/units";
import type { Memory } from "./use-memory";
import { RowActions } from "./row";

/** Models that run well on this Mac with what is in use now; nothing for a remote one. */
export function ComfortableSection({ memory, snapshot }: { readonly memory: Memory; readonly snapshot: Snapshot }) {
  const { limit, ram, server, url, machine } = snapshot;
  if (limit.kind === "unknown" || ram === undefined) return null;
  const chip = appleSilicon(machine)?.chip;
  const installed = snapshot.models.map(({ name }) => name);
  const picks = comfortable({ limitBytes: limit.bytes, ram, chip, version: server.version, url, installed });
  return (
    <List.Section title={COMFORTABLE_TITLE}>
      {picks.length === 0 && (
        <List.Item
          id="no-pick"
          title="None of the Table"
          subtitle={NO_PICK}
          icon={Icon.Minus}
          actions={<RowActions memory={memory} />}
        />
      )}
      {picks.map(({ row, context, totalBytes, purposes, needsClosing, isInstalled, command }) => (
        <List.Item
          key={row.name}
          id={`pick ${row.name}`}
          title={row.name}
          subtitle={`for ${purposes.join(", ")}${needsClosing ? ", once other apps are closed" : ""}`}
          icon={Icon.LightBulb}
          accessories={[
            { text: isInstalled ? INSTALLED : downloadText(row) },
            {
              tag: `${formatContext(context)} in ${formatBytes(totalBytes)}`,
              tooltip: `${SUM_TITLES.total} at that context, margin included. The limit in force is ${formatBytes(limit.bytes)}. Worked out from ${row.basis}, which has the same dimensions.`,
            },
          ]}
          actions={
            <RowActions memory={memory}>
              {!isInstalled && (
                <Action.CopyToClipboard
                  title="Copy Pull Command"
                  content={command}
                  shortcut={Keyboard.Shortcut.Common.Copy}
                />
              )}
            </RowActions>
          }
        />
      ))}
    </List.Section>
  );
}
