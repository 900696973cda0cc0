import type { ServerFacts } from "./facts";
import type { BuildName } from "./model-builds";
import { sameModel } from "./model-name";

/** What a model's tag says while Ollama converts its file, which a load waits for from 0.40.3 on. */
export const PREPARING = "Preparing";

export const PREPARING_TEXT =
  "Ollama is converting its file for llama.cpp, as it does at a model's first load. That takes minutes, and needs 1.25 times its size in free disk space.";

/** Whether a build's file is being converted right now: an old one, that isn't listed as converted yet. */
export function isPreparing({ name, runner }: BuildName, server: ServerFacts): boolean {
  return runner === "ggml" && (server.converting?.some((other) => sameModel(other, name)) ?? false);
}
