import { ollamaPullBuildCommand } from "../commands";
import { sameModel } from "../model-name";
import type { ModelRunner } from "../model-runner";
import { balanceRam, type RamUse } from "../ram";
import { formatBytes, formatContext, GIB, MIB } from "../units";
import type { JudgeInput } from "../verdict";
import { compareVersions, parseVersion } from "../version";
import type { PickRow, Purpose } from "./pick-row";
import { PICKS, PICKS_DATE } from "./picks-table";

/** The Mac that a model is recommended for. */
export interface PickFor {
  readonly limitBytes: number;
  readonly ram: RamUse;
  readonly chip?: string;
  /** Of the server, which decides how a build is named. */
  readonly version?: string;
  readonly url?: string;
  /** Names of the server's models; absent where they aren't known. */
  readonly installed?: readonly string[];
}

/** A model that runs well on a Mac, at a context of use. */
export interface Comfortable {
  readonly row: PickRow;
  readonly context: number;
  readonly totalBytes: number;
  /** What it's the first choice for. */
  readonly purposes: readonly Purpose[];
  /** Only once other apps are closed. */
  readonly needsClosing?: true;
  /** There's nothing to download. */
  readonly isInstalled: boolean;
  /** Gets that build. */
  readonly command: string;
}

/** A context of use; a Mac of less than 16 GB makes do with the smaller one. */
const USEFUL_CONTEXT = { small: 8_192, other: 32_768 } as const;
/** A dense model above this many billion parameters is slow below {@link FAST} of memory bandwidth. */
const DENSE_BILLIONS = 14;
/** Stays free beside the upper end of what it may need: what's called comfortable doesn't hang on a few megabytes. */
const SPARE = 256 * MIB;
/** From this release on one name may stand for two builds, and a pull can name the runner. */
const NAMES_RUNNERS = [0, 40, 0] as const;

/**
 * The first choice for each purpose, those of one model together. Where nothing runs well beside what other apps use now,
 * what would once they're closed; empty where that's nothing either.
 */
export function comfortable(mac: PickFor): readonly Comfortable[] {
  const now = choices(mac);
  if (now.length > 0) return now;
  const { ramBytes, reserveBytes } = mac.ram;
  return choices({ ...mac, ram: { ramBytes, reserveBytes } }).map((pick) => ({ ...pick, needsClosing: true }));
}

function choices(mac: PickFor): readonly Comfortable[] {
  const found = new Map<PickRow, Comfortable>();
  for (const purpose of ["code", "chat", "vision"] as const) {
    const pick = PICKS.filter(({ purposes }) => purposes.includes(purpose))
      .map((row) => atUse(row, mac))
      .find((each) => each !== undefined);
    if (pick === undefined) continue;
    const before = found.get(pick.row);
    found.set(pick.row, { ...pick, purposes: [...(before?.purposes ?? []), purpose] });
  }
  return [...found.values()];
}

/** The Mac that a model is judged on, as the table needs it; undefined for a remote one. */
export function pickFor(
  { limit, ram, chip, server }: JudgeInput,
  { url, installed }: Pick<PickFor, "url" | "installed">,
): PickFor | undefined {
  if (limit.kind === "unknown" || ram === undefined) return undefined;
  return { limitBytes: limit.bytes, ram, chip, version: server.version, url, installed };
}

/** The same as sentences: "qwen3.8:27b-q8_0 for code, chat and vision: 32.1 GiB of 51.8 GiB at 64K; 27.9 GiB to download." */
export function comfortableText(mac: PickFor): readonly string[] {
  return comfortable(mac).map(
    ({ row, context, totalBytes, purposes, needsClosing, isInstalled }) =>
      `${row.name} for ${listed(purposes)}${needsClosing ? ", once other apps are closed" : ""}: ${formatBytes(totalBytes)} of ${formatBytes(mac.limitBytes)} at ${formatContext(context)}; ${isInstalled ? INSTALLED : downloadText(row)}.`,
  );
}

/** Of a model that's there already. */
export const INSTALLED = "installed already";

/** What getting a model takes. */
export const downloadText = ({ downloadBytes }: PickRow): string => `${formatBytes(downloadBytes)} to download`;

/** What stands above them: whose choice it is, and of when. */
export const COMFORTABLE_TITLE = `Comfortable on This Mac (${PICKS_DATE})`;

/** Why nothing is named. */
export const NO_PICK = "none of these models fits at a useful context";

/** A model at the largest context at which it fits limit and RAM; undefined where that's of no use, or too slow. */
function atUse(row: PickRow, mac: PickFor): Omit<Comfortable, "purposes"> | undefined {
  if ((row.denseBillions ?? 0) > DENSE_BILLIONS && !isFast(mac.chip)) return undefined;
  const useful = mac.ram.ramBytes < 16 * GIB ? USEFUL_CONTEXT.small : USEFUL_CONTEXT.other;
  const least = Math.max(useful, row.leastContext ?? 0);
  const need = row.needs.findLast(
    ({ context, limitBytes, ramBytes }) =>
      context >= least && limitBytes + SPARE <= mac.limitBytes && balanceRam(mac.ram, ramBytes).kind === "enough",
  );
  if (need === undefined) return undefined;
  const { context, totalBytes } = need;
  const isInstalled = mac.installed?.some((name) => sameModel(name, row.name)) ?? false;
  return { row, context, totalBytes, isInstalled, command: pullCommand(row.name, row.runner, mac) };
}

function pullCommand(name: string, runner: ModelRunner, { version, url }: PickFor): string {
  const parsed = parseVersion(version);
  const names = parsed !== undefined && compareVersions(parsed, NAMES_RUNNERS) >= 0;
  return ollamaPullBuildCommand(name, names ? runner : undefined, url);
}

/**
 * Whether a chip reads 200 GB/s or more from memory: every Max and Ultra, and every Pro but that of the M3 (150 GB/s). One
 * that isn't told is taken for slow.
 */
export function isFast(chip: string | undefined): boolean {
  return /\b(?:Max|Ultra)\b/.test(chip ?? "") || (/\bPro\b/.test(chip ?? "") && !/\bM3 Pro\b/.test(chip ?? ""));
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
