import { isShape } from "../stored-fields";
import { closeApps } from "./quit-apps";
import { createVariant } from "./create-variant";
import { load } from "./load";
import { removeVariant } from "./remove-variant";
import { restartOllama } from "./restart-ollama";
import { setKvCache } from "./set-kv-cache";
import { setLimit } from "./set-limit";
import type { ChangeSystem, Look, StepKind, StepOutcome, StepsInput } from "./step-kind";
import { unload } from "./unload";

export type { ChangeSystem, ExistingModel, Note, StepFailure, StepOutcome, StepsInput } from "./step-kind";

/**
 * Every kind of step, in the order in which steps run, also those of an undo: first what may be declined
 * (the password), then what a restart reads, so that the server comes back with it, then what needs a server that
 * answers, and last the load that shows whether it was worth it.
 */
const TABLE = {
  "set-limit": setLimit,
  "close-apps": closeApps,
  "set-kv-cache": setKvCache,
  "create-variant": createVariant,
  "restart-ollama": restartOllama,
  "remove-variant": removeVariant,
  unload,
  load,
};

type Kinds = typeof TABLE;

/** One change of the system. Plain data: it is written to the journal. */
export type Step = { [K in keyof Kinds]: Parameters<Kinds[K]["text"]>[0] }[keyof Kinds];

/** A step of one kind. */
export type StepOf<K extends Step["kind"]> = Extract<Step, { readonly kind: K }>;

/** The same table, each line under the name of its own kind, and undone by kinds of the table. */
const KINDS: { readonly [K in Step["kind"]]: StepKind<StepOf<K>, Step> } = TABLE;

const ORDER = Object.keys(TABLE);

function kindOf(step: Step): StepKind<Step> {
  // A line of the table takes the steps of its own kind, which TypeScript does not follow through a union.
  return KINDS[step.kind] as unknown as StepKind<Step>;
}

/** What is under way, in a few words, for a progress toast. */
export const stepTitle = (step: Step): string => kindOf(step).title(step);

/** A step as a sentence, for the confirmation and for what was not done yet. */
export const stepText = (step: Step): string => kindOf(step).text(step);

/** What did not come off, without a full stop: the title of a toast. */
export const stepFailedText = (step: Step): string => kindOf(step).failedText(step);

/** The same where nobody knows whether it came off; undefined for what leaves nothing behind. */
export function stepUnsureText(step: Step): string | undefined {
  const { leaves } = kindOf(step);
  return leaves === "nothing" ? undefined : leaves.unsureText(step);
}

/** What stays of a step that's done, as a sentence; undefined for what leaves nothing behind. */
export function stepDoneText(step: Step): string | undefined {
  const { leaves } = kindOf(step);
  return leaves === "nothing" ? undefined : leaves.doneText(step);
}

/** Whether a step changes anything that stays. */
export const leavesSomething = (step: Step): boolean => kindOf(step).leaves !== "nothing";

/** How the system is, held against a step; "unseen" for what has to be done to count, and "unreadable" with why. */
export type Seen = Look<Step> | { readonly kind: "unseen" } | { readonly kind: "unreadable"; readonly error: unknown };

/** Looks at the system for a step. Never throws. */
export async function lookAt(system: ChangeSystem, step: Step): Promise<Seen> {
  const { look } = kindOf(step);
  if (look === "unseen") return { kind: "unseen" };
  try {
    return await look(system, step);
  } catch (error) {
    return { kind: "unreadable", error };
  }
}

/** Carries out one step. May throw. */
export const runStep = (system: ChangeSystem, step: Step): Promise<StepOutcome> => kindOf(step).run(system, step);

/** The steps that take back one that may have taken effect or not: they do nothing if it didn't. */
export const undoUnseen = (step: Step): readonly Step[] => kindOf(step).undoUnseen(step);

/** The steps of an option of a plan, in their order. */
export function planSteps(input: StepsInput): readonly Step[] {
  return Object.values<StepKind<Step>>(KINDS as never).flatMap(({ planned }) => planned(input));
}

/** Steps in the order in which they are carried out. */
export function inOrder(steps: readonly Step[]): readonly Step[] {
  return steps.toSorted((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
}

/** Whether a value is a step in its stored form: each field of its kind, and no other. */
export function isStep(value: unknown): value is Step {
  const { kind, ...fields } = Object(value) as { readonly kind?: unknown };
  return typeof kind === "string" && Object.hasOwn(KINDS, kind) && isShape(kindOf({ kind } as Step).fields)(fields);
}
