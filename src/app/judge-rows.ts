import type { DescriptionResult, InstalledModel, LoadedModel } from "../fit/facts";
import { heldByPrograms } from "../fit/gpu-held";
import { withRealSize } from "../fit/loaded-size";
import { buildKey } from "../fit/model-builds";
import { sameModel } from "../fit/model-name";
import { loadedBeside } from "../fit/model-files";
import type { JudgeOptions } from "../fit/run-input";
import { withRealLoads } from "../fit/ram";
import { rulesOf } from "../fit/runners";
import type { Steps } from "../fit/steps";
import { judge, type JudgeInput, type Verdict } from "../fit/verdict";
import { appleSilicon, type Snapshot } from "./snapshot";

/** One installed model with everything its row shows; `verdict` is absent while its metadata is being read. */
export interface FitRow {
  readonly model: InstalledModel;
  readonly input?: JudgeInput;
  readonly verdict?: Verdict;
  /** The build of the same name that another engine runs, where it's installed and described. */
  readonly sibling?: JudgeInput;
}

export type Descriptions = ReadonlyMap<string, DescriptionResult>;

/** Models being judged, one step each. */
export interface Judging {
  /** Ends with all rows. */
  readonly steps: Steps<readonly FitRow[]>;
  /** The rows as far as they're judged. */
  readonly rows: () => readonly FitRow[];
}

/** What a model is judged by, and the row that came of it. */
interface Entry {
  readonly settings: string;
  readonly own: string;
  readonly description: DescriptionResult;
  readonly row: FitRow;
}

/**
 * Judges the models of a snapshot, each once for what its verdict rests on: a row whose model, metadata, settings and limit
 * are what they were keeps its verdict, and is the same object. So a list of n models is n judgings, however often metadata
 * comes in or the snapshot is read again.
 *
 * @param judgeModel the verdict; tests count it
 */
export function rowJudge(judgeModel: (input: JudgeInput) => Verdict = judge) {
  let kept = new Map<string, Entry>();
  const unjudged = new WeakMap<InstalledModel, FitRow>();
  const paired = new WeakMap<FitRow, FitRow>();

  return (snapshot: Snapshot, descriptions: Descriptions, options: JudgeOptions): Judging => {
    const described = snapshot.models
      .filter((model) => !model.cloud)
      .map((model) => ({ model, description: descriptions.get(model.digest) }));
    const shared = {
      server: snapshot.server,
      limit: snapshot.limit,
      highestLimitMib: snapshot.advice?.highestMib,
      // Another machine doesn't tell its own.
      chip: snapshot.isLocal ? appleSilicon(snapshot.machine)?.chip : undefined,
      options,
    };
    const requestsOf = ({ digest }: InstalledModel): Pick<JudgeInput, "peaks" | "cuts"> => {
      const { peaks, cuts } = snapshot.requests?.find((each) => each.digest === digest) ?? {};
      return { peaks, cuts };
    };
    const loaded = snapshot.loaded.map((resident) => {
      const row = described.find(({ model: { digest } }) => digest === resident.digest);
      return withRealSize(
        resident,
        row?.description && { ...row, description: row.description, ...shared, ...requestsOf(row.model) },
      );
    });
    const beside = loadedBeside(loaded, described);
    const programsGpuBytes = heldByOthers(snapshot, loaded);
    const ram = snapshot.ram && withRealLoads(snapshot.ram, loaded);
    const settings = JSON.stringify([shared, ram, programsGpuBytes]);
    const works = described.map(({ model, description }) => {
      const facts = { loaded: beside(model), ...requestsOf(model) };
      return { key: buildKey(model), model, description, facts, own: JSON.stringify([model, facts]) };
    });
    const entryOf = ({ key, description, own }: (typeof works)[number]): Entry | undefined => {
      const entry = kept.get(key);
      const isSame = entry?.description === description && entry?.own === own && entry.settings === settings;
      return isSame ? entry : undefined;
    };
    const rows = (): readonly FitRow[] => {
      const all = works.map((work) => entryOf(work)?.row ?? unjudgedRow(work.model));
      return all.map((row) => withSibling(row, all));
    };
    function* steps(): Steps<readonly FitRow[]> {
      for (const work of works) {
        const { key, model, description, facts, own } = work;
        if (description === undefined || entryOf(work)) continue;
        const input = { model, description, ram, programsGpuBytes, ...shared, ...facts };
        kept.set(key, { settings, own, description, row: { model, input, verdict: judgeModel(input) } });
        yield;
      }
      const keys = new Set(works.map(({ key }) => key));
      kept = new Map([...kept].filter(([key]) => keys.has(key)));
      return rows();
    }
    return { steps: steps(), rows };
  };

  /** The same object as before while its model is the same. */
  function unjudgedRow(model: InstalledModel): FitRow {
    const row = unjudged.get(model) ?? { model };
    unjudged.set(model, row);
    return row;
  }

  /** The same object as before where nothing of either build has changed. */
  function withSibling(row: FitRow, rows: readonly FitRow[]): FitRow {
    const sibling = siblingOf(row.model, rows)?.input;
    if (sibling === undefined) return row;
    const before = paired.get(row);
    const pair = before?.sibling === sibling ? before : { ...row, sibling };
    paired.set(row, pair);
    return pair;
  }
}

/**
 * GPU memory that other programs hold, in bytes. An MLX runner's cache grows beyond what the server counts: beside one it
 * can't be told whose memory it is.
 */
export function heldByOthers(
  { gpuAllocatedBytes, models }: Pick<Snapshot, "gpuAllocatedBytes" | "models">,
  loaded: readonly LoadedModel[],
): number | undefined {
  const isMlx = ({ digest }: LoadedModel) =>
    models.some((one) => one.digest === digest && one.format === "safetensors");
  return gpuAllocatedBytes === undefined || loaded.some(isMlx) ? undefined : heldByPrograms(gpuAllocatedBytes, loaded);
}

/** Of two builds of one name the other one, where another engine runs it. */
function siblingOf(model: InstalledModel, rows: readonly FitRow[]): FitRow | undefined {
  if (!model.sharesName) return undefined;
  const { engine } = rulesOf(model);
  return rows.find(({ model: other }) => sameModel(other.name, model.name) && rulesOf(other).engine !== engine);
}
