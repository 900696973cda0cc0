import { Action, ActionPanel, Alert, Clipboard, Form, Icon, Keyboard, showToast, Toast } from "@raycast/api";
import { useForm, usePromise } from "@raycast/utils";
import type { Snapshot } from "../../app/snapshot";
import { getSystem } from "../../app/system";
import { KEPT_NAMES, KEPT_SETTINGS, type KeptName, type KeptValues } from "../../fit/kept-settings";
import type { ServerIdentity } from "../../fit/server-origin";
import { type KeepOutcome, keepSettings, readSettingsAgent, type SettingsAgent } from "../../mac/settings-agent";
import { confirmAndRun } from "../shared/confirm-and-run";
import { SHORTCUTS } from "../shared/shortcuts";
import { RestartOllamaAction } from "./restart-action";

interface Props {
  readonly snapshot: Snapshot;
  /** Values to fill in, such as those of a plan. */
  readonly fill?: KeptValues;
  readonly refresh: () => void;
}

/** Opens the settings of Ollama that are kept over restarts; only on a Mac, where Ollama runs on it. */
export function KeptSettingsAction({ snapshot, fill, refresh }: Props) {
  if (!snapshot.isLocal || getSystem().platform !== "darwin") return null;
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
  const { data: agent, revalidate } = usePromise(() => readSettingsAgent(getSystem()), [], { onError: () => {} });
  if (agent === undefined) return <Form isLoading navigationTitle="Ollama Settings" />;
  return <Fields {...props} agent={agent} readAgain={() => void revalidate()} />;
}

type Typed = Record<KeptName, string>;

function Fields({
  snapshot,
  fill = {},
  refresh,
  agent,
  readAgain,
}: Props & { readonly agent: SettingsAgent; readonly readAgain: () => void }) {
  const kept: KeptValues = agent.kind === "kept" ? agent.values : {};
  const byName = <T,>(of: (name: KeptName) => T) =>
    Object.fromEntries(KEPT_NAMES.map((name) => [name, of(name)])) as Record<KeptName, T>;
  const { handleSubmit, itemProps, values } = useForm<Typed>({
    initialValues: byName((name) => fill[name] ?? kept[name] ?? ""),
    validation: byName((name) => (value?: string) => {
      const typed = value?.trim() ?? "";
      return typed === "" || KEPT_SETTINGS[name].takes(typed) ? undefined : KEPT_SETTINGS[name].placeholder;
    }),
    onSubmit: (typed) => keep(trimmed(typed)),
  });
  const keep = async (wanted: KeptValues) => {
    await confirmAndRun({
      change: "Keep Ollama Settings",
      questions: [questionFor(wanted)],
      progress: { title: "Keeping the Settings" },
      work: () => keepSettings(getSystem(), wanted),
      outcome: toastOf,
    });
    readAgain();
    refresh();
  };
  const wanted = trimmed(values);
  return (
    <Form
      navigationTitle="Ollama Settings"
      actions={
        <ActionPanel>
          <Action.SubmitForm title="Keep After Restarts" icon={Icon.Pin} onSubmit={handleSubmit} />
          <RestartOllamaAction snapshot={snapshot} refresh={refresh} />
          {agent.kind === "kept" && (
            <Action
              title="Remove the LaunchAgent"
              icon={Icon.Trash}
              style={Action.Style.Destructive}
              shortcut={SHORTCUTS.removeKept}
              onAction={() => keep({})}
            />
          )}
          <Action.CopyToClipboard
            title="Copy Terminal Line"
            content={terminalLine(wanted)}
            shortcut={Keyboard.Shortcut.Common.Copy}
          />
          <Action title="Copy Host Line" icon={Icon.Warning} shortcut={SHORTCUTS.copyHost} onAction={copyHostLine} />
        </ActionPanel>
      }
    >
      <Form.Description title="State" text={stateText(agent, snapshot.server.identity)} />
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

function stateText(agent: SettingsAgent, { kind }: ServerIdentity): string {
  const state = {
    none: "Nothing is kept: variables of Ollama are gone after a restart of the Mac.",
    kept: "A LaunchAgent of yours sets these at each login. Login Items & Extensions lists it as “sh”.",
    foreign: "Something else lies under the name of our LaunchAgent, so it's left alone.",
  }[agent.kind];
  const reach =
    kind === "app"
      ? "Ollama's app may start before it: restart Ollama then. The app's own context slider wins over Context Length."
      : "They reach Ollama's app. A server in Terminal takes the line to copy instead, and Homebrew's service sets Flash Attention and KV Cache Type itself.";
  return `${state}\n${reach}`;
}

function questionFor(wanted: KeptValues): Alert.Options {
  const lines = KEPT_NAMES.flatMap((name) => (wanted[name] === undefined ? [] : [`${name} = ${wanted[name]}`]));
  return lines.length === 0
    ? {
        icon: Icon.Trash,
        title: "Remove the LaunchAgent?",
        message: "The variables it set are taken away. Ollama keeps those it has until it restarts.",
        primaryAction: { title: "Remove", style: Alert.ActionStyle.Destructive },
      }
    : {
        icon: Icon.Pin,
        title: "Keep these settings?",
        message: `${lines.join("\n")}\n\nA LaunchAgent in your Library sets them at each login. Ollama takes them when it restarts.`,
        primaryAction: { title: "Keep" },
      };
}

function toastOf(outcome: KeepOutcome): Toast.Options {
  const failure = (title: string, message: string) => ({ style: Toast.Style.Failure, title, message });
  switch (outcome.kind) {
    case "foreign":
      return failure("Left Alone", "Another file lies under the LaunchAgent's name. Nothing changed.");
    case "failed":
      return failure("Couldn't Write the LaunchAgent", "Look at Library, LaunchAgents in your home folder.");
    case "done":
      return outcome.missing.length === 0
        ? { style: Toast.Style.Success, title: "Settings Kept", message: "Restart Ollama to use them now." }
        : failure("Kept from the Next Login On", "macOS didn't take them for now.");
  }
}

/** For a server that's started in Terminal: the values are checked, so that none needs quotes. */
function terminalLine(wanted: KeptValues): string {
  const given = KEPT_NAMES.flatMap((name) =>
    wanted[name] === undefined || !KEPT_SETTINGS[name].takes(wanted[name]) ? [] : [`${name}=${wanted[name]}`],
  );
  return [...given, "ollama serve"].join(" ");
}

async function copyHostLine(): Promise<void> {
  await Clipboard.copy("launchctl setenv OLLAMA_HOST 127.0.0.1:11434");
  await showToast({
    style: Toast.Style.Success,
    title: "Copied to Clipboard",
    message: "Another address than 127.0.0.1 opens Ollama to the network.",
  });
}
