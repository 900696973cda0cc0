import type { BuildName } from "../fit/model-builds";
import { exchange } from "./bounded-fetch";
import { withRunner } from "./build-request";
import { OllamaProblem } from "./problems";
import { isObject } from "../memory/json-object";

interface PromptServer {
  readonly url: string;
  /** One that waits for an answer as long as it takes: a long prompt takes minutes. */
  readonly fetch: typeof fetch;
}

interface PromptRequest {
  readonly prompt: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** An answer of one token is some kilobytes. */
const MOST_BYTES = 1024 * 1024;

/**
 * Has a model read a prompt, without its template, and generate one token. Without a `keep_alive` a loaded model stays
 * as long as whoever loaded it asked for (server/sched.go, useLoadedRunner).
 *
 * @returns the tokens of the prompt as the server counts them, those it had read before included (x/mlxrunner/pipeline.go)
 * @throws OllamaProblem always and only
 */
export function readPrompt(
  { url, fetch: inner }: PromptServer,
  build: BuildName,
  { prompt, ...bounds }: PromptRequest,
): Promise<number> {
  return withRunner(build, (request) =>
    exchange(inner, url, { ...bounds, maxBytes: MOST_BYTES }, async (fetch) => {
      const body = { ...request, prompt, raw: true, stream: false, options: { num_predict: 1 } };
      const response = await fetch(`${url}/api/generate`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      const answer: unknown = await response.json();
      const tokens = isObject(answer) ? answer["prompt_eval_count"] : undefined;
      if (typeof tokens === "number" && Number.isSafeInteger(tokens) && tokens > 0) return tokens;
      throw new OllamaProblem("bad-answer", "Ollama doesn't say how many tokens it read.");
    }),
  );
}
