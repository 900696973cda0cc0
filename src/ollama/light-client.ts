import type { LoadedModel } from "../fit/facts";
import { type BuildName, sameBuild } from "../fit/model-builds";
import { isObject } from "../memory/json-object";
import { exchange } from "./bounded-fetch";
import { generateOrEmbed, withRunner } from "./build-request";
import { OllamaProblem } from "./problems";
import { readLoadedModels } from "./wire";

/** The server and how to reach it. */
export interface LightClient {
  readonly url: string;
  readonly fetch: typeof fetch;
  /** Default 10 s. */
  readonly timeoutMs?: number;
}

/** What is loaded is some kilobytes. */
const MOST_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;
const POLL_MS = 250;
const UNLOAD_POLLS = 40;

/**
 * What is loaded, with one request. The client on the `ollama` package does the same and more, but is too large for what
 * Raycast starts every minute. @throws OllamaProblem
 */
export function readLoaded(client: LightClient): Promise<readonly LoadedModel[]> {
  return ask(client, "/api/ps", undefined, readLoadedModels);
}

/** Whether Ollama answers at an address: it has a version. Never throws. */
export function answersAt(client: LightClient): Promise<boolean> {
  const hasVersion = (answer: unknown) => isObject(answer) && typeof answer["version"] === "string";
  return ask(client, "/api/version", undefined, hasVersion).catch(() => false);
}

/**
 * Unloads a model and waits until it's gone: the answer comes before the memory is free. Resolves to what was loaded;
 * undefined where it was gone already. @throws OllamaProblem
 */
export async function unloadModel(client: LightClient, build: BuildName): Promise<LoadedModel | undefined> {
  const before = await findLoaded(client, build);
  if (before === undefined) return undefined;
  await generate(client, build, { keep_alive: 0 });
  for (let poll = 0; poll < UNLOAD_POLLS; poll += 1) {
    if ((await findLoaded(client, build)) === undefined) return before;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new OllamaProblem("timed-out", `Ollama didn't unload ${build.name} in time.`);
}

/**
 * Keeps a loaded model for so many seconds without a request, -1 = until it's unloaded; false where it isn't loaded any
 * more, as the request would load it. It names the context the model has now: with another one, or without, Ollama may
 * load it again. `ignoresContext` says that its runner takes none. @throws OllamaProblem
 */
export async function keepModel(
  client: LightClient,
  build: BuildName,
  { seconds, ignoresContext }: { readonly seconds: number; readonly ignoresContext: boolean },
): Promise<boolean> {
  const loaded = await findLoaded(client, build);
  if (loaded === undefined) return false;
  const { contextLength } = loaded;
  const how = {
    keep_alive: seconds,
    ...(ignoresContext || contextLength === undefined ? {} : { options: { num_ctx: contextLength } }),
  };
  await generateOrEmbed(
    () => generate(client, build, how),
    () => askOfBuild(client, build, "/api/embed", { input: "", ...how }),
  );
  return true;
}

/** The build as it's loaded now; undefined where it isn't. @throws OllamaProblem */
async function findLoaded(client: LightClient, build: BuildName): Promise<LoadedModel | undefined> {
  return (await readLoaded(client)).find((model) => sameBuild(model, build));
}

function generate(client: LightClient, build: BuildName, rest: object): Promise<unknown> {
  return askOfBuild(client, build, "/api/generate", { prompt: "", stream: false, ...rest });
}

function askOfBuild(client: LightClient, build: BuildName, path: string, rest: object): Promise<unknown> {
  return withRunner(build, (request) => ask(client, path, { ...request, ...rest }, (answer) => answer));
}

function ask<T>(
  { url, fetch: inner, timeoutMs = TIMEOUT_MS }: LightClient,
  path: string,
  body: object | undefined,
  read: (answer: unknown) => T,
): Promise<T> {
  return exchange(inner, url, { timeoutMs, maxBytes: MOST_BYTES }, async (fetch) => {
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, body === undefined ? {} : init);
    return read(await response.json());
  });
}
