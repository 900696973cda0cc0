import { Alert, Icon, Toast } from "@raycast/api";
import { KEPT_NAMES, KEPT_SETTINGS, type KeptName, type KeptValues } from "../../fit/kept-settings";
import { listNames } from "../../fit/model-name";
import type { ServerIdentity } from "../../fit/server-origin";
import { formatContext } from "../../fit/units";
import type { DaemonState } from "../../mac/boot-settings";
import type { KeepOutcome, SettingsAgent } from "../../mac/settings-agent";
import type { KeptInUse } from "../../ollama/kept-in-use";

const AT_LOGIN: Readonly<Record<DaemonState, string>> = {
  loaded: "macOS has loaded it.",
  "not-loaded": "macOS loads it at the next login.",
  "switched-off": "It's switched off there: at the next login nothing is set.",
};

/** What is kept, whether that works, whom it reaches, and whether the running server has it: a line each. */
export function stateText(agent: SettingsAgent, { kind }: ServerIdentity, inUse: KeptInUse | undefined): string {
  return [keptText(agent), reachText(kind), ...(agent.kind === "kept" ? useText(inUse) : [])].join("\n");
}

function keptText(agent: SettingsAgent): string {
  switch (agent.kind) {
    case "none":
      return "Nothing is kept: Ollama's variables are lost when the Mac restarts.";
    case "foreign":
      return "Something else lies under the name of our LaunchAgent, so it's left alone.";
    case "kept": {
      const state = agent.state === undefined ? "Whether it's switched off there isn't known." : AT_LOGIN[agent.state];
      return `A LaunchAgent of yours sets these at each login. Login Items & Extensions lists it as “sh”. ${state}`;
    }
  }
}

function reachText(kind: ServerIdentity["kind"]): string {
  switch (kind) {
    case "app":
      return "Ollama's app takes them when it starts. Its own context slider wins over Context Length.";
    case "homebrew":
      return "Homebrew's service takes them when it starts, but sets Flash Attention and KV Cache Type itself: Copy Lines… has what changes those.";
    case "agent":
      return "Your own launchd job may not get them, or set others itself: Copy Lines… has what its property list needs.";
    case "elsewhere":
      return "A container doesn't get them: Copy Lines… has the options to start it with.";
    case "terminal":
    case "program":
    case "remote":
    case "several":
    case "unknown":
      return "They reach Ollama's app. A server in Terminal takes the line that Copy Lines… has.";
  }
}

/** Nothing where no log tells what the running server was started with. */
function useText(inUse: KeptInUse | undefined): readonly string[] {
  if (inUse === undefined) return [];
  const { missing, unset, sliderContext } = inUse;
  const was = missing.length === 1 ? "was" : "were";
  const them = (names: readonly KeptName[]) => (names.length === 1 ? "it" : "them");
  return [
    missing.length === 0
      ? ""
      : `The running Ollama started before ${titlesOf(missing)} ${was} set: restart it to use ${them(missing)}.`,
    unset.length === 0
      ? ""
      : `macOS doesn't have ${titlesOf(unset)} now: Keep After Restarts sets ${them(unset)} again.`,
    sliderContext === undefined
      ? ""
      : `The app's slider overrides the kept length: Ollama has a context of ${formatContext(Number(sliderContext))}.`,
    missing.length + unset.length === 0 && sliderContext === undefined ? "The running Ollama has them." : "",
  ].filter(Boolean);
}

/** "KV Cache Type and Keep Alive". */
export const titlesOf = (names: readonly KeptName[]): string =>
  listNames(names.map((name) => KEPT_SETTINGS[name].title));

/** The question before settings are kept; where there are none, before the LaunchAgent is removed. */
export function questionFor(wanted: KeptValues): Alert.Options {
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

/** What came of keeping settings, for a toast. */
export function toastOf(outcome: KeepOutcome, wanted: KeptValues): Toast.Options {
  const failure = (title: string, message: string) => ({ style: Toast.Style.Failure, title, message });
  const isRemoved = KEPT_NAMES.every((name) => wanted[name] === undefined);
  switch (outcome.kind) {
    case "foreign":
      return failure("Left Alone", "Another file lies under the LaunchAgent's name. Nothing changed.");
    case "failed":
      return failure("Couldn't Write the LaunchAgent", "Look at Library, LaunchAgents in your home folder.");
    case "done":
      if (outcome.missing.length > 0) return failure("Kept from the Next Login", "macOS didn't accept them now.");
      return isRemoved
        ? {
            style: Toast.Style.Success,
            title: "LaunchAgent Removed",
            message: "Ollama keeps its settings until it restarts.",
          }
        : { style: Toast.Style.Success, title: "Settings Kept", message: "Restart Ollama to use them now." };
  }
}
