import { Action, Color, Icon, List } from "@raycast/api";
import { useMemo } from "react";
import { fitTogether, groupCaution, type Judged, type Together } from "../../fit/together";
import { TERM_TITLES } from "../../fit/sum-names";
import { limitText } from "../../fit/limit-policy";
import { formatBytes, formatContext } from "../../fit/units";
import { hostPlace, type Snapshot } from "../../app/snapshot";
import type { Memory } from "./use-memory";
import { RowActions } from "./row";

interface Props {
  readonly memory: Memory;
  readonly snapshot: Snapshot;
}

const evictionText = (most: number) =>
  `Judged by size against the limit. Ollama keeps at most ${most} loaded (OLLAMA_MAX_LOADED_MODELS), and ` +
  "may unload one earlier: when its own rough guess for the next is above 80% of what it sees as available.";

/** Which models can be loaded at the same time. */
export function TogetherSection({ memory, snapshot }: Props) {
  const { rows } = memory.list;
  const judged = useMemo(
    () => rows.flatMap(({ input, verdict }): Judged[] => (input && verdict ? [{ input, verdict }] : [])),
    [rows],
  );
  const together = useMemo(() => fitTogether(judged), [judged]);
  // One model alone has nothing to fit beside. An unknown limit of this Mac is explained at the top; of another one it's a
  // matter of the preferences.
  const { limit, isLocal } = snapshot;
  if (judged.length < 2 || judged.length < rows.length || (limit.kind === "unknown" && isLocal)) return null;
  const notes = [
    limit.kind === "known" ? `in ${limitText(limit)}` : "",
    isLocal ? "" : `${hostPlace(snapshot)}${limit.kind === "known" ? `, ${limit.sourceText}` : ""}`,
    together && together.unknown > 0 ? `without ${together.unknown} of unknown size` : "",
  ];
  return (
    <List.Section title="Fits Together" subtitle={notes.filter(Boolean).join(" · ")}>
      {together === undefined ? (
        <List.Item
          id="together-unknown"
          title="Unknown"
          subtitle={limit.kind === "unknown" ? limit.reason : "No installed model has a known size"}
          icon={Icon.QuestionMarkCircle}
          actions={<RowActions memory={memory} />}
        />
      ) : (
        <Groups together={together} memory={memory} />
      )}
    </List.Section>
  );
}

function Groups({ together, memory }: { readonly together: Together; readonly memory: Memory }) {
  const { groups, limit, marginBytes, most } = together;
  return (
    <>
      {groups.length === 0 && (
        <List.Item
          id="no-group"
          title={most < 2 ? "One Model at a Time" : "No Two Models Fit Side by Side"}
          subtitle={most < 2 ? "OLLAMA_MAX_LOADED_MODELS is 1" : "at the contexts they'd run at"}
          icon={Icon.Minus}
          actions={<RowActions memory={memory} limitFirst />}
        />
      )}
      {groups.map((group) => {
        const { members, bytes } = group;
        const names = members.map(({ name }) => name);
        const caution = groupCaution(group, together);
        return (
          <List.Item
            key={names.join("\n")}
            id={`together ${names.join("\n")}`}
            title={names.join(" + ")}
            subtitle={`at ${members.map(({ numCtx }) => formatContext(numCtx)).join(" + ")}`}
            icon={{
              source: caution === undefined ? Icon.CheckCircle : Icon.ExclamationMark,
              tintColor: caution === undefined ? Color.Green : Color.Yellow,
            }}
            accessories={[
              {
                text: `at most ${formatBytes(bytes + marginBytes)}`,
                tooltip: [
                  ...members.map(
                    (each) => `${each.name} at ${formatContext(each.numCtx)}: at most ${formatBytes(each.bytes)}`,
                  ),
                  ...(marginBytes > 0 ? [`${TERM_TITLES.margin}, once: ${formatBytes(marginBytes)}`] : []),
                  `Of ${limitText(limit)}`,
                  ...(caution === undefined ? [] : [caution]),
                ].join("\n"),
              },
            ]}
            actions={
              <RowActions memory={memory}>
                <Action.CopyToClipboard title="Copy Model Names" icon={Icon.Clipboard} content={names.join(", ")} />
              </RowActions>
            }
          />
        );
      })}
      {groups.length > 0 && (
        <List.Item
          id="together-rule"
          title={{ value: "By Size Alone", tooltip: evictionText(most) }}
          subtitle={`Ollama loads at most ${most}, and may unload one of them earlier`}
          icon={Icon.Info}
          actions={<RowActions memory={memory} limitFirst />}
        />
      )}
    </>
  );
}
