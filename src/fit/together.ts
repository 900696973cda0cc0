import type { ServerFacts } from "./facts";
import type { GpuLimit } from "./limit-policy";
import { balanceRam, type RamUse, ramText } from "./ram";
import { buildTitle } from "./model-builds";
import { modelFiles } from "./model-files";
import { contextOf, type JudgeInput, marginBytes, needRange, type Verdict } from "./verdict";

/** Ollama keeps at most this many models loaded on a Mac: OLLAMA_MAX_LOADED_MODELS is 3 for each GPU by default. */
const MOST_LOADED = 3;

/** How many models a server keeps loaded at most. */
export function mostLoaded({ maxLoadedModels }: Pick<ServerFacts, "maxLoadedModels">): number {
  return maxLoadedModels?.value ?? MOST_LOADED;
}

export const MOST_GROUPS = 10;
/** Bounds the work: all groups of three among 200 models are looked at in milliseconds. */
const MOST_CONSIDERED = 200;

/** A model as far as it decides what may stand beside it. */
export interface Loadable {
  readonly name: string;
  /** Equal for models of one file: they are one runner, and never loaded at the same time. */
  readonly file: string;
  /** What it may need at most, in bytes. */
  readonly bytes: number;
}

/** Models that fit at the same time, largest first. */
export interface Group<T extends Loadable> {
  readonly members: readonly T[];
  readonly bytes: number;
}

/**
 * The groups of two or three models that fit into `roomBytes` together and can take no further model, largest use
 * first, at most {@link MOST_GROUPS}. Of more than 200 models the first 200 are considered. `most` is how many Ollama
 * keeps loaded: groups are never larger.
 */
export function maximalGroups<T extends Loadable>(
  models: readonly T[],
  roomBytes: number,
  most = MOST_LOADED,
): readonly Group<T>[] {
  if (most < 2) return [];
  const sorted = models
    .slice(0, MOST_CONSIDERED)
    .filter(({ bytes }) => bytes <= roomBytes)
    .sort(bySize);
  const best: Group<T>[] = [];
  for (const [index, first] of sorted.entries()) {
    for (const [step, second] of sorted.slice(index + 1).entries()) {
      const bytes = first.bytes + second.bytes;
      if (second.file === first.file || bytes > roomBytes) continue;
      const isFree = ({ file }: T) => file !== first.file && file !== second.file;
      const smallest = sorted.findLast(isFree);
      if (most < 3 || smallest === undefined || bytes + smallest.bytes > roomBytes) {
        offer(best, { members: [first, second], bytes });
        continue;
      }
      for (const third of sorted.slice(index + step + 2)) {
        const sum = bytes + third.bytes;
        // From here on the sums only get smaller.
        if (best.length === MOST_GROUPS && sum < (best.at(-1)?.bytes ?? 0)) break;
        if (sum <= roomBytes && isFree(third)) offer(best, { members: [first, second, third], bytes: sum });
      }
    }
  }
  return best;
}

function bySize(a: Loadable, b: Loadable): number {
  return b.bytes - a.bytes || compareText(a.name, b.name);
}

/** Puts a group in its place among the best and drops the last of too many. */
function offer<T extends Loadable>(best: Group<T>[], group: Group<T>): void {
  const place = best.findIndex((other) => byUse(group, other) < 0);
  best.splice(place < 0 ? best.length : place, 0, group);
  best.length = Math.min(best.length, MOST_GROUPS);
}

function byUse(a: Group<Loadable>, b: Group<Loadable>): number {
  const names = ({ members }: Group<Loadable>) => members.map(({ name }) => name).join("\n");
  return b.bytes - a.bytes || compareText(names(a), names(b));
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** A judged model, as the list of models has it. */
export interface Judged {
  readonly input: JudgeInput;
  readonly verdict: Verdict;
}

interface Candidate extends Loadable {
  readonly numCtx: number;
  /** Why nothing that it is part of is a firm yes. */
  readonly caution?: string;
}

/** What fits together under one limit. */
export interface Together {
  readonly limit: GpuLimit;
  readonly groups: readonly Group<Candidate>[];
  /** So many models Ollama keeps loaded. */
  readonly most: number;
  /** Kept free once, whatever is loaded, in bytes. */
  readonly marginBytes: number;
  /** The RAM that they share with everything else; absent for a remote Mac. */
  readonly ram?: RamUse;
  /** Models that are in no group because their memory is not known. */
  readonly unknown: number;
}

/** Why a group that fits the limit isn't a firm yes: a member isn't, or the RAM is short; undefined where it is. */
export function groupCaution({ members, bytes }: Group<Candidate>, { ram }: Pick<Together, "ram">): string | undefined {
  const own = members.find(({ caution }) => caution !== undefined)?.caution;
  const balance = ram && balanceRam(ram, bytes);
  return balance?.kind === "swaps" ? ramText(balance) : own;
}

/**
 * Which of the judged models fit side by side, each at the context it was judged at. By size alone: the upper ends of
 * their estimates and one safety margin, as each llama-server measures only itself. Ollama may still unload one before
 * it loads the next, by a rough prediction of its own (sched.go: more than 80 % of what it takes for available).
 * Undefined where no model has a size and a limit to stand against.
 */
export function fitTogether(judged: readonly Judged[]): Together | undefined {
  const known = judged.flatMap(({ input, verdict }) => (verdict.kind === "unknown" ? [] : [{ input, verdict }]));
  const limit = known[0]?.verdict.limit;
  if (limit === undefined) return undefined;
  const files = modelFiles(known.map(({ input }) => input));
  const candidates = known.map(({ input, verdict }, index): Candidate => ({
    name: buildTitle(input.model),
    file: files[index] ?? input.model.digest,
    bytes: needRange(verdict).high - marginBytes(verdict),
    numCtx: contextOf(verdict).value,
    caution: verdict.kind === "tight" ? verdict.because : undefined,
  }));
  const most = Math.min(...known.map(({ input }) => mostLoaded(input.server)));
  const margin = Math.max(...known.map(({ verdict }) => marginBytes(verdict)));
  return {
    limit,
    groups: maximalGroups(candidates, limit.bytes - margin, most),
    most,
    marginBytes: margin,
    ram: known[0]?.verdict.ram,
    unknown: judged.length - known.length,
  };
}
