import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { judgeMlx, type MlxJudgeInput, type MlxVerdict, usualContext } from "../src/fit/mlx-verdict";
import { MLX_VERDICT_TITLES, mlxBadgeText, mlxVerdictSentence } from "../src/fit/mlx-verdict-text";
import { parseModelName, sameModel } from "../src/fit/model-name";
import { SUM_TITLES, TERM_TITLES } from "../src/fit/sum-names";
import { formatBytes, formatCount } from "../src/fit/units";
import {
  estimateMlx,
  type KnownMlxEstimate,
  type MlxModel,
  openMlxModel,
  type MlxRun,
} from "../src/memory/mlx/estimate";
import { createOllamaClient } from "../src/ollama/client";
import { parseHost } from "../src/ollama/host";
import { readMlxManifest } from "../src/ollama/mlx-manifest";
import { describeMlxModel, type MlxDescription } from "../src/ollama/mlx-source";
import { modelsFolders } from "../src/ollama/model-source";
import { readSafetensorsFolder } from "../src/ollama/safetensors-folder";

export interface MlxQuestion {
  readonly tokens?: number;
  readonly generated?: number;
  readonly prefillStep?: number;
  readonly chip?: string;
  readonly limitBytes?: number;
  readonly json: boolean;
}

const TERMS = [
  "weights",
  "kvCache",
  "recurrentState",
  "cachePeak",
  "scratch",
  "constant",
  "savedStates",
  "low",
  "total",
  "high",
] as const satisfies readonly (keyof KnownMlxEstimate)[];

const TITLES: Readonly<Record<(typeof TERMS)[number], string>> = {
  weights: TERM_TITLES.weights,
  kvCache: TERM_TITLES.kvCache,
  recurrentState: TERM_TITLES.state,
  cachePeak: "Caches at Peak",
  scratch: TERM_TITLES.scores,
  constant: TERM_TITLES.working,
  savedStates: "Saved States",
  low: "At Least",
  total: SUM_TITLES.total,
  high: "At Most",
};

/** Prints what a folder or an installed model takes with MLX, and under a limit the verdict on it. */
export async function printMlxEstimate(target: string, question: MlxQuestion): Promise<void> {
  const description = await describe(target);
  const model = description.kind === "read" ? openMlxModel(description.files) : description;
  const tokens = question.tokens ?? (model.kind === "known" ? usualContext(model) : undefined);
  const run = {
    tokens: tokens ?? 1,
    generated: question.generated,
    prefillStep: question.prefillStep,
    chip: question.chip,
  };
  const sum = model.kind === "known" ? estimateMlx(model, run) : model;
  const cautions = description.kind === "read" ? description.cautions : [];
  const notes = [
    ...cautions,
    ...trainedNote(model, run),
    ...readerNote(model, description.isFolder ?? false),
    ...fusingNote(model, run),
  ];
  const verdict = (limitBytes: number): MlxVerdict =>
    model.kind === "known"
      ? judged(model, { ...run, limitBytes, weightsAboveBytes: description.weightsAboveBytes, cautions })
      : model;

  if (question.json) {
    const bytes = Object.fromEntries(TERMS.map((term) => [term, sum.kind === "known" ? sum[term] : null]));
    const unknown = sum.kind === "known" ? null : sum.reason;
    const judgement = question.limitBytes === undefined ? {} : asJson(verdict(question.limitBytes));
    const modelType = sum.kind === "known" ? sum.modelType : null;
    console.log(
      JSON.stringify({ modelType, tokens: tokens ?? null, ...bytes, cautions: notes, unknown, ...judgement }, null, 2),
    );
    return;
  }
  if (sum.kind === "unknown") {
    console.log(`Unknown: ${sum.reason}`);
    return;
  }
  const rows: [string, string][] = [
    ["Type", sum.modelType],
    ["Prompt", `${formatCount(run.tokens)} tokens`],
    ...TERMS.map((term): [string, string] => [TITLES[term], formatBytes(sum[term])]),
  ];
  for (const [title, text] of rows) console.log(`${title.padEnd(16)} ${text}`);
  for (const note of notes) console.log(note);
  if (question.limitBytes !== undefined) {
    const judgement = verdict(question.limitBytes);
    console.log(`\n${mlxBadgeText(judgement)}\n${mlxVerdictSentence(judgement)}`);
  }
}

function trainedNote(model: MlxModel | { readonly kind: "unknown" }, { tokens }: MlxRun): readonly string[] {
  const trained = model.kind === "unknown" ? undefined : model.shape.trainedContext;
  if (trained === undefined || tokens < trained) return [];
  return [`Ollama refuses prompts from ${formatCount(trained)} tokens on, the context it was trained with.`];
}

/** Types that Ollama and mlx-lm read a prompt with in ways of their own; the figures are Ollama's. */
const READ_IN_TWO_WAYS: ReadonlySet<string> = new Set(["glm4_moe_lite"]);

/** A folder is what mlx-lm runs, whose scores may be others. */
function readerNote(model: MlxModel | { readonly kind: "unknown" }, isFolder: boolean): readonly string[] {
  if (model.kind === "unknown" || !isFolder || !READ_IN_TWO_WAYS.has(model.shape.modelType)) return [];
  return [
    "These are the figures of Ollama. mlx-lm itself holds the scores of this type twice while it reads a prompt.",
  ];
}

/** The figures are those of an MLX that does what the chip can; what they'd be otherwise where that makes a difference. */
function fusingNote(model: MlxModel | { readonly kind: "unknown" }, run: MlxRun): readonly string[] {
  if (model.kind === "unknown" || run.chip === undefined) return [];
  const sum = estimateMlx(model, { ...run, isFusingUnsure: true });
  if (sum.kind === "unknown" || sum.scratch === sum.scratchRange.high) return [];
  const scores = formatBytes(sum.scratchRange.high, 2);
  return [`An MLX that doesn't fuse what an M5 can holds ${scores} of scores: --chip M4 gives its figures.`];
}

function judged(model: MlxModel, input: Omit<MlxJudgeInput, "model">): MlxVerdict {
  return judgeMlx({ model, ...input });
}

function asJson(verdict: MlxVerdict) {
  const known = verdict.kind !== "unknown";
  return {
    verdict: MLX_VERDICT_TITLES[verdict.kind],
    safeTokens: known ? verdict.safeTokens : null,
    possibleTokens: known ? verdict.possibleTokens : null,
  };
}

/** A folder, a model that Ollama keeps on this Mac, or one that its server lists. */
async function describe(target: string): Promise<MlxDescription & { readonly isFolder?: boolean }> {
  const found = await stat(target).catch(() => undefined);
  if (found?.isDirectory()) {
    return { ...(await readSafetensorsFolder(target)), weightsAboveBytes: 0, isFolder: true };
  }
  if (found !== undefined && target.includes("/")) {
    throw new Error("That's a file: an MLX model is a folder, with a config.json and safetensors files.");
  }
  if (parseModelName(target) === undefined) {
    throw new Error(`No folder and no installed model is called ${target.slice(0, 200)}.`);
  }
  const host = parseHost(process.env["OLLAMA_HOST"] ?? "127.0.0.1:11434", { hostname: "", addresses: [] });
  if (host.kind === "invalid") throw new Error(host.reason);
  const folders = modelsFolders(homedir(), process.env);
  const isLocal = host.own !== undefined;
  // The files of this Mac need no server.
  const kept = isLocal ? await readMlxManifest(target, folders) : undefined;
  if (kept?.kind === "read") return { ...kept, weightsAboveBytes: 0 };
  const client = createOllamaClient({ url: host.url, fetch: globalThis.fetch });
  const models = await client.models().catch((error: unknown) => {
    if (kept === undefined) throw error;
    return [];
  });
  const model = models.find(({ name, format }) => format === "safetensors" && sameModel(name, target));
  if (model !== undefined) return describeMlxModel({ client, model, isLocal, modelsFolders: folders });
  return {
    ...(kept ?? { kind: "unknown", reason: `The server has no MLX model called ${target.slice(0, 200)}.` }),
    weightsAboveBytes: 0,
  };
}
