import { setTimeout as sleep } from "node:timers/promises";
import type { LoadedModel } from "../fit/facts";
import { type BuildName, sameBuild } from "../fit/model-builds";
import { OllamaProblem, wasGivenUp } from "./problems";

/** What is known of a load under way. */
export interface LoadProgress {
  /** Since it was asked for, in milliseconds. */
  readonly elapsedMs: number;
  /** What Ollama lists for the model so far; absent before it made room. */
  readonly listed?: LoadedModel;
}

interface PatientLoad {
  readonly build: BuildName;
  /** Asks for the load once; resolves when the model is there. */
  readonly request: (timeoutMs: number, signal: AbortSignal) => Promise<void>;
  readonly loaded: (signal: AbortSignal) => Promise<readonly LoadedModel[]>;
  /** For all of it, in milliseconds. */
  readonly loadMs: number;
  readonly pollMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/**
 * Loads a model and waits until it is there, for at most `loadMs`; what is loaded is read beside it. Node's fetch gives up
 * on headers after 300 s. That's no failure: the load is asked for again, which joins one under way. (Ollama breaks off a
 * load whose client has gone, llm/llama_server.go, but what was read of the file is in the Mac's cache by then.) Where
 * every request is given up, the list decides: the expiry of a model that still loads moves with the clock, and stays
 * once it is loaded (server/sched.go).
 *
 * @throws OllamaProblem always and only
 */
export async function loadPatiently({ build, request, ...load }: PatientLoad): Promise<void> {
  const { loadMs, pollMs, signal, onProgress } = load;
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  const over = new AbortController();
  const end = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  let isGivenUp = false;

  /** Resolves when the list says that it's loaded, which only counts once a request was given up. */
  async function watch(): Promise<void> {
    let expiry: string | undefined;
    while (!end.aborted) {
      await sleep(pollMs, undefined, { signal: end }).catch(() => undefined);
      const all = await load.loaded(end).catch(() => undefined);
      if (end.aborted) break;
      const listed = all?.find((model) => sameBuild(model, build));
      onProgress?.({ elapsedMs: elapsed(), listed });
      if (isGivenUp && listed?.expiresAt !== undefined && listed.expiresAt === expiry) return;
      expiry = listed?.expiresAt;
    }
    return new Promise(() => {});
  }

  async function ask(): Promise<void> {
    for (let left = loadMs; left > 0; left = loadMs - elapsed()) {
      try {
        return await request(left, end);
      } catch (error) {
        if (!wasGivenUp(error)) throw isOutOfTime(error) ? tooLong(build.name, loadMs) : error;
      }
      isGivenUp = true;
      await sleep(Math.min(pollMs, left), undefined, { signal: end }).catch(() => undefined);
      if (signal?.aborted) throw new OllamaProblem("stopped", "Stopped.");
    }
    throw tooLong(build.name, loadMs);
  }

  try {
    await Promise.race([ask(), watch()]);
  } finally {
    over.abort();
  }
}

/** Whether it's the limit of the whole exchange that ended it. */
function isOutOfTime(error: unknown): boolean {
  return error instanceof OllamaProblem && error.kind === "timed-out" && error.cause === undefined;
}

function tooLong(name: string, loadMs: number): OllamaProblem {
  return new OllamaProblem("timed-out", `Ollama hasn't loaded ${name} within ${Math.round(loadMs / 60_000)} minutes.`);
}
