import { Action, ActionPanel, Detail, environment, Icon, Keyboard } from "@raycast/api";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import { type MacBar, macBar, macBarRows, macBarSentence } from "../../fit/mac-bar";
import type { JudgeInput } from "../../fit/verdict";
import { pictureMarkdown } from "./chart/shapes";
import { macChart } from "./mac-chart";

const TITLE = "This Mac Now";

/**
 * The memory of this Mac as a bar; undefined where the limit isn't known, and where Ollama runs elsewhere. `input` is that
 * of any model, where one is judged: it knows what the loaded ones really take.
 */
export function macBarOf(snapshot: Snapshot, input?: JudgeInput): MacBar | undefined {
  const mac = appleSilicon(snapshot.machine);
  if (mac === undefined || !snapshot.isLocal) return undefined;
  return macBar(mac.ramBytes, snapshot.limit, input?.loaded ?? snapshot.loaded, input?.ram ?? snapshot.ram);
}

/** Show Picture: the bar of this Mac as a drawing, on a view of its own, as a form holds no images. */
export function ShowPictureAction({ bar }: { readonly bar: MacBar }) {
  return (
    <Action.Push
      title="Show Picture"
      icon={Icon.BarChart}
      shortcut={Keyboard.Shortcut.Common.ToggleQuickLook}
      target={<MacPicture bar={bar} />}
    />
  );
}

function MacPicture({ bar }: { readonly bar: MacBar }) {
  const sentence = macBarSentence(bar);
  return (
    <Detail
      navigationTitle={TITLE}
      markdown={[`## ${TITLE}`, pictureMarkdown(macChart(bar, environment.appearance), sentence)].join("\n\n")}
      metadata={
        <Detail.Metadata>
          {macBarRows(bar).map(({ title, text }) => (
            <Detail.Metadata.Label key={title} title={title} text={text} />
          ))}
        </Detail.Metadata>
      }
      actions={
        <ActionPanel>
          <Action.CopyToClipboard title="Copy as Text" content={sentence} shortcut={Keyboard.Shortcut.Common.Copy} />
        </ActionPanel>
      }
    />
  );
}
