import { access, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { ServerFacts } from "../fit/facts";
import { readLaunchctlEnv } from "../mac/ollama-service";
import type { Runner } from "../mac/runner";
import { modelsFolders } from "./model-source";

const SQLITE = "/usr/bin/sqlite3";
/** The column of the app's settings that names its models folder (schema 18). */
const MODELS_SETTING = "SELECT models FROM settings LIMIT 1";

/** Where a server without models looks for them, and what else names a folder. */
export interface ModelsFolder {
  readonly used: string;
  /** Whether that folder is there; absent where it may not be looked at. */
  readonly isThere?: boolean;
  /** Another folder, and who names it. */
  readonly other?: { readonly path: string; readonly by: string };
}

/**
 * The models folder of a server on this Mac, for one that lists no models: a disk that isn't plugged in and a folder
 * that was changed for its next start look the same to it. Never throws.
 */
export async function readModelsFolder(
  system: {
    readonly run: Runner;
    readonly homeFolder: string;
    readonly lookFor?: (path: string) => Promise<boolean | undefined>;
  },
  { modelsFolder }: Pick<ServerFacts, "modelsFolder">,
): Promise<ModelsFolder> {
  const used = modelsFolder?.value ?? join(system.homeFolder, ".ollama", "models");
  const [isThere, session, setting] = await Promise.all([
    (system.lookFor ?? isFolderThere)(used),
    readLaunchctlEnv(system, "OLLAMA_MODELS"),
    readAppSetting(system),
  ]);
  const named = [
    { path: setting, by: "the app's settings" },
    { path: session, by: "launchctl" },
  ];
  const other = named.find(({ path }) => path?.startsWith("/") && path !== used);
  return { used, isThere, other: other?.path === undefined ? undefined : { path: other.path, by: other.by } };
}

/** The folder in the settings of Ollama.app; undefined where it has none. */
async function readAppSetting({
  run,
  homeFolder,
}: {
  readonly run: Runner;
  readonly homeFolder: string;
}): Promise<string | undefined> {
  const database = join(homeFolder, "Library", "Application Support", "Ollama", "db.sqlite");
  const result = await run(SQLITE, ["-readonly", database, MODELS_SETTING], { timeoutMs: 3_000, maxBytes: 64 * 1024 });
  const path = result.exitCode === 0 ? result.stdout.trim() : "";
  return path === "" ? undefined : path;
}

/**
 * The first folder with models that macOS keeps this program from: on other disks and in Documents it lets a program
 * read only what the person allowed it (EPERM). Looks at that of the server, that of the preferences and the usual ones.
 * Undefined where all that are there may be read. Never throws.
 */
export async function findForbidden(
  system: {
    readonly homeFolder: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly openFolder?: (path: string) => Promise<void>;
  },
  { modelsFolder }: Pick<ServerFacts, "modelsFolder">,
  preferred?: string,
): Promise<string | undefined> {
  const usual = modelsFolders(system.homeFolder, system.env, preferred);
  for (const folder of new Set(modelsFolder === undefined ? usual : [modelsFolder.value, ...usual])) {
    const code = await (system.openFolder ?? openFolder)(folder).then(() => undefined, codeOf);
    if (code === "EPERM") return folder;
  }
  return undefined;
}

/** Looking alone is allowed; it's the list of what's in it that macOS refuses. */
async function openFolder(path: string): Promise<void> {
  await (await opendir(path)).close();
}

async function isFolderThere(path: string): Promise<boolean | undefined> {
  try {
    await access(path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" || code === "ENOTDIR" ? false : undefined;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
