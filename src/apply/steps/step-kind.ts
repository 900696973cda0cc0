import type { InstalledModel, LoadedModel, ServerFacts } from "../../fit/facts";
import type { PlanOption } from "../../fit/plan/options";
import type { ChangeOutcome, PromptSystem } from "../../mac/gpu-limit";
import type { Pausing } from "../../mac/wait";
import type { OllamaClient } from "../../ollama/client";
import type { OwnNetwork } from "../../ollama/host";
import type { LoadReport } from "../load-report";
import type { Fields } from "../stored-fields";

/** What the steps act on. */
export interface ChangeSystem extends Pausing, PromptSystem {
  /** As `process.platform` names it. */
  readonly platform: string;
  readonly homeFolder: string;
  readonly userId: number;
  readonly network: () => OwnNetwork;
  readonly client: OllamaClient;
  /** Memory of this Mac; absent where its limit cannot be set, and for a remote server. */
  readonly ramMib?: number;
  /** Stops waiting for the server; a password prompt is ended in its own window. */
  readonly signal?: AbortSignal;
  /** The outcome of the prompt in words. */
  readonly limitWords: (outcome: ChangeOutcome, askedMib: number) => string;
}

export type StepOutcome =
  /** A note says what else has to be known, as a sentence. */
  | { readonly kind: "done"; readonly note?: string }
  | { readonly kind: "loaded"; readonly report: LoadReport; readonly digest: string }
  /** The person changed their mind; nothing was changed by this step. */
  | { readonly kind: "cancelled"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

/** What the steps of an option depend on, other than the option. */
export interface StepsInput {
  readonly option: PlanOption;
  readonly model: InstalledModel;
  readonly variantName: (source: string, numCtx: number) => string;
  /** Limit that is set now, in MiB; 0 = macOS decides. */
  readonly limitNowMib: number;
  /** Limit that our LaunchDaemon sets at start; absent where there is none or it cannot be told. */
  readonly daemonMib?: number;
  readonly server: ServerFacts;
  readonly loaded: readonly LoadedModel[];
  /** OLLAMA_KV_CACHE_TYPE of the session now; "" = not set. */
  readonly kvCacheTypeNow: string;
  /** Whether a model of that name exists, with which num_ctx, and whether it runs the file of the model. */
  readonly existing: (name: string) => { readonly numCtx?: number; readonly sharesFile: boolean } | undefined;
  /** A context that was chosen to judge at and that Ollama would not take by itself. */
  readonly requestContext?: number;
  /** Seconds for which the model stays loaded now, where that's longer than usual; -1 = for ever. */
  readonly keepAlive?: number;
}

/** One change of the system as plain data: it is written to the journal. */
export interface StepData {
  readonly kind: string;
}

/**
 * Everything there is to a kind of step: S as it is written down, U what takes it back. A new kind is one file with one
 * of these, and one line in the table.
 */
export interface StepKind<S extends StepData, U extends StepData = S> {
  /** A check for each field of its stored form: a step of another shape could do something else than it says. */
  readonly fields: Fields<Omit<S, "kind">>;
  /** Whether it changes anything that stays, and that can be seen afterwards. */
  readonly leavesSomething: boolean;
  /** The steps of this kind that an option of a plan needs. */
  readonly planned: (input: StepsInput) => readonly S[];
  /** What is under way, in a few words, for a progress toast. */
  readonly title: (step: S) => string;
  /** A sentence, for the confirmation and for what was not done yet. */
  readonly text: (step: S) => string;
  /** What did not come off, without a full stop: the title of a toast. */
  readonly failedText: (step: S) => string;
  /** Whether the system is already as the step would make it, read from the system and not from memory. May throw. */
  readonly isInEffect: (system: ChangeSystem, step: S) => Promise<boolean>;
  /** Carries it out and checks that it took effect. May throw. */
  readonly run: (system: ChangeSystem, step: S) => Promise<StepOutcome>;
  /** The steps that take it back; what did not take effect is found to be so. */
  readonly undo: (step: S) => readonly U[];
}
