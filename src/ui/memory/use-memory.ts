import { useEffect, useMemo, useRef, useState } from "react";
import type { LoadedModel } from "../../fit/facts";
import { withRealSize } from "../../fit/loaded-size";
import { type AppFootprint, readLargestApps } from "../../mac/apps";
import { type MemoryStatus, readMemoryStatus } from "../../mac/memory-status";
import { readLimitMib } from "../../mac/gpu-limit";
import type { Settings } from "../../app/preferences";
import { appleSilicon, hostOf, type Snapshot } from "../../app/snapshot";
import { createOllamaClient } from "../../ollama/client";
import { type FitList, type FitRow, useFitList } from "../shared/use-fit-list";
import { usePolled } from "./use-polled";
import { getSystem } from "../../app/system";

const STATUS_MS = 5_000;
/** `top` takes a second of work each time. */
const APPS_MS = 15_000;

/** The models that Ollama has loaded, or why that is not known. */
export type LoadedState =
  | { readonly kind: "read"; readonly models: readonly LoadedModel[] }
  | { readonly kind: "failed"; readonly reason: string };

/** Memory as it stands; each part is absent until it was read for the first time. */
export interface Memory {
  readonly list: FitList;
  readonly status?: MemoryStatus;
  readonly loaded?: LoadedState;
  /** Empty where they could not be read. */
  readonly apps?: readonly AppFootprint[];
  /** Only until everything is there for the first time: what follows changes on screen without a sign of loading. */
  readonly isLoading: boolean;
  /** Reads everything again. */
  readonly refresh: () => void;
  /** Reads again what a model that was unloaded or an app that quit changes. */
  readonly refreshUse: () => void;
}

/** Everything Show GPU Memory shows, read again and again while the view is open. Each part keeps nobody waiting. */
export function useMemory(): Memory {
  const list = useFitList();
  const { snapshot, settings, rows } = list;
  const status = usePolled(() => readStatus(snapshot), STATUS_MS);
  const loaded = usePolled(() => readLoaded(settings), STATUS_MS);
  const apps = usePolled(readApps, APPS_MS);
  useSnapshotWatch(list, status.data?.overrideMib, loaded.data);

  const isComplete = !list.isLoading && Boolean(snapshot && status.data && loaded.data && apps.data);
  const [wasComplete, setWasComplete] = useState(false);
  useEffect(() => {
    if (isComplete) setWasComplete(true);
  }, [isComplete]);
  const refreshUse = () => {
    status.refresh();
    loaded.refresh();
    apps.refresh();
  };
  return {
    list,
    status: status.data ? status.data.memory : undefined,
    loaded: useMemo(() => withRealSizes(loaded.data, rows), [loaded.data, rows]),
    apps: apps.data,
    isLoading: !isComplete && !wasComplete,
    refresh: () => {
      list.refresh();
      refreshUse();
    },
    refreshUse,
  };
}

/**
 * Reading the limit with its source and the server with its settings takes a dozen programs, so it is done again only
 * when a small reading shows that they changed: once for each change.
 */
function useSnapshotWatch(list: FitList, overrideMib: number | undefined, loaded: LoadedState | undefined): void {
  const { snapshot, isLoading, readSnapshotAgain } = list;
  const seen = useRef("");
  const before = snapshot && appleSilicon(snapshot.machine)?.overrideMib;
  const limitChanged = overrideMib !== undefined && before !== undefined && overrideMib !== before;
  const answers = loaded?.kind === "read";
  const serverChanged = loaded !== undefined && snapshot && (snapshot.state.kind === "answering") !== answers;
  useEffect(() => {
    if (isLoading) return;
    const change = limitChanged || serverChanged ? `${overrideMib} ${answers}` : "";
    if (change !== "" && change !== seen.current) readSnapshotAgain();
    seen.current = change;
  }, [isLoading, limitChanged, serverChanged, overrideMib, answers]);
}

async function readStatus(snapshot: Snapshot | undefined) {
  const system = getSystem();
  if (system.platform !== "darwin") return { memory: {} };
  const hasLimit = snapshot && appleSilicon(snapshot.machine)?.overrideMib !== undefined;
  const [memory, overrideMib] = await Promise.all([
    readMemoryStatus(system),
    hasLimit ? readLimitMib(system) : undefined,
  ]);
  return { memory, overrideMib };
}

async function readLoaded(settings: Settings): Promise<LoadedState> {
  const system = getSystem();
  const host = hostOf(system, settings);
  if (host.kind === "invalid") return { kind: "failed", reason: host.reason };
  const client = createOllamaClient({ url: host.url, fetch: system.fetch });
  try {
    return { kind: "read", models: await client.loaded() };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What is loaded with what it really takes, as far as the models' metadata tells. */
function withRealSizes(loaded: LoadedState | undefined, rows: readonly FitRow[]): LoadedState | undefined {
  if (loaded?.kind !== "read") return loaded;
  const inputOf = ({ digest }: LoadedModel) => rows.find(({ model }) => model.digest === digest)?.input;
  return { ...loaded, models: loaded.models.map((model) => withRealSize(model, inputOf(model))) };
}

async function readApps(): Promise<readonly AppFootprint[]> {
  const system = getSystem();
  return system.platform === "darwin" ? readLargestApps(system) : [];
}
