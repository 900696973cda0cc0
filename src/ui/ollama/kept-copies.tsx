import { Action, ActionPanel, Clipboard, Icon, type Keyboard, showToast, Toast } from "@raycast/api";
import { KEPT_NAMES, KEPT_SETTINGS, keptLines, type KeptPlace, type KeptValues } from "../../fit/kept-settings";
import { SHORTCUTS } from "../shared/shortcuts";
import { keysIn } from "../../fit/keys-in";

interface Copy {
  readonly title: string;
  /** What to know about it: fewer than 80 characters. */
  readonly note: string;
  readonly shortcut: Keyboard.Shortcut;
}

const COPIES: Readonly<Record<KeptPlace, Copy>> = {
  terminal: {
    title: "For a Server in Terminal",
    note: "For your shell's profile, such as ~/.zshrc.",
    shortcut: SHORTCUTS.copyForTerminal,
  },
  homebrew: {
    title: "For Homebrew's Service",
    note: "brew services restart and upgrades overwrite that file.",
    shortcut: SHORTCUTS.copyForHomebrew,
  },
  launchd: {
    title: "For a Launchd Job of Your Own",
    note: "For the property list of the job that runs ollama serve.",
    shortcut: SHORTCUTS.copyForLaunchd,
  },
  container: {
    title: "For Docker",
    note: "For docker run, before the name of the image.",
    shortcut: SHORTCUTS.copyForContainer,
  },
};

const PLACES = keysIn(COPIES);

/** Copies the values that are typed as the lines that set them elsewhere. */
export function CopyLinesSubmenu({ values }: { readonly values: KeptValues }) {
  return (
    <ActionPanel.Submenu title="Copy Lines…" icon={Icon.Clipboard}>
      {PLACES.map((place) => {
        const { title, shortcut } = COPIES[place];
        return <Action key={place} title={title} shortcut={shortcut} onAction={() => copyLines(place, values)} />;
      })}
    </ActionPanel.Submenu>
  );
}

/** Copies the lines for a place; says what's wrong where a value isn't one of Ollama's, or none is there. */
export async function copyLines(place: KeptPlace, values: KeptValues): Promise<void> {
  const given = KEPT_NAMES.filter((name) => values[name] !== undefined);
  const wrong = given.find((name) => !KEPT_SETTINGS[name].takes(values[name] ?? ""));
  if (given.length === 0 || wrong !== undefined) {
    const message =
      wrong === undefined
        ? "Fill in a value first."
        : `${KEPT_SETTINGS[wrong].title}: ${KEPT_SETTINGS[wrong].placeholder}.`;
    await showToast({ style: Toast.Style.Failure, title: "Nothing Copied", message });
    return;
  }
  await Clipboard.copy(keptLines(place, values));
  await showToast({ style: Toast.Style.Success, title: "Copied to Clipboard", message: COPIES[place].note });
}

/** Copies the line that sets where Ollama listens, with a word of warning: our LaunchAgent never sets it. */
export async function copyHostLine(): Promise<void> {
  await Clipboard.copy("launchctl setenv OLLAMA_HOST 127.0.0.1:11434");
  await showToast({
    style: Toast.Style.Success,
    title: "Copied to Clipboard",
    message: "Any address but 127.0.0.1 opens Ollama to the network.",
  });
}
