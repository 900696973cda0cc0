import { SERVER_ORIGINS, type ServerOrigin } from "../../fit/server-origin";
import { restartAndAwait, restartFailure } from "../restart-and-await";
import { isListOf, isOneOf, isText } from "../stored-fields";
import type { StepKind } from "./step-kind";

interface RestartOllama {
  readonly kind: "restart-ollama";
  readonly origin: ServerOrigin;
  /** Models that are loaded when it is planned. */
  readonly cutsOff: readonly string[];
}

/** Restarts Ollama, so that it reads its variables. It has to be done to count, and leaves nothing itself. */
export const restartOllama: StepKind<RestartOllama> = {
  fields: {
    origin: isOneOf(SERVER_ORIGINS),
    cutsOff: isListOf(isText),
  },
  leavesSomething: false,
  planned: ({ option, server, loaded }) =>
    option.changes.kvCacheType === undefined
      ? []
      : [{ kind: "restart-ollama", origin: server.identity.kind, cutsOff: loaded.map(({ name }) => name) }],
  title: () => "Restarting Ollama",
  text: ({ cutsOff }) =>
    cutsOff.length === 0
      ? "Restart Ollama."
      : `Restart Ollama: ${cutsOff.join(", ")} ${cutsOff.length === 1 ? "is" : "are"} loaded, and answers in progress are cut off.`,
  failedText: () => "Ollama Wasn't Restarted",
  isInEffect: async () => false,
  run: async (system, { origin }) => {
    const outcome = await restartAndAwait(system, system.client, origin);
    return outcome.kind === "restarted" ? { kind: "done" } : { kind: "failed", reason: restartFailure(outcome) };
  },
  undo: (step) => [step],
};
