import { environment, List } from "@raycast/api";
import { useMemo } from "react";
import { historyText, lastLoads, type LoadLine, loadLineText, type LoadRecord } from "../../apply/load-history";
import { SIZE_ON_DISK } from "../../fit/sum-names";
import { formatBytes } from "../../fit/units";
import { backupText } from "../../fit/backup-text";
import { isPreparing, PREPARING, PREPARING_TEXT } from "../../fit/preparing";
import { RUNNER_TITLES } from "../../fit/model-runner";
import { besideText } from "../../fit/beside-loaded";
import { besidePrograms, besideProgramsText } from "../../fit/gpu-held";
import { type ContextNeed, contextNeedLine, contextNeeds } from "../../fit/context-needs";
import { isWhollyCounted, type Verdict } from "../../fit/verdict";
import { badgeText, noteLines, settingsOf, sumLines, termsOf, verdictSentence } from "../../fit/verdict-text";
import { pictureMarkdown } from "../shared/chart/shapes";
import { contextChart } from "./context-chart";
import { loadsChart } from "./loads-chart";
import type { FitRow } from "../shared/use-fit-list";
import { VERDICT_COLORS } from "../shared/verdict-look";

const { Label, Separator, TagList } = List.Item.Detail.Metadata;

/** The detail pane of a model: every term, the limit, and each setting with the rule that chose it. */
export function FitDetail({
  row: { model, verdict, input },
  loads,
  url,
  isSelected,
}: {
  readonly row: FitRow;
  /** Loads of this model that were held against their prediction, newest first. */
  readonly loads: readonly LoadRecord[];
  /** The server that it's on. */
  readonly url?: string;
  /** Its pictures are worked out for one row, not for a thousand. */
  readonly isSelected: boolean;
}) {
  const needs = useMemo(
    () => (isSelected && input && verdict && verdict.kind !== "unknown" ? contextNeeds(input, verdict) : []),
    [isSelected, input, verdict],
  );
  if (verdict === undefined || input === undefined) return <List.Item.Detail isLoading />;
  const beside = besideText(input, verdict);
  const programs = verdict.kind === "unknown" ? undefined : besidePrograms(input, verdict);
  const run = verdict.run;
  // llama-server's log leaves nothing out.
  const measured = isWhollyCounted(verdict) ? loads : loads.filter(({ laidOut }) => laidOut);
  const shownLoads = isSelected && measured.length > 1 ? lastLoads(measured) : [];
  const backup = ("backup" in input.description ? input.description.backup : undefined) ?? model.backup;
  return (
    <List.Item.Detail
      markdown={picturesOf(verdict, needs, shownLoads)}
      metadata={
        <List.Item.Detail.Metadata>
          <TagList title="Verdict">
            <TagList.Item text={badgeText(verdict)} color={VERDICT_COLORS[verdict.kind]} />
          </TagList>
          <Label title="In Words" text={verdictSentence(verdict)} />
          {isPreparing(model, input.server) && <Label title={PREPARING} text={PREPARING_TEXT} />}
          {beside && <Label title="Now" text={beside} />}
          {programs && <Label title="Other Programs" text={besideProgramsText(programs)} />}
          {measured.length > 0 && <Label title="Measured Here" text={historyText(measured)} />}
          {shownLoads.map((load, index) => (
            <Label key={index} title={load.title} text={loadLineText(load)} />
          ))}
          <Separator />
          {needs.length > 0 && (
            <>
              {needs.map(contextNeedLine).map(({ title, text }) => (
                <Label key={title} title={title} text={text} />
              ))}
              <Separator />
            </>
          )}
          {verdict.kind !== "unknown" && (
            <>
              {termsOf(verdict).map((term) => (
                <Label key={term.title} title={term.title} text={term.text} />
              ))}
              {[...sumLines(verdict), ...noteLines(verdict)].map(({ title, text }) => (
                <Label key={`${title} ${text}`} title={title} text={text} />
              ))}
              <Separator />
            </>
          )}
          {run && (
            <>
              {settingsOf(run).map((setting) => (
                <Label key={setting.title} title={setting.title} text={setting.text} />
              ))}
              <Separator />
            </>
          )}
          <Label title={SIZE_ON_DISK} text={formatBytes(model.sizeBytes)} />
          {backup && <Label title="Old File" text={backupText(backup, url)} />}
          {model.runner && <Label title="Runner" text={RUNNER_TITLES[model.runner]} />}
          {model.family && <Label title="Family" text={model.family} />}
          {model.parameterSize && <Label title="Parameters" text={model.parameterSize} />}
          {model.quantization && <Label title="Quantization" text={model.quantization} />}
        </List.Item.Detail.Metadata>
      }
    />
  );
}

/** Which contexts fit, and how right the predictions were: the same figures as the lines below. */
function picturesOf(verdict: Verdict, needs: readonly ContextNeed[], loads: readonly LoadLine[]): string | undefined {
  const { appearance } = environment;
  const pictures = [
    ...(verdict.kind !== "unknown" && needs.length > 0
      ? [pictureMarkdown(contextChart(needs, verdict.limit.bytes, appearance), "What it needs at each context")]
      : []),
    ...(loads.length > 0
      ? [pictureMarkdown(loadsChart(loads, appearance), "How far the last loads were off the prediction")]
      : []),
  ];
  return pictures.length > 0 ? pictures.join("\n\n") : undefined;
}
