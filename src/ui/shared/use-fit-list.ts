import { usePromise } from "@raycast/utils";
import { useEffect, useMemo, useRef, useState } from "react";
import type { JudgeOptions } from "../../fit/run-input";
import { inSlices, oneSlice } from "../../app/in-slices";
import { type Descriptions, type FitRow, rowJudge } from "../../app/judge-rows";
import { modelPlaces } from "../../ollama/missing-files";
import { readSettings, type Settings } from "../../app/preferences";
import { leaveNotes } from "../../app/leave-notes";
import { readDescriptions } from "../../app/read-descriptions";
import { connect, readSnapshot, type Snapshot } from "../../app/snapshot";
import { storedSnapshot, storeSnapshot } from "../../app/stored-snapshot";
import { getSystem } from "../../app/system";

export type { FitRow } from "../../app/judge-rows";

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

const snapshotOf = async (settings: Settings): Promise<Snapshot> => {
  const snapshot = await readSnapshot(getSystem(), settings);
  storeSnapshot(settings, snapshot);
  return snapshot;
};

/** The Mac and the server, the last answer first: `useCachedPromise` would believe whatever an earlier version stored. */
function useSnapshot(settings: Settings) {
  const stored = useMemo(() => storedSnapshot(settings), [settings]);
  const { data = stored, ...rest } = usePromise(snapshotOf, [settings]);
  return { data, ...rest };
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
  const { rows, isJudging } = useJudgedRows(snapshot, descriptions, options);
  const isComplete = isFresh.current && !isLoading && !isReading && !isJudging;
  useEffect(() => {
    if (snapshot && isComplete) leaveNotes(snapshot, rows, settings.judge);
  }, [snapshot, rows, settings, isComplete]);
  return {
    settings,
    snapshot,
    rows,
    isFresh: isFresh.current,
    isLoading: isLoading || isReading || isJudging,
    refresh: () => {
      // Tries again what could not be read.
      void readAgain();
      revalidate();
    },
    readSnapshotAgain: revalidate,
  };
}

const NO_ROWS: readonly FitRow[] = [];

/**
 * Judges what a moment allows while the list is drawn, which is all of a list of usual length, and the rest between
 * drawings. Until then a row has no verdict: one that other settings gave would be wrong.
 */
function useJudgedRows(snapshot: Snapshot | undefined, descriptions: Descriptions, options: JudgeOptions) {
  const judgeRows = useMemo(() => rowJudge(), []);
  const judging = useMemo(() => {
    if (snapshot === undefined) return undefined;
    const { steps, rows } = judgeRows(snapshot, descriptions, options);
    const { done, value } = oneSlice(steps);
    return { steps, soFar: done ? value : rows(), all: done ? value : undefined };
  }, [snapshot, descriptions, options]);
  const [judged, setJudged] = useState<{ readonly of: unknown; readonly rows: readonly FitRow[] }>();
  useEffect(() => {
    if (judging === undefined || judging.all) return;
    const abort = new AbortController();
    inSlices(judging.steps, abort.signal).then(
      (rows) => setJudged({ of: judging, rows }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setJudged(() => {
          throw error;
        });
      },
    );
    return () => abort.abort();
  }, [judging]);
  if (judging === undefined) return { rows: NO_ROWS, isJudging: false };
  const all = judging.all ?? (judged?.of === judging ? judged.rows : undefined);
  return { rows: all ?? judging.soFar, isJudging: all === undefined };
}

/**
 * What of a snapshot decides what's read of its models. The one that was kept and the one that's read behind it differ in
 * much else, and all would be read and judged twice.
 */
function whereToRead({ models, url, ...snapshot }: Snapshot, { modelsFolder }: Settings) {
  return { models, url, places: modelPlaces(getSystem(), modelsFolder, snapshot) };
}

/** Metadata of the models. What is known stays on screen while it is read again. */
function useDescriptions(snapshot: Snapshot | undefined, settings: Settings) {
  const [descriptions, setDescriptions] = useState<Descriptions>(new Map());
  const abortable = useRef<AbortController>(null);
  const read = async (of: ReturnType<typeof whereToRead> | undefined, using: Settings) => {
    const client = connect(getSystem(), using);
    const signal = abortable.current?.signal;
    if (of?.url === undefined || client === undefined || signal === undefined) return;
    await readDescriptions(of.models, {
      ...of.places,
      client,
      url: of.url,
      signal,
      onProgress: (known) => setDescriptions((before) => new Map([...before, ...known])),
    });
  };
  const { isLoading: isReading, revalidate } = usePromise(
    read,
    [snapshot && whereToRead(snapshot, settings), settings],
    {
      abortable,
      execute: snapshot !== undefined,
    },
  );
  return { descriptions, isReading, readAgain: revalidate };
}
