import type { ClosableApp, InstalledModel, LoadedModel, ServerFacts } from "../../fit/facts";
import type { LimitAdvice } from "../../fit/limit-policy";
import type { PlanOption } from "../../fit/plan/options";
import type { ChangeOutcome, PromptSystem } from "../../mac/gpu-limit";
import type { Pausing } from "../../mac/wait";
import type { OllamaClient } from "../../ollama/client";
import type { OwnNetwork } from "../../ollama/host";
import type { LoadProgress } from "../../ollama/patient-load";
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
  /** What is known of a load under way, every few seconds. */
  readonly onLoading?: (progress: LoadProgress) => void;
  /** The outcome of the prompt in words. */
  readonly limitWords: (outcome: ChangeOutcome, askedMib: number) => Pick<Note, "title" | "message">;
}

/** What running a step came to, as far as the step itself can tell; the system is looked at afterwards. */
export type StepOutcome =
  | { readonly kind: "done"; readonly note?: Note }
  | { readonly kind: "loaded"; readonly report: LoadReport; readonly digest: string }
  | StepFailure;

/** The person changed their mind, or it did not come off. */
export interface StepFailure {
  readonly kind: "cancelled" | "failed";
  /** What happened in a few words, where there is more to say than that it was not done. */
  readonly title?: string;
  /** A sentence. */
  readonly reason: string;
  /** It is certain that nothing was changed: nobody needs to look. */
  readonly isHarmless?: boolean;
}

/**
 * What a person has to know of a step that is done: the title and the message of a toast. "trouble" comes before what a
 * load shows after it, "swaps" says what becomes of that load, a "remark" comes behind it.
 */
export interface Note {
  readonly kind: "trouble" | "swaps" | "remark";
  readonly title: string;
  readonly message: string;
  /** What there's no room for in a toast, as a sentence. */
  readonly more?: string;
}

/** How the system is, held against a step. `undo` takes back what is seen, at the digest or value it has now. */
export type Look<U extends StepData> =
  | { readonly kind: "in-effect"; readonly undo: readonly U[] }
  /** As it was when the step was planned. */
  | { readonly kind: "as-planned" }
  /** As the step would make it in one part, and as planned in the other. */
  | { readonly kind: "partly"; readonly undo: readonly U[] }
  /** Neither: somebody else changed it, or the step itself did in another way than asked. The reason is a sentence. */
  | { readonly kind: "other"; readonly reason: string; readonly undo: readonly U[] };

/** What the steps of an option depend on, other than the option. */
export interface StepsInput {
  readonly option: PlanOption;
  readonly model: InstalledModel;
  readonly variantName: (source: string, numCtx: number) => string;
  /** Limit that is set now, in MiB; 0 = macOS decides. */
  readonly limitNowMib: number;
  /** What can be set on this Mac; absent where there's nothing to set. */
  readonly advice?: LimitAdvice;
  /** Limit that our LaunchDaemon sets at start; absent where there is none or it cannot be told. */
  readonly daemonMib?: number;
  /** The person wants the limit kept after a restart of the Mac. */
  readonly keepsLimit?: boolean;
  /** The apps that the person ticked to be closed; absent while it's the plan's own choice. */
  readonly closing?: readonly ClosableApp[];
  readonly server: ServerFacts;
  /** Absent where it couldn't be read. */
  readonly loaded?: readonly LoadedModel[];
  /** OLLAMA_KV_CACHE_TYPE of the session now; "" = not set. */
  readonly kvCacheTypeNow: string;
  /** The model of that name, if there is one: which, with which num_ctx, and whether it runs the file of the model. */
  readonly existing: (name: string) => ExistingModel | undefined;
  /** A context that was chosen to judge at and that Ollama wouldn't choose. */
  readonly requestContext?: number;
  /** Seconds for which the model stays loaded now, where that's longer than usual; -1 = for ever. */
  readonly keepAlive?: number;
}

export interface ExistingModel {
  readonly digest: string;
  readonly numCtx?: number;
  readonly sharesFile: boolean;
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
  /** Whether it changes anything that stays, and how to say so. */
  readonly leaves:
    | "nothing"
    | {
        /** That nobody knows whether it did: a toast's title. */
        readonly unsureText: (step: S) => string;
        /** What stays once it's done, as a sentence. */
        readonly doneText: (step: S) => string;
      };
  /** The steps of this kind that an option of a plan needs. */
  readonly planned: (input: StepsInput) => readonly S[];
  /** What is under way, in a few words, for a progress toast. */
  readonly title: (step: S) => string;
  /** A sentence, for the confirmation and for what was not done yet. */
  readonly text: (step: S) => string;
  /** What did not come off, without a full stop: the title of a toast. */
  readonly failedText: (step: S) => string;
  /**
   * Looks at the system, before and after the step is run and whenever its journal is read again. "unseen" for what has
   * to be done to count. @throws where it can't be read
   */
  readonly look: ((system: ChangeSystem, step: S) => Promise<Look<U>>) | "unseen";
  /** Carries it out. After a failure it gives what may go on behind it the time to end. May throw. */
  readonly run: (system: ChangeSystem, step: S) => Promise<StepOutcome>;
  /** Takes it back where it isn't known whether it took effect: does nothing if it did not. */
  readonly undoUnseen: (step: S) => readonly U[];
}
