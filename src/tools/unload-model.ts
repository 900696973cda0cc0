import { Action, type Tool } from "@raycast/api";
import { readSettings } from "../app/preferences";
import { hostOf } from "../app/snapshot";
import { getSystem } from "../app/system";
import type { LoadedModel } from "../fit/facts";
import { parseModelName, sameModel } from "../fit/model-name";
import { RUNNER_TITLES } from "../fit/model-runner";
import { formatBytes, formatExpiry } from "../fit/units";
import { type LightClient, readLoaded, unloadModel } from "../ollama/light-client";
import { refreshMenuBar } from "../ui/shared/refresh-menu-bar";
import { refusalOf, ToolRefusal } from "./shared/refusal";
import { asToolChange } from "./shared/tool-change";
import { inputGiven, textGiven } from "./shared/tool-input";
import { gib } from "./shared/tool-words";

type Input = {
  /** Name of a loaded model, exactly as get-gpu-memory returns it, such as "qwen3:8b". */
  model: string;
};

interface Found {
  readonly client: LightClient;
  /** Every build of the name that's loaded. */
  readonly loaded: readonly LoadedModel[];
}

async function find(input: Input): Promise<Found> {
  const name = textGiven(inputGiven(input).model);
  if (parseModelName(name) === undefined) {
    throw new ToolRefusal("not-a-name", "That isn't a model name that Ollama accepts. Take one from get-gpu-memory.");
  }
  const system = getSystem();
  const host = hostOf(system, readSettings());
  if (host.kind === "invalid")
    throw new ToolRefusal("no-server", "The Ollama host in the preferences isn't an address.");
  const client = { url: host.url, fetch: system.fetch };
  try {
    const loaded = await readLoaded(client);
    return { client, loaded: loaded.filter((each) => sameModel(each.name, name)) };
  } catch (error) {
    throw refusalOf(error);
  }
}

const NOTHING_LOADED = "It isn't loaded. Nothing changed.";

/** Shows what would be unloaded, and asks; not where nothing is loaded under that name. */
export const confirmation: Tool.Confirmation<Input> = async (input) => {
  const { loaded } = await find(input);
  if (loaded.length === 0) return undefined;
  return {
    style: Action.Style.Regular,
    message: `Unload ${loaded[0]?.name ?? ""}? A request that it's answering is cut off.`,
    info: loaded.flatMap(({ sizeBytes, expiresAt, runner }) => [
      { name: "Frees", value: formatBytes(sizeBytes) },
      { name: "Runner", value: runner && RUNNER_TITLES[runner] },
      { name: "Otherwise", value: formatExpiry(expiresAt, getSystem().now()) },
    ]),
  };
};

/** Unloads a model from memory, after the person has confirmed it. It stays installed, and the next request loads it again. */
export default async function unload(input: Input) {
  const { client, loaded } = await find(input);
  if (loaded.length === 0) return { result: NOTHING_LOADED };
  return asToolChange({ title: "Unload Model" }, async () => {
    const unloaded: LoadedModel[] = [];
    try {
      for (const { name, runner } of loaded) {
        const model = await unloadModel(client, { name, runner });
        if (model !== undefined) unloaded.push(model);
      }
    } catch (error) {
      throw refusalOf(error);
    } finally {
      await refreshMenuBar();
    }
    if (unloaded.length === 0) return { result: NOTHING_LOADED };
    return { result: "Unloaded.", freedGiB: gib(unloaded.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)) };
  });
}
