import { open, Toast } from "@raycast/api";
import { type AwaitedRestart, restartFailure } from "../../apply/restart-and-await";
import { asOneLine, restartCommands } from "../../fit/commands";
import { listNames } from "../../fit/model-name";
import type { ServerIdentity } from "../../fit/server-origin";
import { formatContext } from "../../fit/units";
import { copyText } from "../shared/copy-text";
import type { RestartReach } from "../../mac/ollama-service";

/** What a restart does, for the question before it. */
export interface RestartEffects {
  /** Names of the models that are loaded; absent where the server did not tell. */
  readonly loaded?: readonly string[];
  /** What of Ollama.app restarts; absent where launchd restarts a service. */
  readonly reach?: RestartReach;
  /** A sentence on the default context, where that changes. */
  readonly tier?: string;
  /** OLLAMA_CONTEXT_LENGTH that the app gets from now on, where the running server has another. */
  readonly nextContext?: number;
}

/** What is cut off and what changes, in sentences. */
export function restartQuestion({ loaded, reach, tier, nextContext }: RestartEffects): string {
  return [
    reach === "server" ? "Its server restarts while the app stays open." : "",
    reach === "app" ? "Ollama quits, which may take half a minute, and opens again." : "",
    loaded === undefined
      ? "Couldn't read which models are loaded. Restarting unloads them all and cuts off answers in progress."
      : loaded.length === 0
        ? "No model is loaded now. A running download stops."
        : `Restarting unloads ${listNames(loaded)} and cuts off answers in progress.`,
    nextContext === undefined
      ? tier
      : `The default context will be ${formatContext(nextContext)} (OLLAMA_CONTEXT_LENGTH), unless the app's slider says otherwise.`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** The toast for an outcome, with the way out where there is one. */
export function restartToast(outcome: AwaitedRestart, identity: ServerIdentity): Toast.Options {
  if (outcome.kind === "restarted") {
    return {
      style: Toast.Style.Success,
      title: "Ollama Restarted",
      message: "It's answering again. Models load when they're used.",
    };
  }
  const failure = (title: string, primaryAction?: Toast.ActionOptions): Toast.Options => ({
    style: Toast.Style.Failure,
    title,
    message: restartFailure(outcome),
    primaryAction,
  });
  const copy = (command: string): Toast.ActionOptions => ({
    title: "Copy Command",
    onAction: () => void copyText(command),
  });
  const commands = restartCommands(identity);
  const copyCommands = commands.length > 0 ? copy(asOneLine(commands)) : undefined;
  const openAgain: Toast.ActionOptions | undefined =
    identity.kind === "app" ? { title: "Open Ollama", onAction: () => void open(identity.appPath) } : copyCommands;
  switch (outcome.kind) {
    case "stopped":
      return failure("Stopped Waiting", openAgain);
    case "by-hand":
      return failure("Restart Ollama Yourself", identity.kind === "terminal" ? copy("ollama serve") : copyCommands);
    case "still-running":
      return failure("Ollama Didn't Quit", copyCommands);
    case "not-back":
      return failure("Ollama Didn't Come Back", openAgain);
    case "failed":
      return failure("Couldn't Restart Ollama", copyCommands);
  }
}
