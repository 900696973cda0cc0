import { useEffect, useMemo, useRef, useState } from "react";
import type { LoadedModel } from "../../fit/facts";
import { withListedDigests } from "../../fit/model-builds";
import { withRealSize } from "../../fit/loaded-size";
import { type AppFootprint, readLargestApps } from "../../mac/apps";
import {
  type KernelStatus,
  type MemoryStatus,
  type MemoryUse,
  readKernelStatus,
  readMemoryUse,
} from "../../mac/memory-status";
import type { Settings } from "../../app/preferences";
import { appleSilicon, hostOf } from "../../app/snapshot";
import { createOllamaClient } from "../../ollama/client";
import { type FitList, type FitRow, useFitList } from "../shared/use-fit-list";
import { usePolled } from "./use-polled";
import { getSystem } from "../../app/system";

/** The kernel's values are one quick program, the server's list none: with the others, 18 programs a minute. */
const STATUS_MS = 5_000;
/** Two programs, also asked whenever a model comes or goes or the pressure changes. */
const USE_MS = 30_000;
/** Two programs; `top` takes a second of work each time. */
const APPS_MS = 60_000;

/** The models that Ollama has loaded, or why that is not known. */
export type LoadedState =
  | { readonly kind: "read"; readonly models: readonly LoadedModel[] }
  | { readonly kind: "failed"; readonly reason: string };

/** Memory as last read; each part is absent until it was read once. */
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
  const kernel = usePolled(readKernel, STATUS_MS);
  const use = usePolled(readUse, USE_MS);
  const loaded = usePolled(() => readLoaded(settings), STATUS_MS);
  const apps = usePolled(readApps, APPS_MS);
  useSnapshotWatch(list, kernel.data?.overrideMib, loaded.data);
  useOnChange(whatRuns(kernel.data, loaded.data), use.refresh);

  const isComplete = !list.isLoading && Boolean(snapshot && kernel.data && use.data && loaded.data && apps.data);
  const [wasComplete, setWasComplete] = useState(false);
  useEffect(() => {
    if (isComplete) setWasComplete(true);
  }, [isComplete]);
  const refreshUse = () => {
    kernel.refresh();
    use.refresh();
    loaded.refresh();
    apps.refresh();
  };
  return {
    list,
    status: useMemo(
      () => (kernel.data && use.data ? { ...kernel.data, ...use.data } : undefined),
      [kernel.data, use.data],
    ),
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

/** What the figures of memory use follow from; undefined until all of it was read. */
function whatRuns(kernel: KernelStatus | undefined, loaded: LoadedState | undefined): string | undefined {
  if (kernel === undefined || loaded === undefined) return undefined;
  const models = loaded.kind === "read" ? loaded.models.map(({ digest, sizeBytes }) => [digest, sizeBytes]) : [];
  return JSON.stringify([kernel.pressure, models]);
}

/** Does something whenever a value changes, but not when it's there for the first time. */
function useOnChange(value: string | undefined, work: () => void): void {
  const before = useRef<string>(undefined);
  useEffect(() => {
    if (before.current !== undefined && value !== before.current) work();
    before.current = value;
  }, [value, work]);
}

async function readKernel(): Promise<KernelStatus> {
  const system = getSystem();
  return system.platform === "darwin" ? readKernelStatus(system) : {};
}

async function readUse(): Promise<MemoryUse> {
  const system = getSystem();
  return system.platform === "darwin" ? readMemoryUse(system) : {};
}

async function readLoaded(settings: Settings): Promise<LoadedState> {
  const system = getSystem();
  const host = hostOf(system, settings);
  if (host.kind === "invalid") return { kind: "failed", reason: host.reason };
  const client = createOllamaClient({ url: host.url, fetch: system.fetch });
  try {
    const [loaded, models] = await Promise.all([client.loaded(), client.models()]);
    return { kind: "read", models: withListedDigests(loaded, models) };
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
