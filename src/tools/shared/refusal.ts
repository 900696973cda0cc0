import { OllamaProblem, type ProblemKind } from "../../ollama/problems";

/** Why a tool does nothing, as a sentence that an assistant can pass on. */
export type RefusalKind =
  | "no-server"
  | "no-such-model"
  | "not-a-name"
  | "several-builds"
  | "no-limit-here"
  | "limit-refused"
  | "nothing-known"
  | "no-such-plan"
  | "not-applied-here"
  | "busy"
  | "not-done";

/** Thrown by a tool in place of an answer: Raycast hands its message to the assistant. */
export class ToolRefusal extends Error {
  constructor(
    readonly kind: RefusalKind,
    message: string,
  ) {
    super(message);
    this.name = "ToolRefusal";
  }
}

/** What is wrong with a server, in our own words: its own never reach an assistant. */
const PROBLEMS: Readonly<Record<ProblemKind, string>> = {
  "not-running": "Nothing answers at the Ollama host in the preferences: Ollama may not be running.",
  "no-route": "The machine of the Ollama host can't be reached.",
  "unknown-name": "The name of the Ollama host isn't known.",
  "bad-certificate": "The certificate of the Ollama host isn't trusted.",
  "no-access": "The Ollama host refuses access.",
  "not-ollama": "What answers at the Ollama host isn't Ollama.",
  "timed-out": "The Ollama host didn't answer in time.",
  "not-found": "Ollama doesn't know this model.",
  "bad-answer": "Ollama's answer makes no sense.",
  http: "Ollama refused or failed.",
  redirected: "The Ollama host redirects elsewhere, which isn't followed.",
  stopped: "It was stopped.",
};

/** What went wrong with the server, as a refusal; anything else as it is. */
export function refusalOf(error: unknown): unknown {
  return error instanceof OllamaProblem ? new ToolRefusal("no-server", PROBLEMS[error.kind]) : error;
}

export const problemSentence = (kind: ProblemKind): string => PROBLEMS[kind];
