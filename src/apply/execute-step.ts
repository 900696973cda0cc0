import { OllamaProblem } from "../ollama/problems";
import { type ChangeSystem, isInEffect, runStep, type Step, type StepOutcome } from "./steps";

/** Carries out one step and checks that it took effect; one that is in effect already is done. Never throws. */
export async function executeStep(system: ChangeSystem, step: Step): Promise<StepOutcome> {
  try {
    return (await isInEffect(system, step)) ? { kind: "done" } : await runStep(system, step);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const stopped = error instanceof OllamaProblem && error.kind === "stopped";
    return { kind: stopped ? "cancelled" : "failed", reason };
  }
}
