import type { Runtime } from "../memory/settings";
import { compareVersions, parseVersion, type Version } from "./version";

/** From which Ollama release on which of llama.cpp's memory rules hold, and how that is known. */
interface Release {
  readonly from: Version;
  readonly rules: Runtime;
  /** The llama.cpp build, or why the rules are taken without one. */
  readonly llamaCpp: string;
}

/**
 * The rules changed with llama.cpp's PR 27390: Metal then reserves an F16 copy of one layer's whole K and V. Builds as
 * Ollama's releases pin them; where a pin wasn't found the rules that need more are taken.
 */
const RELEASES: readonly [Release, ...Release[]] = [
  { from: [0, 0, 0], rules: "b10488", llamaCpp: "b10488 or older" },
  { from: [0, 33, 1], rules: "v0.5.0", llamaCpp: "build not known, the newer rules are taken" },
  { from: [0, 33, 3], rules: "v0.5.0", llamaCpp: "b10760" },
  { from: [0, 34, 2], rules: "v0.5.0", llamaCpp: "b10969" },
];

/** llama.cpp's memory rules in one Ollama server: its release's row, or the last one where none is known to hold. */
export function releaseRules(text: string | undefined): {
  readonly value: Runtime;
  /** How it is known, for people. */
  readonly source: string;
  /** The version is missing or newer than every release that was checked. */
  readonly assumed: boolean;
} {
  const version = parseVersion(text);
  const last = RELEASES.at(-1) ?? RELEASES[0];
  const checked = `rules checked up to ${last.from.join(".")}`;
  if (version === undefined) {
    return { value: last.rules, source: `version not known, ${checked}`, assumed: true };
  }
  const { rules, llamaCpp } = RELEASES.findLast(({ from }) => compareVersions(from, version) <= 0) ?? RELEASES[0];
  const isNewer = compareVersions(version, last.from) > 0;
  return { value: rules, source: `Ollama ${version.join(".")}, ${isNewer ? checked : llamaCpp}`, assumed: isNewer };
}

/**
 * Architectures that Ollama has given up, and since which release. From 0.30 on llama.cpp runs every model, and it never
 * had these: "unknown model architecture" (ollama#16547).
 */
const GIVEN_UP: ReadonlyMap<string, Version> = new Map([["mllama", [0, 30, 0]]]);

/** Why a server can't run an architecture any more, as a sentence; undefined where it runs it, as far as is known. */
export function givenUpText(architecture: string, text: string | undefined): string | undefined {
  const since = GIVEN_UP.get(architecture);
  const version = parseVersion(text);
  if (since === undefined || (version !== undefined && compareVersions(version, since) < 0)) return undefined;
  const server = version === undefined ? "" : `, and this server is ${version.join(".")}`;
  return `From ${since[0]}.${since[1]} on Ollama no longer runs the architecture "${architecture}"${server}.`;
}
