import type { ServerFacts } from "../fit/facts";
import { KEPT_NAMES, type KeptName, type KeptValues } from "../fit/kept-settings";
import { askLaunchctlEnv } from "../mac/ollama-service";
import type { OwnAddress } from "./host";
import { readStartVariables } from "./server-facts";
import type { IdentitySystem } from "./server-identity";
import { isUnchanged } from "./session-variables";

/** How the running server does without or with the settings that are kept. */
export interface KeptInUse {
  /** It was started without these, as where Ollama starts before the LaunchAgent at login: a restart brings them. */
  readonly missing: readonly KeptName[];
  /** The session doesn't have these, so that a restart wouldn't bring them either. */
  readonly unset: readonly KeptName[];
  /** Context in tokens that the app's own slider gives it in place of the kept one. */
  readonly sliderContext?: string;
}

/** Holds kept settings against those that the running server was started with; undefined where no log tells. Never throws. */
export async function readKeptInUse(
  system: IdentitySystem,
  facts: ServerFacts,
  own: OwnAddress | undefined,
  kept: KeptValues,
): Promise<KeptInUse | undefined> {
  const logged = await readStartVariables(system, facts, own);
  if (logged === undefined) return undefined;
  const given = KEPT_NAMES.filter((name) => kept[name] !== undefined);
  const other = given.filter((name) => !isUnchanged(name, logged.get(name) ?? "", kept[name]));
  const context = logged.get("OLLAMA_CONTEXT_LENGTH") ?? "";
  // The app hands on what its slider says, and leaves the variable alone where that says nothing.
  const isSlider = facts.identity.kind === "app" && /^[1-9]\d{0,9}$/.test(context);
  const ofSlider = (name: KeptName) => isSlider && name === "OLLAMA_CONTEXT_LENGTH";
  const session = new Map(
    await Promise.all(other.map(async (name) => [name, await askLaunchctlEnv(system, name)] as const)),
  );
  // Where launchctl gives no answer, the LaunchAgent is taken to have done its work.
  const isSet = (name: KeptName) => [undefined, kept[name]].includes(session.get(name));
  return {
    missing: other.filter((name) => !ofSlider(name) && isSet(name)),
    unset: other.filter((name) => !ofSlider(name) && !isSet(name)),
    sliderContext: other.some(ofSlider) ? context : undefined,
  };
}
