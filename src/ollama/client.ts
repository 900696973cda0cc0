import { Ollama } from "ollama/browser";
import type { InstalledModel, LoadedModel, ModelDescription } from "../fit/facts";
import { OllamaProblem, problemFrom } from "./problems";
import { readDescription, readInstalledModels, readLoadedModels } from "./wire";

export interface ClientOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  /** For answers that take no work; default 10 s. */
  readonly timeoutMs?: number;
}

export interface CreateRequest {
  readonly name: string;
  readonly from: string;
  readonly numCtx: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (status: string) => void;
}

/** What the extension asks of an Ollama server. Every method throws {@link OllamaProblem} and nothing else. */
export interface OllamaClient {
  readonly url: string;
  readonly version: () => Promise<string | undefined>;
  readonly models: () => Promise<readonly InstalledModel[]>;
  readonly loaded: () => Promise<readonly LoadedModel[]>;
  readonly show: (name: string, options?: { verbose?: boolean; signal?: AbortSignal }) => Promise<ModelDescription>;
  /** Loads a model with an empty prompt and waits until it is there. */
  readonly load: (name: string, options?: { numCtx?: number; signal?: AbortSignal }) => Promise<void>;
  /** Unloads a model and waits until it is gone. */
  readonly unload: (name: string, options?: { signal?: AbortSignal }) => Promise<void>;
  /** Creates a variant. It replaces an existing name and pulls a missing source: check both before. */
  readonly create: (request: CreateRequest) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** Loading 50 GB from a slow disk takes minutes. */
const LOAD_TIMEOUT_MS = 10 * 60_000;
const CREATE_TIMEOUT_MS = 5 * 60_000;
const MOST_BYTES = 64 * 1024 * 1024;
const UNLOAD_POLLS = 40;
const UNLOAD_POLL_MS = 250;

/** A client on the `ollama` package, with time limits and a cap on the size of answers. */
export function createOllamaClient(options: ClientOptions): OllamaClient {
  const { url } = options;

  async function ask<T>(
    work: (api: Ollama) => Promise<T>,
    signal?: AbortSignal,
    timeoutMs = options.timeoutMs ?? TIMEOUT_MS,
  ): Promise<T> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const stop = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const api = new Ollama({ host: url, fetch: boundedFetch(options.fetch, stop) });
    try {
      return await work(api);
    } catch (error) {
      if (timeout.aborted && !signal?.aborted) {
        throw new OllamaProblem("timed-out", `Ollama at ${url} did not answer in time.`);
      }
      throw problemFrom(error, url, signal);
    }
  }

  const loaded = () => ask(async (api) => readLoadedModels(await api.ps()));

  return {
    url,
    version: () => ask(async (api) => versionText(await api.version())),
    models: () => ask(async (api) => readInstalledModels(await api.list())),
    loaded,
    show: (name, { verbose = false, signal } = {}) =>
      ask(async (api) => {
        // The type lags behind: the client sends every field it is given.
        const request = { model: name, ...(verbose ? { verbose } : {}) };
        return readDescription(await api.show(request), verbose);
      }, signal),
    load: (name, { numCtx, signal } = {}) =>
      ask(
        async (api) => {
          await api.generate({
            model: name,
            prompt: "",
            ...(numCtx === undefined ? {} : { options: { num_ctx: numCtx } }),
          });
        },
        signal,
        LOAD_TIMEOUT_MS,
      ),
    unload: async (name, { signal } = {}) => {
      await ask((api) => api.generate({ model: name, prompt: "", keep_alive: 0 }), signal);
      for (let poll = 0; poll < UNLOAD_POLLS; poll += 1) {
        if (!(await loaded()).some((model) => model.name === name)) return;
        if (signal?.aborted) throw new OllamaProblem("stopped", "Stopped.");
        await new Promise((resolve) => setTimeout(resolve, UNLOAD_POLL_MS));
      }
      throw new OllamaProblem("timed-out", `Ollama did not unload ${name} in time.`);
    },
    create: ({ name, from, numCtx, signal, onProgress }) =>
      ask(
        async (api) => {
          const stream = await api.create({ model: name, from, parameters: { num_ctx: numCtx }, stream: true });
          let last: string | undefined;
          for await (const { status } of stream) {
            last = status;
            onProgress?.(status);
          }
          if (last !== "success") {
            throw new OllamaProblem("bad-answer", "Ollama stopped answering before the variant was finished.");
          }
        },
        signal,
        CREATE_TIMEOUT_MS,
      ),
    remove: (name) =>
      ask(async (api) => {
        await api.delete({ model: name });
      }),
  };
}

function versionText(answer: unknown): string | undefined {
  const version = typeof answer === "object" && answer !== null ? (answer as { version?: unknown }).version : undefined;
  return typeof version === "string" ? version.slice(0, 60) : undefined;
}

/** fetch that stops with the signal and breaks off answers beyond any sensible size. */
function boundedFetch(inner: typeof fetch, stop: AbortSignal): typeof fetch {
  return async (input, init) => {
    const signal = init?.signal ? AbortSignal.any([init.signal, stop]) : stop;
    const response = await inner(input, { ...init, signal });
    if (response.body === null) return response;
    let bytes = 0;
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          bytes += chunk.byteLength;
          if (bytes > MOST_BYTES) controller.error(new OllamaProblem("bad-answer", "Ollama's answer is too large."));
          else controller.enqueue(chunk);
        },
      }),
    );
    return new Response(counted, {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}
