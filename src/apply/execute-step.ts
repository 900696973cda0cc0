import { OllamaProblem } from "../ollama/problems";
import { type Effect, effectOfSeen, NONE } from "./effect";
import type { LoadReport } from "./load-report";
import {
  type ChangeSystem,
  lookAt,
  type Note,
  runStep,
  type Seen,
  type Step,
  type StepFailure,
  type StepOutcome,
  undoUnseen,
} from "./steps";

export type StepResult =
  | {
      readonly kind: "done";
      readonly effect: Effect;
      readonly note?: Note;
      readonly load?: { readonly report: LoadReport; readonly digest: string };
    }
  /** The reason is a sentence. */
  | { readonly kind: "cancelled" | "failed"; readonly effect: Effect; readonly reason: string }
  /** Somebody else changed what the step is about: it was not begun. */
  | { readonly kind: "left-alone"; readonly effect: Effect; readonly reason: string };

/**
 * Carries out one step and finds out what it did: the system is looked at before and after, whatever running it came to.
 * A step that is in effect already is done. Never throws.
 * @param before what is known of the step from an earlier try
 * @param begin writes down that it begins, and what takes it back if nobody sees its end; if that fails, it does not
 */
export async function executeStep(
  system: ChangeSystem,
  step: Step,
  before: Effect,
  begin: (effect: Effect) => Promise<void>,
): Promise<StepResult> {
  const seen = await lookAt(system, step);
  switch (seen.kind) {
    case "in-effect":
      return { kind: "done", effect: effectOfSeen(before) };
    case "other":
      return { kind: "left-alone", effect: before, reason: seen.reason };
    case "unreadable":
      return { ...failureOf(seen.error), effect: before };
  }
  try {
    await begin({ kind: "unknown", undo: undoUnseen(step) });
  } catch (error) {
    const reason = `Undo couldn't be saved first. ${failureOf(error).reason}`;
    return { kind: "failed", effect: before, reason };
  }
  const outcome = await runStep(system, step).catch(failureOf);
  if ("isHarmless" in outcome && outcome.isHarmless) {
    return { ...failed(outcome), effect: seen.kind === "unseen" ? before : NONE };
  }
  return judge(step, outcome, seen, await lookAt(system, step));
}

function judge(step: Step, outcome: StepOutcome, before: Seen, after: Seen): StepResult {
  const undo = "undo" in after ? after.undo : undoUnseen(step);
  if (outcome.kind === "done" || outcome.kind === "loaded") {
    const note = outcome.kind === "done" ? outcome.note : undefined;
    const load = outcome.kind === "loaded" ? outcome : undefined;
    switch (after.kind) {
      case "unreadable":
        return { kind: "failed", effect: { kind: "unknown", undo }, reason: failureOf(after.error).reason };
      case "as-planned":
        return { kind: "failed", effect: NONE, reason: "The command ran without an error, but changed nothing." };
      default:
        return { kind: "done", effect: { kind: "made", undo }, note, load };
    }
  }
  switch (after.kind) {
    case "in-effect":
      // Whoever waited for it gave up, but it was done all the same.
      return {
        kind: "done",
        effect: { kind: "made", undo },
        note: { kind: "trouble", title: outcome.title ?? "It Took Effect All the Same", message: outcome.reason },
      };
    case "as-planned":
      return { ...failed(outcome), effect: NONE };
    case "partly":
      return { ...failed(outcome), effect: before.kind === "partly" ? NONE : { kind: "made", undo } };
    case "other":
      return { ...failed(outcome), effect: undo.length === 0 ? NONE : { kind: "made", undo } };
    case "unseen":
    case "unreadable":
      return { ...failed(outcome), effect: { kind: "unknown", undo } };
  }
}

function failed({ kind, title, reason }: StepFailure): Pick<StepFailure, "kind" | "reason"> {
  return { kind, reason: title === undefined ? reason : `${title}. ${reason}` };
}

function failureOf(error: unknown): StepFailure {
  const isStop = error instanceof OllamaProblem && error.kind === "stopped";
  return { kind: isStop ? "cancelled" : "failed", reason: error instanceof Error ? error.message : String(error) };
}
