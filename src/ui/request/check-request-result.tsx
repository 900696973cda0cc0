import { Action, ActionPanel, Detail, Icon, Keyboard } from "@raycast/api";
import { outcomeWords, type RequestOutcome } from "../../fit/mlx-request";
import { failedByRequest } from "../shared/load-words";
import type { OpenMakeItFit } from "../shared/load-cure";
import { plainMarkdown } from "../shared/plain-markdown";

interface Props {
  readonly outcome: RequestOutcome;
  readonly row: { readonly model: { readonly name: string } };
  readonly makeItFit?: OpenMakeItFit;
}

/** What came of a real request: what was counted beside what was predicted. */
export function CheckRequestResult({ outcome, row: { model }, makeItFit }: Props) {
  const { title, sentences } = outcomeWords(outcome);
  const detail = outcome.kind === "failed" ? [`Ollama's words: ${outcome.detail}`] : [];
  return (
    <Detail
      navigationTitle={`Check ${model.name}`}
      markdown={[`# ${title}`, ...[...sentences, ...detail].map(plainMarkdown)].join("\n\n")}
      actions={
        <ActionPanel>
          {outcome.kind === "failed" && makeItFit && (
            <Action title="Make It Fit" icon={Icon.Wand} onAction={() => makeItFit(failedByRequest(outcome))} />
          )}
          <Action.CopyToClipboard
            title="Copy Result"
            content={[`${model.name}: ${title}`, ...sentences, ...detail].join("\n")}
            shortcut={Keyboard.Shortcut.Common.Copy}
          />
        </ActionPanel>
      }
    />
  );
}
