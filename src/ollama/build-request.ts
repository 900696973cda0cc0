import type { BuildName } from "../fit/model-builds";
import type { ModelRunner } from "../fit/model-runner";
import { OllamaProblem } from "./problems";

/** How a request names a build. */
export interface BuildRequest {
  readonly model: string;
  readonly runner?: ModelRunner;
}

/**
 * Asks something about a build. A GGUF file that Ollama has converted meanwhile has another runner than it was listed
 * with, and is asked for under that.
 */
export async function withRunner<T>(
  { name, runner }: BuildName,
  ask: (request: BuildRequest) => Promise<T>,
): Promise<T> {
  const request = (chosen = runner): BuildRequest =>
    chosen === undefined ? { model: name } : { model: name, runner: chosen };
  try {
    return await ask(request());
  } catch (error) {
    if (!lacksRunner(error) || runner === undefined || runner === "mlx") throw error;
    return ask(request(runner === "ggml" ? "llamacpp" : "ggml"));
  }
}

/** Whether none of a name's builds has the runner that was asked for (manifest/manifest.go, ErrNoCompatibleManifest). */
function lacksRunner(error: unknown): boolean {
  return error instanceof OllamaProblem && error.status === 400 && /no compatible manifest/i.test(error.message);
}

/**
 * Asks a model nothing, which loads it. One that only embeds refuses to generate even nothing, and is given nothing to embed
 * (server/routes.go, GenerateHandler and EmbedHandler); unloading is refused to none.
 */
export async function generateOrEmbed<T>(generate: () => Promise<T>, embed: () => Promise<T>): Promise<T> {
  try {
    return await generate();
  } catch (error) {
    if (!onlyEmbeds(error)) throw error;
    return embed();
  }
}

function onlyEmbeds(error: unknown): boolean {
  return error instanceof OllamaProblem && error.status === 400 && /does not support generate/i.test(error.message);
}
