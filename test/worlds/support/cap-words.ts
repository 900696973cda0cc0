import type { World } from "./schema";

/** Whether all models, and all published builds, run with MLX: then nothing keeps to a cap, and nothing spills. */
export function isMlxAlone({ servers, registry }: World): boolean {
  const models = [...servers.flatMap((server) => server.models ?? ["sample"]), ...(registry?.published ?? [])];
  return (
    models.length > 0 &&
    models.every((model) => typeof model !== "string" && (model.mlx !== undefined || model.mlxGib !== undefined))
  );
}

/** What would set a cap, or says that one holds. */
const PROMISES = [
  /\bcap(?:ped|s)? (?:the context |it )?at\b/i,
  /\bCap the Context\b/,
  /PARAMETER num_ctx|set parameter num_ctx|num_ctx \d/,
  /Copy (?:Modelfile|Create Command|Ollama Create Command|Set Parameter Line|Default Context Command)/,
  /Quantize the KV Cache|launchctl setenv OLLAMA_(?:KV_CACHE_TYPE|CONTEXT_LENGTH)/,
  /\bSpill(?:s|ed) \d/i,
  /\d+K context\b/,
];
/** A sentence that names num_ctx says that it does nothing, or that it's of llama.cpp's builds. */
const HONEST = /only displays|ignores?|No Effect|GGUF|llama\.cpp|seems to go by num_ctx|field|Context \(num_ctx\)/i;

/** The places in what's shown where a world of MLX models alone promises a cap, each with the words around it. */
export function capPromises(text: string): string[] {
  const flat = text.replace(/\s+/g, " ");
  const promises = PROMISES.flatMap((pattern) => {
    const hit = pattern.exec(flat);
    return hit ? [`…${flat.slice(Math.max(0, hit.index - 60), hit.index + 80)}…`] : [];
  });
  const unsaid = [...flat.matchAll(/num_ctx/g)]
    .map(({ index }) => flat.slice(Math.max(0, index - 120), index + 120))
    .filter((around) => !HONEST.test(around));
  return [...promises, ...unsaid.map((around) => `…${around}…`)];
}
