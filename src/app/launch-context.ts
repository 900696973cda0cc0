import { isPositive, isRunner, isText } from "../apply/stored-fields";
import { parseModelName } from "../fit/model-name";
import type { ModelRunner } from "../fit/model-runner";
import { isObject } from "../memory/json-object";

/** What a command may be launched with, from the menu bar, a quicklink or a deeplink. Links are anybody's: it's checked. */
export interface LaunchContext {
  /** The limit to fill in, in MiB. */
  readonly mib?: number;
  /** The model that a view is opened for. */
  readonly model?: string;
  /** Which build of it, where the name has several. */
  readonly runner?: ModelRunner;
  /** Which view that is. */
  readonly view?: "make-it-fit" | "plan";
  /** Title of a change that the person has made just now. */
  readonly cause?: string;
}

/** What of a launch context makes sense; everything else counts as not given. */
export function readLaunchContext(given: unknown): LaunchContext {
  const { mib, model, runner, view, cause } = isObject(given) ? given : {};
  return {
    mib: isPositive(mib) ? mib : undefined,
    model: isText(model) && parseModelName(model) !== undefined ? model : undefined,
    runner: isRunner(runner) ? runner : undefined,
    view: view === "make-it-fit" || view === "plan" ? view : undefined,
    cause: isText(cause) ? cause.slice(0, 100) : undefined,
  };
}

/** What of a launch context makes no sense, as a sentence without its words; undefined where all of it does. */
export function launchFault(given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isObject(given)) return "What it hands over isn't understood.";
  const { mib, model, runner, view } = given;
  const read = readLaunchContext(given);
  if (mib !== undefined && read.mib === undefined) return "Its limit isn't a whole number of MiB.";
  if (model !== undefined && read.model === undefined) return "Its model isn't a name that Ollama accepts.";
  if (runner !== undefined && read.runner === undefined) return "It names a runner that Ollama doesn't have.";
  return view !== undefined && read.view === undefined ? "It names a view that doesn't exist." : undefined;
}
