import { Action, ActionPanel, Detail, Icon, Keyboard } from "@raycast/api";
import type { ReactNode } from "react";
import { expectedLoad, predictedTerms } from "../../apply/load-report";
import { ollamaRunCommand } from "../../fit/commands";
import { formatContext } from "../../fit/units";
import { contextOf } from "../../fit/verdict";
import { verdictSentence } from "../../fit/verdict-text";
import type { Settings } from "../../app/preferences";
import { changeLoaded, runInTerminal } from "../shared/model-work";
import { plainMarkdown } from "../shared/plain-markdown";
import { SHORTCUTS } from "../shared/shortcuts";
import type { FitRow } from "../shared/use-fit-list";

interface Props {
  readonly parent: FitRow;
  /** A variant of it that fits. */
  readonly variant: FitRow;
  readonly settings: Settings;
  /** The server that has it. */
  readonly url: string | undefined;
  readonly refresh: () => void;
  /** Opens the other ways to make the parent fit. */
  readonly allWays: ReactNode;
}

/** A variant that was made earlier, in place of a model that doesn't fit. */
export function UseVariantView({ parent, variant, settings, url, refresh, allWays }: Props) {
  const { model, verdict } = variant;
  const numCtx = (verdict && contextOf(verdict)?.value) ?? 0;
  return (
    <Detail
      navigationTitle={model.name}
      markdown={[
        `# The ${formatContext(numCtx)} Variant Fits`,
        plainMarkdown(
          `${parent.model.name} itself doesn't fit. Its variant with a context of ${formatContext(numCtx)} is installed already.`,
        ),
        plainMarkdown(verdict ? verdictSentence(verdict) : ""),
        `Use this name in your editor or app: ${plainMarkdown(model.name)}`,
      ].join("\n\n")}
      actions={
        <ActionPanel>
          <Action.CopyToClipboard title="Copy Name" content={model.name} shortcut={Keyboard.Shortcut.Common.CopyName} />
          <Action
            title="Load Model"
            icon={Icon.Bolt}
            shortcut={SHORTCUTS.load}
            onAction={() =>
              changeLoaded(settings, model, "load", refresh, {
                expected: verdict && expectedLoad(verdict),
                predicted: verdict && predictedTerms(verdict),
              })
            }
          />
          <Action
            title="Copy Command and Open Terminal"
            icon={Icon.Terminal}
            shortcut={SHORTCUTS.terminal}
            onAction={() => runInTerminal(ollamaRunCommand(model.name, url))}
          />
          {allWays}
        </ActionPanel>
      }
    />
  );
}
