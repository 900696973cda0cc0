/**
 * What a model takes: `npm run -s estimate -- NAME|FILE`, by the words and the defaults of Fit Models to GPU Limit; with
 * `--runner mlx` also of a folder, in the terms of MLX.
 */
import { parseArgs } from "node:util";
import { readMachine } from "../src/mac/machine";
import { getSystem, type System } from "../src/app/system";
import { limitInForce } from "../src/fit/limit-policy";
import type { ModelRunner } from "../src/fit/model-runner";
import { RUNNERS } from "../src/fit/runners";
import { parseAmount } from "../src/fit/units";
import { KV_CACHE_TYPES, RUNTIMES } from "../src/memory/settings";
import { listedEstimate, rowJson, rowText } from "./estimate-listed";
import { printMlxEstimate } from "./estimate-mlx";

const USAGE =
  "estimate <file.gguf | model name> [--num-ctx N per slot] [--parallel N] [--kv-type T] [--flash-attention on|off] [--batch N] [--runtime b10488|v0.5.0] [--draft-num-predict N] [--limit GiB] [--runner R] [--json]; or " +
  "estimate <folder | model name> --runner mlx [--tokens N] [--generated N] [--prefill-step N] [--chip M4] [--limit GiB] [--json]. " +
  "What isn't given is what the list of models would take here, with Raycast's preferences unset.";

/** Options that only one kind of runner looks at: an answer that ignores one would be of something else. */
const OF_LLAMA = [
  "num-ctx",
  "parallel",
  "kv-type",
  "flash-attention",
  "batch",
  "runtime",
  "draft-num-predict",
] as const;
const OF_MLX = ["tokens", "generated", "prefill-step", "chip"] as const;

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
  if (target === undefined || positionals.length > 1) throw new Error(`Usage: ${USAGE}`);
  const system = getSystem();
  const limitBytes = values.limit === undefined ? undefined : parseAmount(values.limit);
  if (values.limit !== undefined && limitBytes === undefined) throw new Error("--limit takes GiB, such as 51.84");
  const runner = choice(values.runner, Object.keys(RUNNERS) as ModelRunner[], "--runner");
  const isMlx = runner === "mlx";
  const idle = (isMlx ? OF_LLAMA : OF_MLX).find((option) => values[option] !== undefined);
  if (idle !== undefined) throw new Error(`--${idle} ${isMlx ? "decides nothing with" : "is for"} --runner mlx.`);
  if (isMlx) {
    const mac = await thisMac(system);
    return printMlxEstimate(target, {
      tokens: count(values.tokens, "--tokens"),
      generated: orNone(values.generated, "--generated"),
      prefillStep: count(values["prefill-step"], "--prefill-step"),
      chip: values.chip ?? mac.chip,
      limitBytes: limitBytes ?? mac.limitBytes,
      json: values.json === true,
    });
  }
  const { rows, notes } = await listedEstimate(system, target, {
    context: count(values["num-ctx"], "--num-ctx"),
    settings: {
      parallel: count(values.parallel, "--parallel"),
      kvCacheType: choice(values["kv-type"], KV_CACHE_TYPES, "--kv-type"),
      flashAttention: choice(values["flash-attention"], ["auto", "on", "off"] as const, "--flash-attention"),
      batch: count(values.batch, "--batch"),
      runtime: choice(values.runtime, RUNTIMES, "--runtime"),
      draftNumPredict: orNone(values["draft-num-predict"], "--draft-num-predict"),
    },
    limitBytes,
    runner,
  });
  if (values.json) {
    const answers = rows.map(rowJson);
    console.log(JSON.stringify(answers.length === 1 ? answers[0] : answers, null, 2));
  } else console.log([...rows.map(rowText), ...notes].join("\n\n"));
}

/** Chip and limit of this Mac; none anywhere else. */
async function thisMac(system: System): Promise<{ readonly chip?: string; readonly limitBytes?: number }> {
  const machine = await readMachine(system);
  const limit = limitInForce(machine);
  return {
    chip: machine.kind === "apple-silicon" ? machine.chip : undefined,
    limitBytes: limit.kind === "known" ? limit.bytes : undefined,
  };
}

function orNone(text: string | undefined, option: string): number | undefined {
  return text === "0" ? 0 : count(text, option);
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
