import { Ollama, type ShowRequest } from "ollama/browser";
import type { InstalledModel, LoadedModel } from "../fit/facts";
import { type Bounds, exchange } from "./bounded-fetch";
import { type BuildRequest, generateOrEmbed, withRunner } from "./build-request";
import { dropTokenizer } from "./drop-tokenizer";
import { type BuildName, sameBuild } from "../fit/model-builds";
import { oneLine } from "../fit/one-line";
import type { ModelRunner } from "../fit/model-runner";
import { isObject } from "../memory/json-object";
import { type LoadProgress, loadPatiently } from "./patient-load";
import { notOllama, OllamaProblem, serversWords } from "./problems";
import {
  readDescription,
  readInstalledModels,
  readLoadedModels,
  readShownBuilds,
  type ShownBuild,
  type ShownModel,
} from "./wire";

export interface ClientOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  /** For loads: a fetch that waits for an answer as long as it takes. Default: `fetch`, which may give up in between. */
  readonly patientFetch?: typeof fetch;
  /** For answers that take no work; default 10 s. */
  readonly timeoutMs?: number;
  /** How long an unloaded model may take to be gone; default 10 s. */
  readonly unloadMs?: number;
  /** How long a model may take to load; default 30 minutes. */
  readonly loadMs?: number;
  /** How often the list of what is loaded is read while a model loads; default 2 s. */
  readonly pollMs?: number;
}

export interface CreateRequest {
  readonly name: string;
  readonly from: string;
  readonly numCtx: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (status: string) => void;
}

interface BuildOptions {
  /** Which build of the name is meant; absent = the one that Ollama chooses. Releases before 0.40 have only one. */
  readonly runner?: ModelRunner;
  readonly signal?: AbortSignal;
}

export interface LoadOptions extends BuildOptions {
  readonly numCtx?: number;
  /** Seconds for which it stays loaded without a request; -1 = for ever. Default: the server's own. */
  readonly keepAlive?: number;
  /** What is known meanwhile, every few seconds. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** What the extension asks of an Ollama server. Every method throws {@link OllamaProblem} and nothing else. */
export interface OllamaClient {
  readonly url: string;
  readonly version: () => Promise<string | undefined>;
  readonly models: () => Promise<readonly InstalledModel[]>;
  readonly loaded: () => Promise<readonly LoadedModel[]>;
  readonly show: (name: string, options?: BuildOptions & { readonly verbose?: boolean }) => Promise<ShownModel>;
  /** Every build of a name that's on the server, in short; none where it has only one. */
  readonly builds: (name: string, options?: { readonly signal?: AbortSignal }) => Promise<readonly ShownBuild[]>;
  /** Loads a model with an empty prompt and waits until it is there, also where a request is given up in between. */
  readonly load: (name: string, options?: LoadOptions) => Promise<void>;
  /** Unloads a model and waits until it is gone. */
  readonly unload: (name: string, options?: BuildOptions) => Promise<void>;
  /** Creates a variant. It replaces an existing name and pulls a missing source: check both before. */
  readonly create: (request: CreateRequest) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** 60 GB at 40 MB/s, as an old disk gives, take 25 minutes. */
const LOAD_MS = 30 * 60_000;
const POLL_MS = 2_000;
/** A vocabulary with its merges is many megabytes of text. */
const VERBOSE_TIMEOUT_MS = 30_000;
const CREATE_TIMEOUT_MS = 5 * 60_000;
/** Of lists and small answers. Raycast ends a command at 100 MB of heap, and parsing takes a multiple of the text. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Of one model's metadata: up to 65,536 tensors, a template and a license. */
const MOST_SHOW_BYTES = 8 * 1024 * 1024;
const UNLOAD_MS = 10_000;
const UNLOAD_POLLS = 40;

/** A client on the `ollama` package, with time limits and a cap on the size of answers. */
export function createOllamaClient(options: ClientOptions): OllamaClient {
  const { url, timeoutMs: usualMs = TIMEOUT_MS, unloadMs = UNLOAD_MS, loadMs = LOAD_MS, pollMs = POLL_MS } = options;
  const { fetch: usualFetch, patientFetch = usualFetch } = options;

  /** One exchange with the server; `form` says whether the answer is one object or a stream of lines. */
  function ask<T>(
    work: (api: Ollama) => Promise<T>,
    { form, inner = usualFetch, ...bounds }: Partial<Bounds> & { form?: "lines"; inner?: typeof fetch } = {},
  ): Promise<T> {
    const all = { timeoutMs: usualMs, maxBytes: MOST_BYTES, ...bounds };
    return exchange(inner, url, all, (fetch) => work(new Ollama({ host: url, fetch })), form);
  }

  /** One exchange about a build. */
  const askOfBuild = <T>(
    build: BuildName,
    work: (api: Ollama, request: BuildRequest) => Promise<T>,
    bounds: Partial<Bounds> & { inner?: typeof fetch },
  ): Promise<T> => withRunner(build, (request) => ask((api) => work(api, request), bounds));

  /** The type of the request lags behind: the package sends every field it is given. */
  const show = (build: BuildName, verbose: boolean, bounds: Partial<Bounds>) =>
    askOfBuild(
      build,
      async (api, request) => readDescription(await api.show({ ...request, verbose } as ShowRequest), verbose),
      { maxBytes: MOST_SHOW_BYTES, ...bounds },
    );

  /** Verbose answers are tens of megabytes on the wire: one at a time, so that they never add up. */
  const oneByOne = queue();

  const loaded = (signal?: AbortSignal) =>
    ask(async (api) => readLoadedModels(await api.ps()), signal ? { signal } : {});

  return {
    url,
    version: () => ask(async (api) => versionText(await api.version(), url)),
    models: () => ask(async (api) => readInstalledModels(await api.list())),
    loaded: () => loaded(),
    show: (name, { runner, verbose = false, signal } = {}) =>
      verbose
        ? oneByOne(() =>
            show({ name, runner }, true, {
              signal,
              timeoutMs: Math.max(usualMs, VERBOSE_TIMEOUT_MS),
              filter: dropTokenizer,
            }),
          )
        : show({ name, runner }, false, { signal }),
    builds: (name, { signal } = {}) =>
      ask(
        async (api) => {
          const request = { model: name, all_manifests: true };
          return readShownBuilds(await api.show(request as ShowRequest));
        },
        { signal, maxBytes: MOST_SHOW_BYTES },
      ),
    load: (name, { runner, numCtx, keepAlive, signal, onProgress } = {}) =>
      loadPatiently({
        build: { name, runner },
        request: async (timeoutMs, end) => {
          const bounds = { inner: patientFetch, signal: end, timeoutMs };
          const how = { keep_alive: keepAlive, options: numCtx === undefined ? undefined : { num_ctx: numCtx } };
          const build = { name, runner };
          await generateOrEmbed<unknown>(
            () => askOfBuild(build, (api, request) => api.generate({ ...request, ...how, prompt: "" }), bounds),
            () => askOfBuild(build, (api, request) => api.embed({ ...request, ...how, input: "" }), bounds),
          );
        },
        loaded,
        loadMs,
        pollMs,
        signal,
        onProgress,
      }),
    unload: async (name, { runner, signal } = {}) => {
      const bounds = signal ? { signal } : {};
      const build = { name, runner };
      await askOfBuild(build, (api, request) => api.generate({ ...request, prompt: "", keep_alive: 0 }), bounds);
      // The answer comes before the memory is free.
      for (let poll = 0; poll < UNLOAD_POLLS; poll += 1) {
        const resident = await loaded(signal);
        if (!resident.some((model) => sameBuild(model, build))) return;
        await new Promise((resolve) => setTimeout(resolve, unloadMs / UNLOAD_POLLS));
      }
      throw new OllamaProblem("timed-out", `Ollama didn't unload ${name} in time.`);
    },
    create: ({ name, from, numCtx, signal, onProgress }) =>
      ask(
        async (api) => {
          const stream = await api.create({ model: name, from, parameters: { num_ctx: numCtx }, stream: true });
          // The client ends the loop with "success" and throws where the stream ends without it.
          for await (const { status } of stream) if (typeof status === "string") onProgress?.(serversWords(status));
        },
        { signal, timeoutMs: CREATE_TIMEOUT_MS, form: "lines" },
      ),
    remove: (name) =>
      ask(async (api) => {
        await api.delete({ model: name });
      }),
  };
}

/** Runs works one after the other; one that fails holds up none behind it. */
function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

function versionText(answer: unknown, url: string): string | undefined {
  if (!isObject(answer)) throw notOllama(url);
  const { version } = answer;
  return typeof version === "string" ? oneLine(version, 60) : undefined;
}
