import { KV_CACHE_TYPES } from "../memory/settings";
import { keysIn } from "./keys-in";

/** A variable of Ollama's server that can be kept over restarts of the Mac. */
export interface KeptSetting {
  readonly title: string;
  readonly placeholder: string;
  /** Whether a value means something to Ollama. */
  readonly takes: (value: string) => boolean;
}

const whole = (least: number, most: number) => (value: string) =>
  /^\d{1,8}$/.test(value) && Number(value) >= least && Number(value) <= most;

/** Every variable that may be kept, and no other: OLLAMA_HOST could open the server to the network. */
export const KEPT_SETTINGS = {
  OLLAMA_CONTEXT_LENGTH: {
    title: "Context Length",
    placeholder: "Tokens, such as 32768",
    takes: whole(256, 16_777_216),
  },
  OLLAMA_KV_CACHE_TYPE: {
    title: "KV Cache Type",
    placeholder: "f16, q8_0 or q4_0",
    takes: (value) => KV_CACHE_TYPES.some((type) => type === value),
  },
  OLLAMA_MAX_LOADED_MODELS: { title: "Max Loaded Models", placeholder: "Such as 1", takes: whole(1, 64) },
  OLLAMA_NUM_PARALLEL: { title: "Parallel Requests", placeholder: "Such as 1", takes: whole(1, 64) },
  OLLAMA_FLASH_ATTENTION: { title: "Flash Attention", placeholder: "1 = on, 0 = off", takes: whole(0, 1) },
  OLLAMA_KEEP_ALIVE: {
    title: "Keep Alive",
    placeholder: "Such as 30m, 1h or -1",
    takes: (value) => /^(?:-1|\d{1,6}[smh]?)$/.test(value),
  },
} as const satisfies Readonly<Record<string, KeptSetting>>;

export type KeptName = keyof typeof KEPT_SETTINGS;

export const KEPT_NAMES = keysIn(KEPT_SETTINGS);

/** Values by name; what's absent isn't kept. */
export type KeptValues = Readonly<Partial<Record<KeptName, string>>>;

/** Label and file name of the LaunchAgent that keeps them. */
export const SETTINGS_AGENT_LABEL = "local.gpu-limit.ollama-settings";

/** What the agent runs: constant, with names and values as arguments. */
const LOOP = 'while [ "$#" -ge 2 ]; do /bin/launchctl setenv "$1" "$2"; shift 2; done';

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>${SETTINGS_AGENT_LABEL}</string>
<key>ProgramArguments</key><array>
<string>/bin/sh</string><string>-c</string><string>${LOOP.replaceAll('"', "&quot;")}</string><string>gpu-limit</string>
`;
const TAIL = `</array>
<key>RunAtLoad</key><true/>
</dict></plist>
`;

/** The property list that sets these at each login. @throws RangeError for a value that Ollama wouldn't take */
export function settingsAgentPlist(values: KeptValues): string {
  const lines = checkedPairs(values).map(([name, value]) => `<string>${name}</string><string>${value}</string>\n`);
  return HEAD + lines.join("") + TAIL;
}

/** Names and values, each of which Ollama takes. @throws RangeError for one that it wouldn't */
function checkedPairs(values: KeptValues): readonly (readonly [KeptName, string])[] {
  return KEPT_NAMES.flatMap((name) => {
    const value = values[name];
    if (value === undefined) return [];
    if (!KEPT_SETTINGS[name].takes(value)) throw new RangeError(`${name} doesn't take this value.`);
    return [[name, value] as const];
  });
}

/** What a property list keeps; undefined where it's not, byte for byte, one that {@link settingsAgentPlist} writes. */
export function readSettingsAgentPlist(text: string): KeptValues | undefined {
  const values: Partial<Record<KeptName, string>> = {};
  for (const [, name = "", value = ""] of text.matchAll(
    /^<string>(OLLAMA_\w{1,40})<\/string><string>([\w-]{1,20})<\/string>$/gm,
  )) {
    if (!Object.hasOwn(KEPT_SETTINGS, name)) return undefined;
    values[name as KeptName] = value;
  }
  try {
    return settingsAgentPlist(values) === text ? values : undefined;
  } catch {
    return undefined;
  }
}

/** Where a person can set variables of a server that our LaunchAgent doesn't reach. */
export type KeptPlace = "terminal" | "homebrew" | "launchd" | "container";

const HOMEBREW_PLIST = "~/Library/LaunchAgents/homebrew.mxcl.ollama.plist";
const HOMEBREW_JOB = '"gui/$(id -u)/homebrew.mxcl.ollama"';

/** The lines that set `values` in a place, for copying. @throws RangeError for a value that Ollama wouldn't take */
export function keptLines(place: KeptPlace, values: KeptValues): string {
  const pairs = checkedPairs(values);
  switch (place) {
    case "terminal":
      return `export ${pairs.map((pair) => pair.join("=")).join(" ")}`;
    case "container":
      return pairs.map((pair) => `-e ${pair.join("=")}`).join(" ");
    case "launchd":
      return `<key>EnvironmentVariables</key>\n<dict>\n${pairs.map(([name, value]) => `<key>${name}</key><string>${value}</string>\n`).join("")}</dict>`;
    case "homebrew":
      return [
        ...pairs.map(
          ([name, value]) => `plutil -replace EnvironmentVariables.${name} -string ${value} ${HOMEBREW_PLIST}`,
        ),
        // launchd unloads it in the background.
        `(launchctl bootout ${HOMEBREW_JOB}; sleep 3; launchctl bootstrap "gui/$(id -u)" ${HOMEBREW_PLIST})`,
      ].join(" && ");
  }
}
