import { access } from "node:fs/promises";
import { join } from "node:path";

/** How Ollama is installed, as the way to start it depends on it. */
export type Installation = "app" | "homebrew" | "none";

/** Looks where the app and Homebrew put Ollama. */
export async function findInstallation({
  homeFolder,
  exists = isThere,
}: {
  readonly homeFolder: string;
  readonly exists?: (path: string) => Promise<boolean>;
}): Promise<Installation> {
  const [app, ownApp, brew, intelBrew] = await Promise.all(
    [
      "/Applications/Ollama.app",
      join(homeFolder, "Applications/Ollama.app"),
      "/opt/homebrew/bin/ollama",
      "/usr/local/bin/ollama",
    ].map(exists),
  );
  if (app || ownApp) return "app";
  return brew || intelBrew ? "homebrew" : "none";
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
