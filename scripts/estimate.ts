import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { parseArgs } from "node:util";
import { automaticBatch } from "../src/fit/run-settings";
import { CONTEXT_STEP } from "../src/fit/largest-context";
import { formatBytes, formatContext, GIB, parseGib } from "../src/fit/units";
import { estimate, needsArrays } from "../src/memory/estimate";
import type { KnownEstimate } from "../src/memory/estimate-types";
import type { ModelMetadata } from "../src/memory/metadata";
import { KV_CACHE_TYPES, RUNTIMES, type RunSettings } from "../src/memory/settings";
import { readModelFile } from "../src/ollama/blob-source";
import { createOllamaClient } from "../src/ollama/client";
import { parseHost } from "../src/ollama/host";
import { describeModel, modelsFolders } from "../src/ollama/model-source";
import { sameModel } from "../src/fit/model-name";
import { printMlxEstimate } from "./estimate-mlx";

const USAGE =
  "estimate <file.gguf | model name> [--num-ctx N per slot] [--parallel N] [--kv-type T] [--flash-attention on|off] [--batch N] [--runtime b10488|v0.5.0] [--draft-num-predict N] [--limit GiB] [--json]; or " +
  "estimate <folder | model name> --runner mlx [--tokens N] [--generated N] [--prefill-step N] [--chip M4] [--limit GiB] [--json]";

/** The safety margin llama.cpp keeps free beside the model. */
const MARGIN = GIB;

interface Source {
  readonly metadata: ModelMetadata;
  readonly projectorBytes: number;
  readonly notes: readonly string[];
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "num-ctx": { type: "string" },
      parallel: { type: "string" },
      "kv-type": { type: "string" },
      "flash-attention": { type: "string" },
      batch: { type: "string" },
      runtime: { type: "string" },
      "draft-num-predict": { type: "string" },
      limit: { type: "string" },
      runner: { type: "string" },
      tokens: { type: "string" },
      generated: { type: "string" },
      "prefill-step": { type: "string" },
      chip: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const [target] = positionals;
  if (target === undefined) throw new Error(`Usage: ${USAGE}`);
  const limit = values.limit === undefined ? undefined : parseGib(values.limit);
  if (values.limit !== undefined && limit === undefined) throw new Error("--limit takes GiB, such as 51.84");
  if (choice(values.runner, ["llamacpp", "mlx"] as const, "--runner") === "mlx") {
    return printMlxEstimate(target, {
      tokens: count(values.tokens, "--tokens"),
      generated: values.generated === "0" ? 0 : count(values.generated, "--generated"),
      prefillStep: count(values["prefill-step"], "--prefill-step"),
      chip: values.chip,
      limitBytes: limit,
      json: values.json === true,
    });
  }
  const { metadata, projectorBytes, notes } = await read(target);
  const trained = trainedContext(metadata);
  const numCtx = count(values["num-ctx"], "--num-ctx") ?? Math.min(8192, trained ?? 8192);
  const parallel = count(values.parallel, "--parallel") ?? 1;
  const batch = count(values.batch, "--batch");
  const draftText = values["draft-num-predict"];
  const drafted = draftText === "0" ? undefined : count(draftText, "--draft-num-predict");
  const at = (context: number): RunSettings => ({
    numCtx: context,
    parallel,
    kvCacheType: choice(values["kv-type"], KV_CACHE_TYPES, "--kv-type") ?? "f16",
    flashAttention: choice(values["flash-attention"], ["auto", "on", "off"] as const, "--flash-attention") ?? "auto",
    batch: batch ?? automaticBatch(undefined, context * parallel, undefined),
    runtime: choice(values.runtime, RUNTIMES, "--runtime") ?? "v0.5.0",
    draftNumPredict: drafted,
  });
  const settings = at(numCtx);
  const sum = estimate(metadata, settings, { projectorBytes });
  if (values.json) {
    const architecture = metadata.values.get("general.architecture");
    const terms =
      sum.kind === "known"
        ? { ...bytesOf(sum), unknown: null }
        : {
            weights: null,
            kvCache: null,
            recurrentState: null,
            compute: null,
            projector: null,
            projectorCompute: null,
            total: null,
            uncertainty: null,
            unknown: sum.reason,
          };
    console.log(JSON.stringify({ architecture: architecture ?? null, settings, ...terms }, null, 2));
    return;
  }
  if (sum.kind === "unknown") {
    console.log(`Unknown: ${sum.reason}`);
    return;
  }
  printTable(sum, settings);
  for (const note of notes) console.log(note);
  if (limit !== undefined) {
    const most = largestContext(limit, trained ?? 2 ** 20, (context) =>
      estimate(metadata, at(context), { projectorBytes }),
    );
    console.log(
      most === undefined
        ? `\nUnder ${formatBytes(limit, 2)} with 1 GiB margin it does not fit at any context.`
        : `\nUnder ${formatBytes(limit, 2)} with 1 GiB margin it fits up to ${formatContext(most)} tokens a slot.`,
    );
  }
}

function bytesOf(sum: KnownEstimate) {
  const { weights, kvCache, recurrentState, compute, projector, projectorCompute, total, uncertainty } = sum;
  return { weights, kvCache, recurrentState, compute, projector, projectorCompute, total, uncertainty };
}

function printTable(sum: KnownEstimate, settings: RunSettings): void {
  const rows: [string, string][] = [
    ["Architecture", sum.architecture],
    ["Context", `${formatContext(settings.numCtx)} x ${settings.parallel} slot${settings.parallel === 1 ? "" : "s"}`],
    ["KV cache type", settings.kvCacheType],
    ["Flash attention", settings.flashAttention],
    ["Batch", String(settings.batch)],
    ["Runtime", `llama.cpp ${settings.runtime}`],
    ...(settings.draftNumPredict ? [["Drafted tokens", String(settings.draftNumPredict)] as [string, string]] : []),
    ["Weights", formatBytes(sum.weights, 2)],
    ["KV cache", formatBytes(sum.kvCache, 2)],
    ["Recurrent state", formatBytes(sum.recurrentState, 2)],
    ["Compute", `${formatBytes(sum.compute, 2)} ± ${formatBytes(sum.uncertainty)}`],
    ["Projector", formatBytes(sum.projector, 2)],
    ["Images", `${formatBytes(sum.projectorCompute, 2)}, about`],
    ["Total", `${formatBytes(sum.total, 2)} (without the 1 GiB margin)`],
  ];
  for (const [title, text] of rows) console.log(`${title.padEnd(16)} ${text}`);
}

function largestContext(
  limit: number,
  upTo: number,
  at: (context: number) => ReturnType<typeof estimate>,
): number | undefined {
  for (let context = Math.floor(upTo / CONTEXT_STEP) * CONTEXT_STEP; context > 0; context -= CONTEXT_STEP) {
    const sum = at(context);
    if (sum.kind === "known" && sum.total + sum.uncertainty + MARGIN <= limit) return context;
  }
  return undefined;
}

async function read(target: string): Promise<Source> {
  const isFile = await access(target).then(
    () => true,
    () => false,
  );
  if (isFile || /\.gguf$/i.test(target)) {
    const { metadata, parts } = await readModelFile(target);
    const missing = parts.reduce((sum, part) => sum + (part.layout?.missingBytes ?? 0), 0);
    const notes = missing > 0 ? [`The file misses ${formatBytes(missing)} of its tensors; they are counted.`] : [];
    return { metadata, projectorBytes: 0, notes };
  }
  const host = parseHost(process.env["OLLAMA_HOST"] ?? "127.0.0.1:11434", { hostname: "", addresses: [] });
  if (host.kind === "invalid") throw new Error(host.reason);
  const client = createOllamaClient({ url: host.url, fetch: globalThis.fetch });
  const model = (await client.models()).find(({ name }) => sameModel(name, target));
  if (model === undefined) throw new Error(`There is no file and no installed model called ${target.slice(0, 200)}.`);
  const description = await describeModel({
    client,
    model,
    isLocal: host.own !== undefined,
    modelsFolders: modelsFolders(homedir(), process.env),
    needsArrays,
  });
  const projectorBytes = description.projectors.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const unread = description.projectors.filter(({ bytes }) => bytes === undefined).length;
  return {
    metadata: description.metadata,
    projectorBytes,
    notes: unread > 0 ? ["Its vision projector could not be read and is not counted."] : [],
  };
}

function trainedContext({ values }: ModelMetadata): number | undefined {
  const value = values.get(`${String(values.get("general.architecture"))}.context_length`);
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function count(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${option} takes a whole number above 0.`);
  return Number(text);
}

function choice<T extends string>(text: string | undefined, known: readonly T[], option: string): T | undefined {
  if (text === undefined) return undefined;
  const found = known.find((value) => value === text);
  if (found === undefined) throw new Error(`${option} takes one of ${known.join(", ")}.`);
  return found;
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  console.error(message.split("\n")[0]);
  process.exitCode = 1;
});
