import { isPositive, isText } from "../apply/stored-fields";
import { parseModelName } from "../fit/model-name";

/** What a command may be launched with, from the menu bar, a quicklink or a deeplink. Links are anybody's: it's checked. */
export interface LaunchContext {
  /** The limit to fill in, in MiB. */
  readonly mib?: number;
  /** The model that a view is opened for. */
  readonly model?: string;
  /** Which view that is. */
  readonly view?: "make-it-fit" | "plan";
  /** Title of a change that the person has made just now. */
  readonly cause?: string;
}

/** What of a launch context makes sense; everything else counts as not given. */
export function readLaunchContext(given: unknown): LaunchContext {
  const { mib, model, view, cause } = Object(given) as Readonly<Record<string, unknown>>;
  return {
    mib: isPositive(mib) ? mib : undefined,
    model: isText(model) && parseModelName(model) !== undefined ? model : undefined,
    view: view === "make-it-fit" || view === "plan" ? view : undefined,
    cause: isText(cause) ? cause.slice(0, 100) : undefined,
  };
}
