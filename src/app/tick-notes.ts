import {
  type Check,
  isAbsentOr,
  isFlag,
  isListOf,
  isOneOf,
  isPositive,
  isShape,
  isText,
  isWhole,
  parseStored,
} from "../apply/stored-fields";
import type { DefaultContextFacts } from "../fit/guard/watched";
import type { NotedNeed, PlannedContext } from "../fit/noted-need";
import { textCache } from "./text-cache";

/** What commands with estimator and metadata leave of one server for those with neither. */
export interface ServerNotes {
  /** Ollama runs on this Mac itself, not in a container of it. */
  readonly isLocal: boolean;
  /** Where it runs instead, for the middle of a sentence: "in Docker". */
  readonly place?: string;
  /** It runs in a container of this Mac, which gets no GPU. */
  readonly hasNoGpu?: boolean;
  /** Of another machine's GPU limit, as far as it's known. */
  readonly remoteLimit?: { readonly bytes: number; readonly sourceText: string; readonly isLeast?: boolean };
  readonly server: DefaultContextFacts;
  readonly needs: readonly NotedNeed[];
  readonly planned: readonly PlannedContext[];
}

/** What macOS allows by itself on this Mac: another one only on another macOS. */
export interface DefaultNote {
  readonly ramBytes: number;
  readonly macos?: string;
  readonly defaultBytes: number;
  readonly maxBufferBytes?: number;
}

/** Changes with the shape of anything below. */
const FORMAT = 2;
/** Two thousand needs are 400 KB; the newest readings come first. */
const MOST_NEEDS = 2_000;

const cache = textCache({ namespace: "tick" });

const isEngine = isOneOf({ llama: true, mlx: true } as const);
const isNeed = isShape<NotedNeed>({
  name: isText,
  digest: isText,
  engine: isEngine,
  context: isWhole,
  settings: isText,
  bytes: isWhole,
  atLeast: isWhole,
});
const isPlanned = isShape<PlannedContext>({ name: isText, digest: isText, context: isPositive, isDefault: isFlag });
const isNotes = isShape<ServerNotes>({
  isLocal: isFlag,
  place: isAbsentOr(isText),
  hasNoGpu: isAbsentOr(isFlag),
  remoteLimit: isAbsentOr(
    isShape<NonNullable<ServerNotes["remoteLimit"]>>({
      bytes: isWhole,
      sourceText: isText,
      isLeast: isAbsentOr(isFlag),
    }),
  ),
  server: isShape<DefaultContextFacts>({
    version: isAbsentOr(isText),
    contextLength: isAbsentOr(isWhole),
    overheadBytes: isAbsentOr(isWhole),
    tierNumCtx: isAbsentOr(isWhole),
  }),
  needs: isListOf(isNeed),
  planned: isListOf(isPlanned),
});
const isDefault = isShape<DefaultNote>({
  ramBytes: isWhole,
  macos: isAbsentOr(isText),
  defaultBytes: isWhole,
  maxBufferBytes: isAbsentOr(isWhole),
});

function read<T>(key: string, check: Check<T>): T | undefined {
  const isKept = isShape<{ readonly format: typeof FORMAT; readonly value: T }>({
    format: (value) => value === FORMAT,
    value: check,
  });
  return parseStored(cache.get(key), isKept)?.value;
}

/** Keeps something for the ticks. Where that fails, they know less: nothing else is lost. */
function keep(key: string, value: unknown): void {
  cache.set(key, JSON.stringify({ format: FORMAT, value }));
}

/** What was left of the server at `url`; undefined where there's nothing or it isn't whole. Never throws. */
export function serverNotes(url: string): ServerNotes | undefined {
  return read(`server ${url}`, isNotes);
}

/** Leaves what was read of a server. Needs of an earlier reading stay, unless they're of other settings. */
export function leaveServerNotes(url: string, notes: ServerNotes): void {
  const key = ({ digest, context }: NotedNeed) => `${digest} ${context}`;
  const known = new Set(notes.needs.map(key));
  const before =
    serverNotes(url)?.needs.filter((need) => !known.has(key(need)) && isOfTheseSettings(need, notes)) ?? [];
  keep(`server ${url}`, { ...notes, needs: [...notes.needs, ...before].slice(0, MOST_NEEDS) });
}

/** Leaves where a server runs; what else was left of it stays. */
export function leavePlaceNote(url: string, place: Pick<ServerNotes, "isLocal" | "place" | "hasNoGpu">): void {
  const { server = {}, needs = [], planned = [], ...rest } = serverNotes(url) ?? {};
  keep(`server ${url}`, { ...rest, server, needs, planned, ...place });
}

/** Of a build whose settings are other ones now, the earlier sums don't hold. */
function isOfTheseSettings(need: NotedNeed, { needs }: ServerNotes): boolean {
  const now = needs.filter(({ digest }) => digest === need.digest);
  // The batch follows the context, and is a part of the settings: one that agrees with any of them is enough.
  return now.length === 0 || now.some(({ settings }) => withoutBatch(settings) === withoutBatch(need.settings));
}

const withoutBatch = (settings: string): string => settings.split(" ").toSpliced(2, 1).join(" ");

/** This Mac's own limit, as it was read last. Never throws. */
export function defaultNote(): DefaultNote | undefined {
  return read("default", isDefault);
}

/** Leaves this Mac's own limit. Never throws. */
export function leaveDefaultNote(note: DefaultNote): void {
  keep("default", note);
}
