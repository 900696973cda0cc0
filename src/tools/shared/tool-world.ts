import { rowJudge, type FitRow } from "../../app/judge-rows";
import { leaveNotes } from "../../app/leave-notes";
import { readSettings, type Settings } from "../../app/preferences";
import { readDescriptions } from "../../app/read-descriptions";
import { connect, readSnapshot, type Snapshot } from "../../app/snapshot";
import { getSystem } from "../../app/system";
import { buildId, buildKey } from "../../fit/model-builds";
import { parseModelName, sameModel } from "../../fit/model-name";
import { runSteps } from "../../fit/steps";
import type { DescriptionResult, InstalledModel, LoadedModel } from "../../fit/facts";
import { modelPlaces } from "../../ollama/missing-files";
import { problemSentence, ToolRefusal } from "./refusal";
import { textGiven } from "./tool-input";

/** What a tool reads before it answers: the same as the screens show. */
export interface ToolWorld {
  readonly settings: Settings;
  readonly snapshot: Snapshot;
  readonly rows: readonly FitRow[];
}

/** Contexts that an assistant may ask for, in tokens. */
const LEAST_CONTEXT = 256;
const MOST_CONTEXT = 16 * 1024 * 1024;

/**
 * Reads the Mac, the server and its models, and judges these: at so many tokens, or at what really runs. With `model` the
 * metadata of that one alone is read. @throws ToolRefusal where the server doesn't answer, or where there's no such model
 */
export async function readToolWorld(given?: number | null, model?: string): Promise<ToolWorld> {
  // Some assistants send null for what they leave out.
  const context = given ?? undefined;
  const settings = readSettings();
  const snapshot = await readSnapshot(getSystem(), settings);
  const { state } = snapshot;
  if (state.kind !== "answering") throw new ToolRefusal("no-server", stateSentence(state));
  const options = context === undefined ? settings.judge : { ...settings.judge, context: checkedContext(context) };
  // What is loaded counts beside a model: its real size follows from its metadata.
  const wanted = model === undefined ? undefined : modelNamed(snapshot, model);
  const described = await describe(
    snapshot,
    settings,
    snapshot.models.filter(
      (each) => wanted === undefined || sameModel(each.name, wanted.name) || isLoaded(snapshot, each),
    ),
  );
  const rows = runSteps(rowJudge()(snapshot, described, options).steps);
  if (context === undefined && model === undefined) leaveNotes(snapshot, rows, settings.judge);
  return { settings, snapshot, rows };
}

/** What is loaded, with what it really takes: the same as Show GPU Memory shows. */
export async function readRealLoads(snapshot: Snapshot, settings: Settings): Promise<readonly LoadedModel[]> {
  const models = snapshot.models.filter((model) => isLoaded(snapshot, model));
  const described = await describe(snapshot, settings, models);
  const rows = runSteps(rowJudge()({ ...snapshot, models }, described, settings.judge).steps);
  return rows.find(({ input }) => input)?.input?.loaded ?? snapshot.loaded;
}

const isLoaded = ({ loaded }: Snapshot, model: InstalledModel): boolean =>
  loaded.some(({ digest }) => digest === model.digest);

async function describe(snapshot: Snapshot, settings: Settings, models: readonly InstalledModel[]) {
  const system = getSystem();
  const client = connect(system, settings);
  let known: ReadonlyMap<string, DescriptionResult> = new Map();
  if (client === undefined || snapshot.url === undefined) return known;
  await readDescriptions(models, {
    ...modelPlaces(system, settings.modelsFolder, snapshot),
    client,
    url: snapshot.url,
    signal: new AbortController().signal,
    onProgress: (all) => (known = all),
  });
  return known;
}

/** How the server is doing, in our own words. */
export function stateSentence(state: Snapshot["state"]): string {
  switch (state.kind) {
    case "answering":
      return "Ollama answers.";
    case "not-installed":
      return "Ollama isn't installed on this Mac.";
    case "not-running":
      return "Ollama isn't running.";
    case "elsewhere":
      return "Ollama runs at another address of this Mac than the one in the preferences (Ollama Host).";
    case "wrong-host":
      return problemSentence("not-ollama");
    case "failed":
      return problemSentence(state.problem ?? "http");
  }
}

function checkedContext(context: number): number {
  if (!Number.isSafeInteger(context) || context < LEAST_CONTEXT || context > MOST_CONTEXT) {
    throw new ToolRefusal("nothing-known", `The context has to be a whole number of tokens, ${LEAST_CONTEXT} or more.`);
  }
  return context;
}

/** The installed model that an assistant means, by the name that `list-models` gives it. @throws ToolRefusal */
function modelNamed({ models }: Pick<Snapshot, "models">, given: string): Snapshot["models"][number] {
  const text = textGiven(given);
  const [name = "", digest] = text.split("@");
  if (parseModelName(name) === undefined || (digest !== undefined && !/^[0-9a-f]{12,64}$/.test(digest))) {
    throw new ToolRefusal("not-a-name", "That isn't a model name that Ollama accepts. Take one from list-models.");
  }
  const local = models.filter(({ cloud }) => !cloud);
  const exact = local.filter((model) => buildId(model) === text || buildKey(model) === text);
  const found = exact.length > 0 ? exact : local.filter((model) => digest === undefined && sameModel(model.name, name));
  const [model] = found;
  if (model === undefined) {
    throw new ToolRefusal("no-such-model", `No model named ${name} is installed. list-models names those that are.`);
  }
  if (found.length > 1) {
    throw new ToolRefusal(
      "several-builds",
      `${name} has several builds: ${found.map(buildId).join(" and ")}. Name one.`,
    );
  }
  return model;
}

/** The row of that model. @throws ToolRefusal */
export function rowNamed({ snapshot, rows }: ToolWorld, name: string): FitRow {
  const model = modelNamed(snapshot, name);
  const row = rows.find((each) => each.model === model);
  if (row?.input === undefined || row.verdict === undefined) {
    throw new ToolRefusal("nothing-known", `The metadata of ${model.name} couldn't be read.`);
  }
  return row;
}
