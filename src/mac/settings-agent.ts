import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  KEPT_NAMES,
  type KeptName,
  type KeptValues,
  readSettingsAgentPlist,
  SETTINGS_AGENT_LABEL,
  settingsAgentPlist,
} from "../fit/kept-settings";
import { type DaemonState, readJobState, readSwitchedOff } from "./boot-settings";
import { askLaunchctlEnv, setLaunchctlEnv } from "./ollama-service";
import type { Runner } from "./runner";

/** Ours is some hundred bytes. */
const MOST_BYTES = 16 * 1024;

/** Our LaunchAgent for Ollama's settings. */
export type SettingsAgent =
  | { readonly kind: "none" }
  | {
      readonly kind: "kept";
      readonly values: KeptValues;
      /** Whether it runs at the next login; absent where launchd doesn't say whether Login Items has it switched off. */
      readonly state?: DaemonState;
    }
  /** Something else lies under its name: it's left alone. */
  | { readonly kind: "foreign" };

interface AgentSystem {
  readonly run: Runner;
  readonly homeFolder: string;
  readonly userId: number;
}

export const settingsAgentPath = ({ homeFolder }: Pick<AgentSystem, "homeFolder">): string =>
  join(homeFolder, "Library", "LaunchAgents", `${SETTINGS_AGENT_LABEL}.plist`);

/** What our LaunchAgent keeps. Never throws: what can't be read isn't taken for ours. */
export async function readSettingsAgent(system: AgentSystem): Promise<SettingsAgent> {
  const path = settingsAgentPath(system);
  try {
    const file = await stat(path);
    if (!file.isFile() || file.size > MOST_BYTES) return { kind: "foreign" };
    const values = readSettingsAgentPlist(await readFile(path, "utf8"));
    if (values === undefined) return { kind: "foreign" };
    return { kind: "kept", values, state: await readOwnState(system) };
  } catch (error) {
    return (error as { code?: unknown }).code === "ENOENT" ? { kind: "none" } : { kind: "foreign" };
  }
}

/**
 * An agent that `print-disabled` doesn't list isn't switched off. Where that gives no answer nothing is known: it may be
 * loaded now and switched off since.
 */
async function readOwnState({ run, userId }: AgentSystem): Promise<DaemonState | undefined> {
  const domain = `gui/${userId}` as const;
  const switchedOff = await readSwitchedOff(run, domain);
  return switchedOff && readJobState(run, domain, SETTINGS_AGENT_LABEL, switchedOff);
}

/** What came of a change; `missing` are variables that the session doesn't have as asked. */
export type KeepOutcome =
  { readonly kind: "done"; readonly missing: readonly string[] } | { readonly kind: "foreign" | "failed" };

/**
 * Keeps these values from the next login on, and sets them for apps started from now on; none at all removes the
 * LaunchAgent. Variables that were kept before and aren't any more are taken away, unless the session has another value by
 * now. Without root. Never throws.
 */
export async function keepSettings(system: AgentSystem, values: KeptValues): Promise<KeepOutcome> {
  const before = await readSettingsAgent(system);
  if (before.kind === "foreign") return before;
  const path = settingsAgentPath(system);
  try {
    if (KEPT_NAMES.every((name) => values[name] === undefined)) await rm(path, { force: true });
    else await write(path, settingsAgentPlist(values));
  } catch {
    return { kind: "failed" };
  }
  const missing: string[] = [];
  for (const name of KEPT_NAMES) {
    const value = values[name] ?? "";
    const was = before.kind === "kept" ? before.values[name] : undefined;
    if (value === "" && (was === undefined || (await isSetToOther(system, name, was)))) continue;
    await setLaunchctlEnv(system, name, value);
    if ((await askLaunchctlEnv(system, name)) !== value) missing.push(name);
  }
  return { kind: "done", missing };
}

/** Whether the session has another value of a variable than the one that was kept. */
async function isSetToOther(system: AgentSystem, name: KeptName, kept: string): Promise<boolean> {
  const now = await askLaunchctlEnv(system, name);
  return now !== undefined && now !== kept;
}

/** Moved into place in one step, so that a login never finds half of it. */
async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  await writeFile(draft, text, { mode: 0o644 });
  await rename(draft, path);
}
