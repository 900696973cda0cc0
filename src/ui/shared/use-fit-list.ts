import { useCachedPromise, usePromise } from "@raycast/utils";
import { useMemo, useRef, useState } from "react";
import type { InstalledModel, LoadedModel } from "../../fit/facts";
import type { JudgeOptions } from "../../fit/run-settings";
import { modelFiles } from "../../fit/model-files";
import { type DescriptionResult, judge, type JudgeInput, type Verdict } from "../../fit/verdict";
import { modelsFolders } from "../../ollama/model-source";
import { readSettings, type Settings } from "../../app/preferences";
import { readDescriptions } from "../../app/read-descriptions";
import { connect, readSnapshot, type Snapshot } from "../../app/snapshot";
import { getSystem } from "../../app/system";

/** One installed model with everything its row shows; `verdict` is absent while its metadata is being read. */
export interface FitRow {
  readonly model: InstalledModel;
  readonly input?: JudgeInput;
  readonly verdict?: Verdict;
}

export interface FitList {
  readonly settings: Settings;
  readonly snapshot?: Snapshot;
  readonly rows: readonly FitRow[];
  /** Was read since the view was opened. Until then `snapshot` is what was kept of the last time. */
  readonly isFresh: boolean;
  readonly isLoading: boolean;
  readonly refresh: () => void;
  /** Reads the Mac and the server again, but the metadata of new models only. */
  readonly readSnapshotAgain: () => void;
}

const snapshotOf = (settings: Settings) => readSnapshot(getSystem(), settings);

/** The Mac and the server, the last answer first. */
export function useSnapshot(settings: Settings) {
  return useCachedPromise(snapshotOf, [settings], { keepPreviousData: true });
}

/** Installed models with their verdicts: rows at once, verdicts as the metadata comes in. */
export function useFitList(context?: JudgeOptions["context"]): FitList {
  const settings = useMemo(readSettings, []);
  const { data: snapshot, isLoading, revalidate } = useSnapshot(settings);
  const isFresh = useRef(false);
  isFresh.current ||= !isLoading;
  const { descriptions, isReading, readAgain } = useDescriptions(snapshot, settings);
  const options = useMemo(
    () => (context === undefined ? settings.judge : { ...settings.judge, context }),
    [settings, context],
  );
  const rows = useMemo(
    () => (snapshot ? judgeAll(snapshot, descriptions, options) : []),
    [snapshot, descriptions, options],
  );
  return {
    settings,
    snapshot,
    rows,
    isFresh: isFresh.current,
    isLoading: isLoading || isReading,
    refresh: () => {
      // Tries again what could not be read.
      void readAgain();
      revalidate();
    },
    readSnapshotAgain: revalidate,
  };
}

function judgeAll(
  snapshot: Snapshot,
  descriptions: ReadonlyMap<string, DescriptionResult>,
  options: JudgeOptions,
): readonly FitRow[] {
  const described = snapshot.models
    .filter((model) => !model.cloud)
    .map((model) => ({
      model,
      description:
        model.format === "safetensors"
          ? ({ kind: "unreadable", reason: "MLX models have no GGUF metadata." } as const)
          : descriptions.get(model.digest),
    }));
  const loadedBeside = withSharedFiles(snapshot.loaded, described);
  return described.map(({ model, description }) => {
    if (description === undefined) return { model };
    const input: JudgeInput = {
      model,
      description,
      server: snapshot.server,
      limit: snapshot.limit,
      highestLimitMib: snapshot.advice ? snapshot.advice.highestMib : undefined,
      loaded: loadedBeside(model),
      options,
    };
    return { model, input, verdict: judge(input) };
  });
}

/** What is loaded, as it stands to one model: which of it runs that model's own file. */
function withSharedFiles(
  loaded: readonly LoadedModel[],
  all: readonly { readonly model: InstalledModel; readonly description: DescriptionResult | undefined }[],
): (model: InstalledModel) => readonly LoadedModel[] {
  if (loaded.length === 0) return () => loaded;
  const known = all.flatMap(({ model, description }) => (description === undefined ? [] : [{ model, description }]));
  const labels = modelFiles(known);
  const files = new Map(known.map(({ model }, index) => [model.digest, labels[index]]));
  return ({ digest }) =>
    loaded.map((resident) =>
      resident.digest !== digest && files.has(digest) && files.get(resident.digest) === files.get(digest)
        ? { ...resident, sharesFile: true }
        : resident,
    );
}

/** Metadata of the models. What is known stays on screen while it is read again. */
function useDescriptions(snapshot: Snapshot | undefined, settings: Settings) {
  const [descriptions, setDescriptions] = useState<ReadonlyMap<string, DescriptionResult>>(new Map());
  const abortable = useRef<AbortController>(null);
  const read = async (models: Snapshot["models"], url: string | undefined, isLocal: boolean, using: Settings) => {
    const system = getSystem();
    const client = connect(system, using);
    const signal = abortable.current?.signal;
    if (url === undefined || client === undefined || signal === undefined) return;
    await readDescriptions(models, {
      client,
      url,
      isLocal,
      modelsFolders: modelsFolders(system.homeFolder, system.env, using.modelsFolder),
      signal,
      onProgress: (known) => setDescriptions((before) => new Map([...before, ...known])),
    });
  };
  const { models = [], url, isLocal = false } = snapshot ?? {};
  const { isLoading: isReading, revalidate } = usePromise(read, [models, url, isLocal, settings], {
    abortable,
    execute: snapshot !== undefined,
  });
  return { descriptions, isReading, readAgain: revalidate };
}
