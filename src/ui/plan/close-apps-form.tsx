import { Action, ActionPanel, Form, Icon, useNavigation } from "@raycast/api";
import { useState } from "react";
import type { ClosableApp } from "../../fit/facts";
import type { AppsToClose } from "../../fit/plan/changes";
import type { PlanOption } from "../../fit/plan/options";
import { formatBytes } from "../../fit/units";
import type { ApplyWay } from "../change/apply-option";

interface Props {
  readonly option: PlanOption;
  /** What it needs. */
  readonly closing: AppsToClose;
  /** The apps that may be asked to quit. */
  readonly apps?: readonly ClosableApp[];
  readonly apply: (way: ApplyWay) => unknown;
}

/** The apps to close before a model is loaded, ticked by the person: the form is its own confirmation. */
export function CloseAppsForm({ option, closing, apps = closing.apps, apply }: Props) {
  const { pop } = useNavigation();
  const offered = apps.filter(({ bundlePath }) => bundlePath !== undefined);
  const [chosen, setChosen] = useState<string[]>(closing.apps.flatMap(({ bundlePath }) => bundlePath ?? []));
  const ticked = offered.filter(({ bundlePath = "" }) => chosen.includes(bundlePath));
  const bytes = ticked.reduce((sum, app) => sum + app.bytes, 0);
  return (
    <Form
      actions={
        <ActionPanel>
          <Action.SubmitForm
            title="Close Apps and Apply"
            icon={Icon.Play}
            onSubmit={async () => {
              pop();
              await apply({ closing: ticked });
            }}
          />
        </ActionPanel>
      }
    >
      <Form.TagPicker id="apps" title="Apps to Close" value={chosen} onChange={setChosen}>
        {offered.map(({ name, bundlePath = "", bytes: size }) => (
          <Form.TagPicker.Item
            key={bundlePath}
            value={bundlePath}
            title={`${name}, ${formatBytes(size)}`}
            icon={{ fileIcon: bundlePath }}
          />
        ))}
      </Form.TagPicker>
      <Form.Description
        title="Room"
        text={
          bytes >= closing.bytes
            ? `${formatBytes(bytes)} of RAM: enough.`
            : `${formatBytes(bytes)} of RAM, and about ${formatBytes(closing.bytes)} is needed.`
        }
      />
      <Form.Description title="Result" text={[option.sentence, ...option.costs].join("\n")} />
      <Form.Description
        title="How"
        text="Each app is asked to quit, as with ⌘Q. It asks about unsaved work, and nothing is forced. The first time, macOS asks for each app whether Raycast may control it. An app that refuses stays open, and the change continues: whether the Mac swaps then is said at its end."
      />
    </Form>
  );
}
