import type { InstalledModel, ModelDescription, ServerFacts, Sourced } from "./facts";
import type { KvCacheType, RunSettings } from "../memory/settings";

/** A setting the estimate rests on, with where it comes from. */
export interface Setting<T> extends Sourced<T> {
  /** Could not be detected: its documented default is taken. */
  readonly assumed: boolean;
}

/** How the person wants badges judged (the preferences). */
export interface JudgeOptions {
  /**
   * "effective" = what really runs: what a client asked for where the model is loaded so, else what Ollama would use;
   * "default" = what Ollama would use, whatever is loaded; "trained" = the model's maximum; else tokens.
   */
  readonly context: "effective" | "default" | "trained" | number;
  readonly kvCacheType?: KvCacheType;
  readonly parallel?: number;
  /** Settings to judge with as they are, whatever Ollama would make of them; `context` is taken so, too, where there are any. */
  readonly asked?: Partial<Omit<RunSettings, "numCtx">>;
  /** False: idle models are unloaded so soon that nothing is kept between requests. */
  readonly keepsStates?: false;
}

/** What the settings of a run follow from. */
export interface RunInput {
  readonly model: InstalledModel;
  readonly description: ModelDescription;
  readonly server: ServerFacts;
  readonly options: JudgeOptions;
  /** Context that the model is loaded with now; absent where it isn't loaded or the server doesn't tell. */
  readonly loadedContext?: number;
  /** Limit in force in bytes, where known: used for the server's start-up total, marked assumed. */
  readonly limitBytes?: number;
}

/** A rule can't be followed; the reason is a sentence. */
export interface UnknownRun {
  readonly kind: "unknown";
  readonly reason: string;
}

/** A documented default, as it couldn't be detected. */
export const assumed = <T>(value: T, source: string): Setting<T> => ({ value, source, assumed: true });
/** What is known. */
export const sure = <T>(value: T, source: string): Setting<T> => ({ value, source, assumed: false });
/** What was read of the server. */
export const read = <T>({ value, source, likely = false }: Sourced<T>): Setting<T> => ({
  value,
  source,
  assumed: likely,
});

/** A rule that can't be followed. */
export function unknown(reason: string): UnknownRun {
  return { kind: "unknown", reason };
}
