import type { InstalledModel, LoadedModel } from "../fit/facts";
import { heldByPrograms } from "../fit/gpu-held";
import { withRealSize } from "../fit/loaded-size";
import { buildKey } from "../fit/model-builds";
import { sameModel } from "../fit/model-name";
import { loadedBeside } from "../fit/model-files";
import type { JudgeOptions } from "../fit/run-settings";
import { withRealLoads } from "../fit/ram";
import { rulesOf } from "../fit/runners";
import { type DescriptionResult, judge, type JudgeInput, type Verdict } from "../fit/verdict";
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

/**
 * Judges the models of a snapshot, each once for what its verdict rests on: a row whose model, metadata, settings and limit
 * are what they were keeps its verdict, and is the same object. So a list of n models is n judgings, however often metadata
 * comes in or the snapshot is read again.
 *
 * @param judgeModel the verdict; tests count it
 */
export function rowJudge(judgeModel: (input: JudgeInput) => Verdict = judge) {
  let kept = new Map<string, { readonly on: string; readonly description: DescriptionResult; readonly row: FitRow }>();

  const paired = new WeakMap<FitRow, FitRow>();

  return (snapshot: Snapshot, descriptions: Descriptions, options: JudgeOptions): readonly FitRow[] => {
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
    const next: typeof kept = new Map();
    const rows = described.map(({ model, description }): FitRow => {
      if (description === undefined) return { model };
      const loaded = beside(model);
      const requests = requestsOf(model);
      const on = `${settings}\n${JSON.stringify([model, loaded, requests])}`;
      const key = buildKey(model);
      const before = kept.get(key);
      const entry =
        before?.on === on && before.description === description
          ? before
          : {
              on,
              description,
              row: judged({ model, description, loaded, ram, programsGpuBytes, ...shared, ...requests }),
            };
      next.set(key, entry);
      return entry.row;
    });
    kept = next;
    return rows.map((row) => withSibling(row, rows));
  };

  /** The same object as before where nothing of either build has changed. */
  function withSibling(row: FitRow, rows: readonly FitRow[]): FitRow {
    const sibling = siblingOf(row.model, rows)?.input;
    if (sibling === undefined) return row;
    const before = paired.get(row);
    const pair = before?.sibling === sibling ? before : { ...row, sibling };
    paired.set(row, pair);
    return pair;
  }

  function judged(input: JudgeInput): FitRow {
    return { model: input.model, input, verdict: judgeModel(input) };
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
