import { formatBytes, formatContext, formatMib } from "../fit/units";
import type { ServerOrigin } from "../fit/server-origin";
import type { DaemonStep } from "../mac/privileged";

/** What a loaded model is held against. */
export interface Expected {
  /** Context per slot, in tokens. */
  readonly numCtx: number;
  /** Bytes that Ollama should report for it, all on the GPU. */
  readonly bytes: number;
  /** Its weights alone: any honest report is larger. */
  readonly leastBytes: number;
}

/** One change of the world. Plain data: it is written to the journal. */
export type Step =
  | {
      readonly kind: "set-limit";
      /** 0 gives the limit back to macOS. */
      readonly mib: number;
      readonly daemon: DaemonStep;
      /** What was set before; 0 = macOS decided. */
      readonly beforeMib: number;
    }
  | {
      readonly kind: "set-kv-cache";
      /** OLLAMA_KV_CACHE_TYPE for the server's next start; "" takes the variable away. */
      readonly type: string;
      readonly before: string;
    }
  | { readonly kind: "restart-ollama"; readonly origin: ServerOrigin; readonly cutsOff: readonly string[] }
  | {
      readonly kind: "create-variant";
      readonly source: string;
      readonly name: string;
      readonly numCtx: number;
      /** A model of that name, with another context or of another file, is there. */
      readonly replaces: boolean;
    }
  | { readonly kind: "remove-variant"; readonly name: string; readonly numCtx: number }
  | { readonly kind: "unload"; readonly name: string }
  | {
      readonly kind: "load";
      readonly name: string;
      /** Context that the request asks for; absent = what Ollama takes by itself. */
      readonly numCtx?: number;
      /** Absent where nothing could be predicted. */
      readonly expected?: Expected;
    };

/** A step as a sentence, for the confirmation and for what was not done yet. */
export function stepText(step: Step): string {
  switch (step.kind) {
    case "set-limit":
      return `${step.mib === 0 ? "Give the GPU limit back to macOS" : `Set the GPU limit to ${formatMib(step.mib)}`}${daemonText(step)}: macOS asks for your password.`;
    case "set-kv-cache":
      return step.type === ""
        ? "Take OLLAMA_KV_CACHE_TYPE away, so that the KV cache is f16 again."
        : `Set the KV cache type of Ollama's next start to ${step.type}.`;
    case "restart-ollama":
      return step.cutsOff.length === 0
        ? "Restart Ollama."
        : `Restart Ollama: ${step.cutsOff.join(", ")} ${step.cutsOff.length === 1 ? "is" : "are"} loaded, and answers under way are cut off.`;
    case "create-variant":
      return step.replaces
        ? `Replace ${step.name}, which exists and is another, by one with a context of ${formatContext(step.numCtx)}.`
        : `Create ${step.name} with a context of ${formatContext(step.numCtx)}.`;
    case "remove-variant":
      return `Delete the variant ${step.name}. Its weights stay with the model it was made from.`;
    case "unload":
      return `Unload ${step.name}.`;
    case "load":
      return `Load ${step.name} and check that all of it${step.expected ? ` (about ${formatBytes(step.expected.bytes)})` : ""} is on the GPU.`;
  }
}

/** The same in a few words, for a progress toast. */
export function stepTitle(step: Step): string {
  switch (step.kind) {
    case "set-limit":
      return "Waiting for the administrator password";
    case "set-kv-cache":
      return "Setting the KV cache type";
    case "restart-ollama":
      return "Restarting Ollama";
    case "create-variant":
      return `Creating ${step.name}`;
    case "remove-variant":
      return `Deleting ${step.name}`;
    case "unload":
      return `Unloading ${step.name}`;
    case "load":
      return `Loading ${step.name}`;
  }
}

/** What did not come off, without a full stop: the title of a toast. */
export function stepFailedText(step: Step): string {
  switch (step.kind) {
    case "set-limit":
      return "The limit was not set";
    case "set-kv-cache":
      return "The KV cache type was not set";
    case "restart-ollama":
      return "Ollama was not restarted";
    case "create-variant":
      return "The variant was not created";
    case "remove-variant":
      return "The variant was not deleted";
    case "unload":
      return `${step.name} was not unloaded`;
    case "load":
      return `${step.name} was not loaded`;
  }
}

function daemonText({ daemon, mib }: Extract<Step, { kind: "set-limit" }>): string {
  if (daemon === "install") return ", now and after every restart of the Mac";
  if (daemon === "remove") return " and remove the LaunchDaemon";
  return mib === 0 ? "" : " until the Mac restarts";
}

/**
 * Order of undoing: first what may be declined (the password), then what a restart reads, so that the server comes back
 * with what was set before, and last what needs a server that answers.
 */
const UNDO_ORDER: readonly Step["kind"][] = ["set-limit", "set-kv-cache", "restart-ollama", "remove-variant"];

/**
 * The steps that take back what was begun; what did not take effect is found to be so. Models that were unloaded load
 * again by themselves, and a variant that was replaced is gone: neither has a step.
 */
export function undoSteps(begun: readonly Step[]): readonly Step[] {
  return begun
    .flatMap(undoStep)
    .toSorted((one, other) => UNDO_ORDER.indexOf(one.kind) - UNDO_ORDER.indexOf(other.kind));
}

function undoStep(step: Step): readonly Step[] {
  switch (step.kind) {
    case "set-limit":
      return [
        {
          kind: "set-limit",
          mib: step.beforeMib,
          beforeMib: step.mib,
          daemon: step.daemon === "install" ? (step.beforeMib === 0 ? "remove" : "install") : "keep",
        },
      ];
    case "set-kv-cache":
      return [{ kind: "set-kv-cache", type: step.before, before: step.type }];
    case "restart-ollama":
      return [step];
    case "create-variant":
      return step.replaces ? [] : [{ kind: "remove-variant", name: step.name, numCtx: step.numCtx }];
    case "remove-variant":
    case "unload":
    case "load":
      return [];
  }
}
