import { expect, it } from "vitest";
import { everyScreen } from "./worlds/support/every-screen";
import { worldNames, worldPath } from "./worlds/support/run-world";
import { readWorld } from "./worlds/support/schema";

/** Worlds whose models, and published builds, all run with MLX: no sentence in them may promise a cap, or speak of a spill. */
const MLX_WORLDS = worldNames().filter((name) => {
  const { servers, registry } = readWorld(worldPath(name));
  const models = [...servers.flatMap((server) => server.models ?? ["sample"]), ...(registry?.published ?? [])];
  const isMlx = (model: (typeof models)[number]) =>
    typeof model !== "string" && (model.mlx !== undefined || model.mlxGib !== undefined);
  return models.length > 0 && models.every(isMlx);
});

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

it("no sentence of a world with MLX models alone promises a cap", async () => {
  expect(MLX_WORLDS.length).toBeGreaterThan(8);
  const found: string[] = [];
  const checked: string[] = [];
  for await (const { name, text } of everyScreen(MLX_WORLDS)) {
    const flat = text.replace(/\s+/g, " ");
    if (flat.includes("Prompt Length")) checked.push(name);
    for (const pattern of PROMISES) {
      const hit = pattern.exec(flat);
      if (hit) found.push(`${name}: …${flat.slice(Math.max(0, hit.index - 60), hit.index + 80)}…`);
    }
    for (const hit of flat.matchAll(/num_ctx/g)) {
      const around = flat.slice(Math.max(0, hit.index - 120), hit.index + 120);
      if (!HONEST.test(around)) found.push(`${name}: …${around}…`);
    }
  }
  expect(found).toEqual([]);
  // The check of a peak with a real request is among what was read.
  expect(checked.length).toBeGreaterThan(3);
}, 600_000);
