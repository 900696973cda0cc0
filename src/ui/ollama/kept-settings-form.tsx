import { Action, ActionPanel, Form, Icon, showToast, Toast } from "@raycast/api";
import { useForm, usePromise } from "@raycast/utils";
import type { Snapshot } from "../../app/snapshot";
import { getSystem } from "../../app/system";
import { KEPT_NAMES, KEPT_SETTINGS, type KeptName, type KeptValues } from "../../fit/kept-settings";
import { isInContainer } from "../../fit/server-origin";
import { keepSettings } from "../../mac/settings-agent";
import { confirmAndRun } from "../shared/confirm-and-run";
import { SHORTCUTS } from "../shared/shortcuts";
import { openLoginItems } from "../shared/system-settings";
import { copyHostLine, copyLines, CopyLinesSubmenu } from "./kept-copies";
import { type Kept, readKept } from "./read-kept";
import { questionFor, stateText, toastOf } from "./kept-words";
import { RestartOllamaAction } from "./restart-action";

interface Props {
  readonly snapshot: Snapshot;
  /** Values to fill in, such as those of a plan. */
  readonly fill?: KeptValues;
  readonly refresh: () => void;
}

/** Opens the settings of Ollama that are kept over restarts; only on a Mac, where Ollama runs on it or in its container. */
export function KeptSettingsAction({ snapshot, fill, refresh }: Props) {
  const isHere = snapshot.isLocal || isInContainer(snapshot.server.identity);
  if (!isHere || getSystem().platform !== "darwin") return null;
  return (
    <Action.Push
      title="Ollama Settings After Restarts"
      icon={Icon.Pin}
      shortcut={SHORTCUTS.keptSettings}
      target={<KeptSettingsForm snapshot={snapshot} fill={fill} refresh={refresh} />}
    />
  );
}

function KeptSettingsForm(props: Props) {
  const { data, isLoading, revalidate } = usePromise(() => readKept(props.snapshot), [], { onError: () => {} });
  if (data === undefined) return <Form isLoading navigationTitle="Ollama Settings" />;
  return <Fields {...props} {...data} isLoading={isLoading} readAgain={() => void revalidate()} />;
}

const NOTHING_TO_KEEP = { style: Toast.Style.Failure, title: "Nothing to Keep", message: "Fill in a value first." };

type Typed = Record<KeptName, string>;

function Fields({
  snapshot,
  fill = {},
  refresh,
  agent,
  inUse,
  isLoading,
  readAgain,
}: Props & Kept & { readonly isLoading: boolean; readonly readAgain: () => void }) {
  const kept: KeptValues = agent.kind === "kept" ? agent.values : {};
  const byName = <T,>(of: (name: KeptName) => T) =>
    Object.fromEntries(KEPT_NAMES.map((name) => [name, of(name)])) as Record<KeptName, T>;
  const { handleSubmit, itemProps, values } = useForm<Typed>({
    initialValues: byName((name) => fill[name] ?? kept[name] ?? ""),
    validation: byName((name) => (value?: string) => {
      const typed = value?.trim() ?? "";
      return typed === "" || KEPT_SETTINGS[name].takes(typed) ? undefined : KEPT_SETTINGS[name].placeholder;
    }),
    onSubmit: (typed) => {
      const wanted = trimmed(typed);
      const isNothing = KEPT_NAMES.every((name) => wanted[name] === undefined);
      return isNothing && agent.kind === "none" ? showToast(NOTHING_TO_KEEP).then(() => undefined) : keep(wanted);
    },
  });
  const renew = () => {
    readAgain();
    refresh();
  };
  const keep = async (wanted: KeptValues) => {
    await confirmAndRun({
      change: "Keep Ollama Settings",
      questions: [questionFor(wanted)],
      progress: { title: "Keeping the Settings" },
      work: () => keepSettings(getSystem(), wanted),
      outcome: (outcome) => toastOf(outcome, wanted),
    });
    renew();
  };
  const wanted = trimmed(values);
  const inContainer = isInContainer(snapshot.server.identity);
  return (
    <Form
      isLoading={isLoading}
      navigationTitle="Ollama Settings"
      actions={
        <ActionPanel>
          {inContainer ? (
            <Action.SubmitForm
              title="Copy Docker Options"
              icon={Icon.Clipboard}
              onSubmit={() => copyLines("container", wanted)}
            />
          ) : (
            <Action.SubmitForm title="Keep After Restarts" icon={Icon.Pin} onSubmit={handleSubmit} />
          )}
          <RestartOllamaAction snapshot={snapshot} refresh={renew} />
          {agent.kind === "kept" && agent.state === "switched-off" && (
            <Action
              title="Open Login Items Settings"
              icon={Icon.Gear}
              shortcut={SHORTCUTS.loginItems}
              onAction={openLoginItems}
            />
          )}
          {agent.kind === "kept" && (
            <Action
              title="Remove the LaunchAgent"
              icon={Icon.Trash}
              style={Action.Style.Destructive}
              shortcut={SHORTCUTS.removeKept}
              onAction={() => keep({})}
            />
          )}
          <CopyLinesSubmenu values={wanted} />
          <Action title="Copy Host Line" icon={Icon.Warning} shortcut={SHORTCUTS.copyHost} onAction={copyHostLine} />
        </ActionPanel>
      }
    >
      <Form.Description title="State" text={stateText(agent, snapshot.server.identity, inUse)} />
      {KEPT_NAMES.map((name) => (
        <Form.TextField
          key={name}
          title={KEPT_SETTINGS[name].title}
          placeholder={KEPT_SETTINGS[name].placeholder}
          info={`${name}. Empty = not kept.`}
          {...itemProps[name]}
        />
      ))}
    </Form>
  );
}

function trimmed(typed: Partial<Typed>): KeptValues {
  const given = KEPT_NAMES.map((name) => [name, typed[name]?.trim() ?? ""] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== "")) as KeptValues;
}
