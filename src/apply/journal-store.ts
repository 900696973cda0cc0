import { canUndo, isJournal, type Journal } from "./journal";
import type { Storage } from "./storage";
import { isListOf, isShape, isWhole } from "./stored-fields";

/** What is kept of the last change. */
export type KeptJournal =
  | { readonly kind: "none" }
  | { readonly kind: "journal"; readonly journal: Journal }
  /** Kept for the version that wrote it, or damaged: never overwritten before the person has said so. */
  | { readonly kind: "unreadable"; readonly why: "newer-version" | "damaged" };

/** Written in turn: whatever happens to one while it is written, the other holds the state before. */
const KEYS = ["journal-1", "journal-2"] as const;
const VERSION = 3;
/** So many earlier changes can be undone, once those after them are. */
const MOST_EARLIER = 10;

interface Slot {
  readonly version: typeof VERSION;
  /** The higher one was written later. */
  readonly turn: number;
  readonly journal: Journal;
  /** Changes before it that can still be undone, the last one first. */
  readonly earlier: readonly Journal[];
}

const isSlot = isShape<Slot>({
  version: (value): value is typeof VERSION => value === VERSION,
  turn: isWhole,
  journal: isJournal,
  earlier: isListOf(isJournal),
});

type Content = Slot | "empty" | "newer-version" | "damaged";

/** The journal that was written last. @throws what the storage throws */
export async function readJournal(storage: Storage): Promise<KeptJournal> {
  const contents = await readSlots(storage);
  if (contents.includes("newer-version")) return { kind: "unreadable", why: "newer-version" };
  const slot = latest(contents);
  if (slot !== undefined) return { kind: "journal", journal: slot.journal };
  return contents.includes("damaged") ? { kind: "unreadable", why: "damaged" } : { kind: "none" };
}

/** Changes before the last one, which can be undone once that is; the last one first. @throws what the storage throws */
export async function readEarlier(storage: Storage): Promise<readonly Journal[]> {
  return latest(await readSlots(storage))?.earlier ?? [];
}

/** Keeps a journal in the place of the one before it, which comes back with its Undo. @throws what the storage throws */
export async function writeJournal(storage: Storage, journal: Journal): Promise<void> {
  const contents = await readSlots(storage);
  const slot = latest(contents);
  await writeSlot(storage, contents, { journal, earlier: slot === undefined ? [] : earlierThan(journal, slot) });
}

/** What can still be undone once `next` takes the place of the last one. */
function earlierThan(next: Journal, { journal: last, earlier }: Slot): readonly Journal[] {
  const goesOn = last.id === next.id || last.id === next.undoes?.id;
  return goesOn || !canUndo(last) ? earlier : [last, ...earlier].slice(0, MOST_EARLIER);
}

/**
 * Forgets the last one: the change before it that can be undone takes its place. With an id, only where it's that one: a
 * change that was never begun has left the one before it where it was. @throws what the storage throws
 */
export async function clearJournal(storage: Storage, id?: string): Promise<void> {
  const contents = await readSlots(storage);
  const slot = latest(contents);
  if (id !== undefined && slot?.journal.id !== id) return;
  const [before, ...earlier] = contents.includes("newer-version") ? [] : (slot?.earlier ?? []);
  if (before !== undefined) return writeSlot(storage, contents, { journal: before, earlier });
  // The older one first: alone it would bring back what was over.
  const [first, second] = KEYS;
  const order = contents[0] === slot ? [second, first] : [first, second];
  for (const key of order) await storage.remove(key);
}

async function writeSlot(
  storage: Storage,
  contents: readonly Content[],
  kept: Pick<Slot, "journal" | "earlier">,
): Promise<void> {
  const slot = latest(contents);
  const [first, second] = KEYS;
  const key = slot !== undefined && contents[0] === slot ? second : first;
  const next: Slot = { version: VERSION, turn: (slot?.turn ?? 0) + 1, ...kept };
  await storage.set(key, JSON.stringify(next));
}

async function readSlots(storage: Storage): Promise<readonly Content[]> {
  return Promise.all(KEYS.map(async (key) => parseSlot(await storage.get(key))));
}

function parseSlot(text: string | undefined): Content {
  if (text === undefined) return "empty";
  try {
    const kept: unknown = JSON.parse(text);
    if (isSlot(kept)) return kept;
    const version: unknown = Object(kept).version;
    return typeof version === "number" && version > VERSION ? "newer-version" : "damaged";
  } catch {
    return "damaged";
  }
}

function latest(contents: readonly Content[]): Slot | undefined {
  return contents
    .filter((content) => typeof content === "object")
    .toSorted((one, other) => other.turn - one.turn)
    .at(0);
}
