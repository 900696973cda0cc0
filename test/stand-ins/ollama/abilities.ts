import { compareVersions, parseVersion, type Version } from "../../../src/fit/version";

/** What releases differ in, as far as the extension can see it. */
export interface Abilities {
  /** Capabilities, trained context and parent in `/api/tags`. */
  readonly richTags: boolean;
  readonly requires: boolean;
  readonly inheritsRenderer: boolean;
  readonly cloudModels: boolean;
  readonly psContext: boolean;
  readonly leavesOutArrays: boolean;
  /** Default context by GPU memory instead of 4096. */
  readonly contextTiers: boolean;
  /** Plain `/api/show` has no tensors. */
  readonly leavesOutTensors: boolean;
  /** Several builds of one name, told apart by their runner; the new folder for manifests. */
  readonly runners: boolean;
  /** `/api/tags` leaves out the file that a build was converted from; before, it also has second names of converted ones. */
  readonly hidesBackups: boolean;
  /** A load waits until an old file is converted, and the old one goes; before, that happens behind it, and it stays. */
  readonly convertsFirst: boolean;
  /** `/api/ps` leaves out the full-context cache of models with two. */
  readonly countsOneCache: boolean;
}

const SINCE: Readonly<Record<keyof Abilities, Version>> = {
  convertsFirst: [0, 40, 3],
  hidesBackups: [0, 40, 2],
  runners: [0, 40, 0],
  leavesOutTensors: [0, 34, 1],
  richTags: [0, 30, 0],
  countsOneCache: [0, 30, 0],
  contextTiers: [0, 15, 5],
  requires: [0, 14, 0],
  inheritsRenderer: [0, 12, 7],
  cloudModels: [0, 12, 0],
  psContext: [0, 10, 0],
  leavesOutArrays: [0, 6, 7],
};

/** The table of differences at a version; development builds (0.0.0) have everything. */
export function abilitiesAt(versionText: string): Abilities {
  const version = parseVersion(versionText);
  const has = (since: Version) => version === undefined || compareVersions(version, since) >= 0;
  return Object.fromEntries(Object.entries(SINCE).map(([name, since]) => [name, has(since)])) as unknown as Abilities;
}
