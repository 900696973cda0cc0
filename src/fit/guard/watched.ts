import type { LoadedModel } from "../facts";
import { contextTier, FIRST_WITH_TIERS } from "../context-tier";
import { inForceBytes, type GpuLimit } from "../limit-policy";
import { sameModel } from "../model-name";
import { RUNNER_TITLES } from "../model-runner";
import type { LoadedUse, PlannedContext } from "../noted-need";
import type { Engine } from "../runners";
import { compareVersions, parseVersion } from "../version";

/** A loaded model at one look. */
export interface WatchedModel extends LoadedModel {
  readonly use: LoadedUse;
  /** Absent where it isn't known what runs it. */
  readonly engine?: Engine;
}

/** What is known of the server's own settings for its default context. */
export interface DefaultContextFacts {
  readonly version?: string;
  /** OLLAMA_CONTEXT_LENGTH or the app's slider; 0 = Ollama goes by its tiers. */
  readonly contextLength?: number;
  readonly overheadBytes?: number;
  /** What its tiers gave at its start, in tokens, by its log. */
  readonly tierNumCtx?: number;
}

/** What the guard looks at: one tick of the menu bar. */
export interface Watched {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** This Mac, where it has a GPU limit. */
  readonly mac?: {
    readonly ramBytes: number;
    readonly overrideMib?: number;
    readonly bootSession?: string;
    readonly limit: GpuLimit;
  };
  /** Ollama runs on this Mac: its models and this limit belong together. */
  readonly isLocal: boolean;
  /** It runs in a container of this Mac: all on the CPU, which is no spill. */
  readonly hasNoGpu?: boolean;
  readonly pressure?: "normal" | "warning" | "critical";
  readonly swapUsedBytes?: number;
  /** Absent where the server didn't answer. */
  readonly loaded?: readonly WatchedModel[];
  readonly planned: readonly PlannedContext[];
  /** Absent where no command has read the server's settings yet. */
  readonly server?: DefaultContextFacts;
}

/** The limit as it was left: set here, or taken note of. */
export interface LeftLimit {
  readonly session?: string;
  readonly mib: number;
}

/** What the guard keeps from one look to the next. */
export interface Remembered {
  readonly left?: LeftLimit;
  /** What the extension itself set last, as it was known at the last look. */
  readonly own?: LeftLimit;
  /** Ollama's default context under the limit that was left, in tokens. */
  readonly tier?: number;
  readonly swapUsedBytes?: number;
  /** What was loaded at the last look. */
  readonly models: readonly RememberedModel[];
  /** Notices that are shown, and those of them that the person has put aside. */
  readonly raised: readonly string[];
  readonly dismissed: readonly string[];
}

export interface RememberedModel {
  readonly key: string;
  readonly bytes: number;
  readonly expiresAt?: string;
  /** Since when, in milliseconds since 1970, no request has moved `expiresAt` and it hasn't grown. */
  readonly since: number;
}

export const NOTHING_REMEMBERED: Remembered = { models: [], raised: [], dismissed: [] };

/** Tells a loaded model from every other one: two builds of a name may be listed under one digest. */
export const watchedKey = ({ name, digest, contextLength = 0, runner }: LoadedModel): string =>
  `${name}@${digest} ${contextLength} ${runner ?? ""}`;

/** Its name, with the runner where another build of the name is loaded, too. */
export function watchedTitle(model: WatchedModel, loaded: readonly WatchedModel[]): string {
  const { name, runner } = model;
  const isAlone = loaded.every((other) => other === model || !sameModel(other.name, name));
  return isAlone || runner === undefined ? name : `${name} (${RUNNER_TITLES[runner]})`;
}

/** Ollama's default context at its next start, in tokens; undefined where its tiers don't decide it, or may not. */
export function defaultContextOf({ mac, isLocal, server }: Watched): number | undefined {
  const version = parseVersion(server?.version);
  if (!isLocal || mac === undefined || mac.limit.estimated || version === undefined) return undefined;
  if ((server?.contextLength ?? 0) > 0 || compareVersions(version, FIRST_WITH_TIERS) < 0) return undefined;
  return contextTier(inForceBytes(mac.limit), server?.overheadBytes);
}
