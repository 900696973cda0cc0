import { access } from "node:fs/promises";
import { basename } from "node:path";
import { type FitRow, rowJudge } from "../src/app/judge-rows";
import { type Settings, USUAL_HOST } from "../src/app/preferences";
import { readDescriptions } from "../src/app/read-descriptions";
import { connect, readSnapshot, type Snapshot } from "../src/app/snapshot";
import type { System } from "../src/app/system";
import type { DescriptionResult, InstalledModel, ModelDescription, ServerFacts } from "../src/fit/facts";
import { largestFittingContext } from "../src/fit/largest-context";
import type { GpuLimit } from "../src/fit/limit-policy";
import { buildId, buildTitle } from "../src/fit/model-builds";
import { sameModel } from "../src/fit/model-name";
import type { ModelRunner } from "../src/fit/model-runner";
import type { JudgeOptions } from "../src/fit/run-input";
import { runSettings } from "../src/fit/run-settings";
import { trainedContextOf } from "../src/fit/run-context";
import { rulesOf, RUNNERS } from "../src/fit/runners";
import { runSteps } from "../src/fit/steps";
import { SIZE_ON_DISK, SUM_TITLES } from "../src/fit/sum-names";
import { formatBytes, formatContext } from "../src/fit/units";
import { knownNeed, marginBytes, needBytes, type Verdict } from "../src/fit/verdict";
import {
  badgeText,
  llamaTerms,
  noteLines,
  settingsOf,
  sumLines,
  termsOf,
  verdictSentence,
} from "../src/fit/verdict-text";
import { integerValue, stringValue } from "../src/memory/metadata";
import { readModelFile } from "../src/ollama/blob-source";
import { modelPlaces } from "../src/ollama/missing-files";

/** What is asked for in place of what Ollama would take; all of it may be absent. */
export interface ListedQuestion {
  readonly context?: number;
  readonly settings: NonNullable<JudgeOptions["asked"]>;
  readonly limitBytes?: number;
  readonly runner?: ModelRunner;
}

/** Where no limit is known, and so not what Ollama would take. */
const UNKNOWN_CONTEXT = 8192;

/**
 * What the list of Fit Models to GPU Limit says of a model, judged as it judges: of an installed one by its name, a row for
 * each build, or of a GGUF file as if it were installed here. Raycast's preferences count as unset. @throws Error where
 * there's no such file or model
 */
export async function listedEstimate(
  system: System,
  target: string,
  { context, settings: asked, limitBytes, runner }: ListedQuestion,
): Promise<{ readonly rows: readonly FitRow[]; readonly notes: readonly string[] }> {
  const isAsked = Object.values(asked).some((value) => value !== undefined) || context !== undefined;
  const settings: Settings = {
    host: system.env["OLLAMA_HOST"] ?? USUAL_HOST,
    judge: { context: context ?? "effective", asked: isAsked ? asked : undefined },
    faults: [],
  };
  const snapshot = withGiven(await readSnapshot(system, settings), limitBytes);
  const file = await fileAt(target);
  const models = file === undefined ? modelsCalled(target, snapshot, runner) : [file.model];
  const installed = file === undefined ? models : [];
  const known = new Map<string, DescriptionResult>(file === undefined ? [] : [[file.model.digest, file.description]]);
  const described = await describe([...installed, ...loadedModels(snapshot)], snapshot, system, settings);
  for (const [digest, description] of described) known.set(digest, description);
  const all = file === undefined ? snapshot : { ...snapshot, models: [...snapshot.models, file.model] };
  const rows = (judge: JudgeOptions) =>
    runSteps(rowJudge()(all, known, judge).steps).filter(({ model }) => models.includes(model));
  const found = rows(settings.judge);
  const notes = file?.note === undefined ? [] : [file.note];
  const isOpen = context === undefined && snapshot.limit.kind === "unknown" && found.some(lacksContext);
  if (!isOpen) return { rows: found, notes };
  const taken = `Nothing here tells Ollama's default context: ${formatContext(UNKNOWN_CONTEXT)} is taken. --limit or --num-ctx tells.`;
  return { rows: rows({ context: UNKNOWN_CONTEXT, asked: settings.judge.asked }), notes: [...notes, taken] };
}

/** A row as text: what the list, its detail and its tooltip say, by the same words. */
export function rowText({ model, input, verdict }: FitRow): string {
  if (input === undefined || verdict === undefined) return `${buildTitle(model)}\nUnknown`;
  const lines = (rows: readonly { readonly title: string; readonly text: string }[]) =>
    rows.map(({ title, text }) => `${title.padEnd(16)} ${text}`);
  return [
    [buildTitle(model), badgeText(verdict), verdictSentence(verdict)],
    lines(sumOf(verdict)),
    lines([
      ...(verdict.kind === "unknown" ? [] : noteLines(verdict)),
      ...(verdict.run === undefined ? [] : settingsOf(verdict.run)),
      ...largest(input, verdict),
      { title: SIZE_ON_DISK, text: formatBytes(model.sizeBytes) },
    ]),
  ]
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n");
}

/**
 * The same for programs, in bytes. `total` is the sum of the terms alone; `need` is what the screens call the total, with the
 * safety margin in it.
 */
export function rowJson({ model, verdict }: FitRow): object {
  const estimate = verdict?.estimate;
  const isMlx = verdict?.engine === "mlx";
  const llama = verdict === undefined || isMlx ? undefined : verdict.estimate;
  const mlx = isMlx ? verdict.estimate : undefined;
  const run = verdict === undefined || isMlx ? undefined : verdict.run;
  const need = verdict && (verdict.kind === "unknown" ? knownNeed(verdict) : needBytes(verdict));
  const limit = verdict === undefined || verdict.kind === "unknown" ? undefined : verdict.limit.bytes;
  return {
    name: model.name,
    architecture: llama?.architecture ?? mlx?.modelType ?? null,
    settings: run === undefined ? null : runSettings(run),
    weights: estimate?.weights ?? null,
    kvCache: estimate?.kvCache ?? null,
    recurrentState: estimate?.recurrentState ?? null,
    ...(isMlx
      ? { scratch: mlx?.scratch ?? null, constant: mlx?.constant ?? null, low: mlx?.low, high: mlx?.high }
      : {
          compute: llama?.compute ?? null,
          projector: llama?.projector ?? null,
          projectorCompute: llama?.projectorCompute ?? null,
          uncertainty: llama?.uncertainty ?? null,
        }),
    total: estimate?.total ?? null,
    margin: verdict === undefined || verdict.kind === "unknown" ? (run?.margin.value ?? null) : marginBytes(verdict),
    need: need ?? null,
    limit: limit ?? null,
    verdict: verdict === undefined ? null : badgeText(verdict),
    unknown: estimate === undefined && verdict?.kind === "unknown" ? verdict.reason : null,
  };
}

const lacksContext = ({ verdict }: FitRow) => verdict?.kind === "unknown" && verdict.run === undefined;

function sumOf(verdict: Verdict) {
  if (verdict.kind !== "unknown") return [...termsOf(verdict), ...sumLines(verdict)];
  const { estimate, run } = verdict;
  const need = knownNeed(verdict);
  if (estimate === undefined || run === undefined || need === undefined) return [];
  return [
    ...llamaTerms({ estimate, run }),
    { title: SUM_TITLES.total, text: `${formatBytes(need)} (margin included)` },
  ];
}

function largest(input: NonNullable<FitRow["input"]>, verdict: Verdict) {
  if (verdict.kind === "unknown" || "kind" in input.description) return [];
  const upTo = trainedContextOf(input.model, input.description) ?? 2 ** 20;
  const most = largestFittingContext(input, upTo);
  return [{ title: "Largest Context", text: most === undefined ? "none fits" : `${formatContext(most)} tokens` }];
}

/** What was read, with the limit that's given. Where no server answers, one with nothing set is supposed. */
function withGiven(read: Snapshot, limitBytes: number | undefined): Snapshot {
  const given: GpuLimit | undefined =
    limitBytes === undefined
      ? undefined
      : { kind: "known", bytes: Math.round(limitBytes), source: "stated", sourceText: "as given", estimated: false };
  return {
    ...read,
    limit: given ?? read.limit,
    server: read.state.kind === "answering" ? read.server : PLAIN_SERVER,
  };
}

const PLAIN_SERVER: ServerFacts = { identity: { kind: "terminal", pid: 0 }, runners: [] };

async function describe(
  models: readonly InstalledModel[],
  snapshot: Snapshot,
  system: System,
  settings: Settings,
): Promise<ReadonlyMap<string, DescriptionResult>> {
  const client = connect(system, settings);
  let known: ReadonlyMap<string, DescriptionResult> = new Map();
  if (client === undefined || snapshot.url === undefined || models.length === 0) return known;
  await readDescriptions(models, {
    ...modelPlaces(system, settings.modelsFolder, snapshot),
    client,
    url: snapshot.url,
    signal: new AbortController().signal,
    onProgress: (all) => (known = all),
  });
  return known;
}

/** What is loaded counts beside a model: its real size follows from its metadata. */
function loadedModels({ models, loaded }: Snapshot): readonly InstalledModel[] {
  return models.filter(({ digest }) => loaded.some((one) => one.digest === digest));
}

function modelsCalled(
  name: string,
  { state, models }: Snapshot,
  runner: ModelRunner | undefined,
): readonly InstalledModel[] {
  if (state.kind !== "answering") {
    throw new Error(`There is no file called ${name.slice(0, 200)}, and no Ollama server answers: ${state.kind}.`);
  }
  const exact = models.filter((model) => buildId(model) === name);
  const found = (exact.length > 0 ? exact : models.filter((model) => sameModel(model.name, name))).filter(
    (model) => runner === undefined || rulesOf(model).engine === RUNNERS[runner].engine,
  );
  if (found.length === 0) throw new Error(`There is no file and no installed model called ${name.slice(0, 200)}.`);
  return found;
}

interface FileModel {
  readonly model: InstalledModel;
  readonly description: ModelDescription;
  readonly note?: string;
}

/** A GGUF file as the model that Ollama would make of it; undefined where there's no such file. */
async function fileAt(path: string): Promise<FileModel | undefined> {
  const isFile = await access(path).then(
    () => true,
    () => false,
  );
  if (!isFile && !/\.gguf$/i.test(path)) return undefined;
  const { metadata, parts } = await readModelFile(path);
  const sizeBytes = parts.reduce((sum, { fileBytes = 0 }) => sum + fileBytes, 0);
  const missing = parts.reduce((sum, { layout }) => sum + (layout?.missingBytes ?? 0), 0);
  const architecture = stringValue(metadata, "general.architecture") ?? "";
  // Ollama's own rule (server/images.go, Capabilities).
  const isEmbedding = integerValue(metadata, `${architecture}.pooling_type`) !== undefined;
  const capabilities = isEmbedding ? ["embedding"] : ["completion"];
  return {
    note: missing > 0 ? `The file misses ${formatBytes(missing)} of its tensors; they are counted.` : undefined,
    model: {
      name: basename(path),
      digest: `file ${path}`,
      sizeBytes: sizeBytes + missing,
      format: "gguf",
      families: [],
      capabilities,
      cloud: false,
    },
    description: {
      metadata,
      metadataSource: "header",
      parameters: { unreadable: [] },
      capabilities,
      projectors: [],
      adapters: [],
      drafts: [],
    },
  };
}
