import type { WatchedModel } from "../../fit/guard/watched";
import { rulesOfEngine } from "../../fit/runners";
import { formatBytes } from "../../fit/units";
import { memoryFailure } from "../../ollama/load-failure";
import { keepModel, unloadModel } from "../../ollama/light-client";
import type { System } from "../../app/system";

/** Unloads a model. Resolves to a sentence on what came of it. */
export async function unload(system: System, url: string, { name, runner }: WatchedModel): Promise<string> {
  try {
    const unloaded = await unloadModel({ url, fetch: system.fetch }, { name, runner });
    return unloaded === undefined
      ? `${name} was unloaded already`
      : `Unloaded ${name}: ${formatBytes(unloaded.sizeBytes)} freed`;
  } catch (error) {
    return `Couldn't unload ${name}: ${reasonOf(error)}`;
  }
}

/** Whether a model can be kept without loading it at another context: an older Ollama doesn't tell the one it has. */
export const canKeep = (model: WatchedModel): boolean => ignoresContext(model) || model.contextLength !== undefined;

const ignoresContext = ({ engine }: WatchedModel): boolean =>
  engine !== undefined && rulesOfEngine(engine).numCtx === "displayed";

/** Keeps a model loaded until it's unloaded, at the context it has: another one would load it again. */
export async function keepLoaded(system: System, url: string, model: WatchedModel): Promise<string> {
  const { name, runner } = model;
  const keep = { seconds: -1, ignoresContext: ignoresContext(model) };
  try {
    const isKept = await keepModel({ url, fetch: system.fetch }, { name, runner }, keep);
    return isKept ? `${name} stays loaded until you unload it` : `${name} isn't loaded any more`;
  } catch (error) {
    const failure = memoryFailure(error);
    return failure === undefined
      ? `Couldn't keep ${name} loaded: ${reasonOf(error)}`
      : `Couldn't keep ${name} loaded. ${failure.message} See Fit Models in the menu.`;
  }
}

/** What there's room for in a HUD beside the rest. */
const MOST_CHARACTERS = 50;

function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.length > MOST_CHARACTERS ? `${reason.slice(0, MOST_CHARACTERS - 1).trimEnd()}…` : reason;
}
