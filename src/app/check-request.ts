import { setTimeout as sleep } from "node:timers/promises";
import type { InstalledModel, ServerFacts } from "../fit/facts";
import { fillerPrompt } from "../fit/filler-prompt";
import type { MlxPeak } from "../fit/mlx-peaks";
import type { PredictedPeak, RequestOutcome } from "../fit/mlx-request";
import { sameBuild } from "../fit/model-builds";
import { sameModel } from "../fit/model-name";
import { ownServer, placeOf } from "../fit/server-origin";
import type { OllamaClient } from "../ollama/client";
import type { OwnAddress } from "../ollama/host";
import { memoryFailure } from "../ollama/load-failure";
import type { LoadProgress } from "../ollama/patient-load";
import { OllamaProblem } from "../ollama/problems";
import { readPrompt } from "../ollama/read-prompt";
import { readMlxRequests, readPromptProgress, readServerFacts } from "../ollama/server-facts";
import type { Storage } from "../apply/storage";
import { keepRequests, rememberOwn } from "./mlx-requests";
import type { Settings } from "./preferences";
import { connect, hostOf } from "./snapshot";
import type { System } from "./system";

/** What is known of a check under way. */
export type CheckProgress =
  | ({ readonly kind: "loading" } & LoadProgress)
  /** How much of the prompt is read, where the server's log tells. */
  | { readonly kind: "reading"; readonly elapsedMs: number; readonly readTokens?: number; readonly tokens: number };

export interface RequestCheck {
  readonly system: System;
  readonly settings: Settings;
  readonly storage: Storage;
  readonly model: InstalledModel;
  /** The prompt has about so many. */
  readonly tokens: number;
  /** What a prompt of a length is predicted to take. */
  readonly predict: (tokens: number) => PredictedPeak | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CheckProgress) => void;
  /** How often server and log are looked at meanwhile, in milliseconds. */
  readonly pollMs?: number;
}

/** Words of a first prompt, which tells how many tokens this model makes of them. */
const SAMPLE_WORDS = 256;
/** A large model on a small Mac reads some dozen tokens a second; below that something is wrong. */
const LEAST_TOKENS_A_SECOND = 20;
const LEAST_TIMEOUT_MS = 10 * 60_000;
const POLL_MS = 2_000;
/** A log that grew for months takes its time to be looked through: pauses are so many times as long. */
const PAUSE_FACTOR = 9;
/** The log's line of a request is written after its answer. */
const LOG_LOOKS = 8;
const LOG_LOOK_MS = 400;

/**
 * Measures the peak of one real request: loads the model, has it read a prompt of about so many tokens, and takes the peak
 * out of the log of the server that answers. Ollama's runner counts it from the request's start (x/mlxrunner/pipeline.go):
 * weights, saved states and caches that are held then, and what the prompt adds. What is measured is kept with the other
 * peaks, marked as ours. Whatever goes wrong is an outcome. Never throws.
 */
export async function checkRequest(check: RequestCheck): Promise<RequestOutcome> {
  const { system, settings, model, tokens, signal } = check;
  const [host, client] = [hostOf(system, settings), connect(system, settings)];
  if (host.kind !== "ok" || client === undefined) {
    return failed(new OllamaProblem("not-running", "The host in the preferences isn't an address."));
  }
  const { name, runner } = model;
  const build = { name, runner };
  const server = { url: client.url, fetch: system.patientFetch ?? system.fetch };
  let sentTokens: number | undefined;
  try {
    await client.load(name, {
      runner,
      signal,
      onProgress: (progress) => check.onProgress({ kind: "loading", ...progress }),
    });
    const facts = await readServerFacts({ system, client, own: host.own });
    const place: Place = { client, own: host.own, facts };

    /** Sends so many words; the answer is how many tokens they were. */
    const send = async (words: number, most: number): Promise<number> => {
      const own = { model: name, tokens: most, from: system.now().getTime() };
      await rememberOwn(check.storage, own);
      sentTokens = most;
      const timeoutMs = Math.max(LEAST_TIMEOUT_MS, (most / LEAST_TOKENS_A_SECOND) * 1000);
      let counted = most;
      try {
        counted = await readPrompt(server, build, { prompt: fillerPrompt(words), timeoutMs, signal });
        return counted;
      } finally {
        await rememberOwn(check.storage, { ...own, tokens: counted, to: system.now().getTime() });
      }
    };
    const sampled = await send(SAMPLE_WORDS, SAMPLE_WORDS);
    const words = Math.floor((tokens * SAMPLE_WORDS) / sampled);
    const began = system.now().getTime();
    const watch = watchRequest(check, place);
    const promptTokens = await send(words, tokens).finally(watch.end);

    const predicted = check.predict(promptTokens);
    if (predicted === undefined) throw new OllamaProblem("bad-answer", "Nothing is predicted for this length.");
    const peak = ownServer(facts.identity) && (await peakIn(check, place, { promptTokens, began }));
    if (peak !== undefined) return { kind: "counted", peak, predicted };
    const listedBytes = watch.listedBytes();
    return { kind: "not-verified", promptTokens, reason: whyNoPeak(facts), predicted, listedBytes };
  } catch (error) {
    return signal.aborted ? { kind: "stopped" } : failed(error, sentTokens);
  }
}

/** The server that's asked, and what is known of it. */
interface Place {
  readonly client: OllamaClient;
  /** Where it listens, if that's this Mac. */
  readonly own?: OwnAddress;
  readonly facts: ServerFacts;
}

/** Looks at the server and its log while a prompt is read. */
function watchRequest({ system, model, tokens, signal, ...check }: RequestCheck, { client, own, facts }: Place) {
  const over = new AbortController();
  const end = AbortSignal.any([signal, over.signal]);
  const began = performance.now();
  let listedBytes: number | undefined;
  const look = async () => {
    const [loaded, progress] = await Promise.all([
      client.loaded().catch(() => []),
      readPromptProgress(system, facts, own),
    ]);
    const listed = loaded.find((resident) => sameBuild(resident, model));
    if (listed !== undefined) listedBytes = Math.max(listedBytes ?? 0, listed.sizeBytes);
    if (end.aborted) return;
    const elapsedMs = performance.now() - began;
    check.onProgress({ kind: "reading", elapsedMs, readTokens: progress?.readTokens, tokens });
  };
  const watching = (async () => {
    while (!end.aborted) {
      const looked = performance.now();
      await look();
      const pause = Math.max(check.pollMs ?? POLL_MS, PAUSE_FACTOR * (performance.now() - looked));
      await sleep(pause, undefined, { signal: end }).catch(() => undefined);
    }
  })();
  return {
    end: async () => {
      over.abort();
      await watching;
    },
    listedBytes: () => listedBytes,
  };
}

/** The peak of our request in the server's log, kept with the others; undefined where the log has none. */
async function peakIn(
  { system, storage, model }: RequestCheck,
  { own, facts }: Place,
  { promptTokens, began }: { readonly promptTokens: number; readonly began: number },
): Promise<MlxPeak | undefined> {
  for (let look = 0; look < LOG_LOOKS; look += 1) {
    const log = await readMlxRequests(system, facts, own);
    const peak = log.peaks.findLast(
      (one) =>
        sameModel(one.model, model.name) && one.promptTokens === promptTokens && Date.parse(one.at) >= began - 1000,
    );
    if (peak !== undefined) {
      await keepRequests(storage, log, [model]);
      return peak;
    }
    await sleep(LOG_LOOK_MS);
  }
  return undefined;
}

function whyNoPeak({ identity }: ServerFacts): string {
  switch (identity.kind) {
    case "remote":
      return "Its peak isn't known: the log of a server on another machine can't be read.";
    case "elsewhere":
      return `Its peak isn't known: the log of a server ${placeOf(identity, undefined)} can't be read.`;
    default:
      return "Its peak isn't known: no log of this server tells it.";
  }
}

function failed(error: unknown, tokens?: number): RequestOutcome {
  const detail = error instanceof Error ? error.message : String(error);
  return { kind: "failed", tokens, reason: memoryFailure(error)?.message ?? otherFailure(error), detail };
}

function otherFailure(error: unknown): string {
  if (!(error instanceof OllamaProblem)) return "It isn't clear why.";
  switch (error.kind) {
    case "timed-out":
      return "No answer came in the time that even a slow Mac takes.";
    case "not-running":
    case "bad-answer":
      return "Ollama quit while it worked, or broke off its answer.";
    case "not-found":
      return "Ollama doesn't have this model any more.";
    default:
      return "Ollama refused it or failed.";
  }
}
