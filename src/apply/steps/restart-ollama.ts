import { readIdentityAt } from "../../ollama/server-identity";
import { restartAndAwait, restartFailure } from "../restart-and-await";
import { isAbsentOr, isListOf, isText } from "../stored-fields";
import type { StepKind } from "./step-kind";

interface RestartOllama {
  readonly kind: "restart-ollama";
  /** Models that are loaded when it's planned; absent where that isn't known, or is long ago by the time it's done. */
  readonly cutsOff?: readonly string[];
}

/** Restarts Ollama, so that it reads its variables. It has to be done to count, and leaves nothing itself. */
export const restartOllama: StepKind<RestartOllama> = {
  fields: {
    cutsOff: isAbsentOr(isListOf(isText)),
  },
  leaves: "nothing",
  planned: ({ option, loaded }) =>
    option.changes.kvCacheType === undefined
      ? []
      : [{ kind: "restart-ollama", cutsOff: loaded?.map(({ name }) => name) }],
  title: () => "Restarting Ollama",
  text: ({ cutsOff }) => {
    if (cutsOff === undefined) return "Restart Ollama: what's loaded is unloaded, and answers in progress are cut off.";
    if (cutsOff.length === 0) return "Restart Ollama.";
    return `Restart Ollama: ${cutsOff.join(", ")} ${cutsOff.length === 1 ? "is" : "are"} loaded, and answers in progress are cut off.`;
  },
  failedText: () => "Ollama Wasn't Restarted",
  look: "unseen",
  run: async (system) => {
    const { client } = system;
    // What runs may have changed since it was planned. Only the app itself reads the variables of the session.
    const outcome = await restartAndAwait(system, client, await readIdentityAt(system, client.url), "app");
    if (outcome.kind === "restarted") return { kind: "done" };
    const isHarmless = outcome.kind === "by-hand";
    return { kind: outcome.kind === "stopped" ? "cancelled" : "failed", reason: restartFailure(outcome), isHarmless };
  },
  undoUnseen: () => [{ kind: "restart-ollama" }],
};
