import { access } from "node:fs/promises";
import { join } from "node:path";

/** How Ollama is installed, as the way to start it depends on it. */
export type Installation =
  /** Ollama.app, in one of the two places in which it's opened. */
  | { readonly kind: "app"; readonly path: string }
  | { readonly kind: "homebrew" }
  /** An `ollama` command alone. */
  | { readonly kind: "command" }
  | { readonly kind: "none" };

/** Looks where the app, Homebrew and others put Ollama. */
export async function findInstallation({
  homeFolder,
  exists = isThere,
}: {
  readonly homeFolder: string;
  readonly exists?: (path: string) => Promise<boolean>;
}): Promise<Installation> {
  for (const path of ollamaApps(homeFolder)) if (await exists(path)) return { kind: "app", path };
  // Of an Intel Homebrew only the folder tells: its link lies where others put theirs, too.
  for (const path of ["/opt/homebrew/bin/ollama", "/usr/local/opt/ollama"]) {
    if (await exists(path)) return { kind: "homebrew" };
  }
  for (const path of ["/usr/local/bin/ollama", "/opt/local/bin/ollama"]) {
    if (await exists(path)) return { kind: "command" };
  }
  return { kind: "none" };
}

/** Where Ollama.app is opened from; copies elsewhere (a disk image, another user's) are left alone. */
export function ollamaApps(homeFolder: string): readonly string[] {
  return ["/Applications/Ollama.app", join(homeFolder, "Applications/Ollama.app")];
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
