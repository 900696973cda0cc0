import { Action, ActionPanel, Detail, Icon, Keyboard, useNavigation } from "@raycast/api";
import type { ReactNode } from "react";
import { ollamaRunCommand } from "../../fit/commands";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { formatContext } from "../../fit/units";
import { contextOf } from "../../fit/verdict";
import { verdictSentence } from "../../fit/verdict-text";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import { MakeItFit } from "../plan/make-it-fit-action";
import { loadModel, runInTerminal } from "../shared/model-work";
import { plainMarkdown } from "../shared/plain-markdown";
import { SHORTCUTS } from "../shared/shortcuts";
import type { FitRow } from "../shared/use-fit-list";

interface Props {
  readonly parent: FitRow;
  /** A variant of it that fits. */
  readonly variant: FitRow;
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
  /** Opens the other ways to make the parent fit. */
  readonly allWays: ReactNode;
  readonly memoryView: ReactNode;
}

/** A variant that was made earlier, in place of a model that doesn't fit. */
export function UseVariantView({ parent, variant, allWays, ...rest }: Props) {
  const { push } = useNavigation();
  const { snapshot, settings, refresh } = rest;
  const { model, verdict } = variant;
  const makeItFit = (failed?: FailedLoad) => push(<MakeItFit row={variant} failed={failed} {...rest} />);
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
            onAction={() => loadModel(variant, settings, refresh, { makeItFit })}
          />
          <Action
            title="Copy Command and Open Terminal"
            icon={Icon.Terminal}
            shortcut={SHORTCUTS.terminal}
            onAction={() => runInTerminal(ollamaRunCommand(model.name, snapshot.url))}
          />
          {allWays}
        </ActionPanel>
      }
    />
  );
}
