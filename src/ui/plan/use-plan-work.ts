import { usePromise } from "@raycast/utils";
import type { ReactNode } from "react";
import { localStorage } from "../../app/local-storage";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import type { Journal } from "../../apply/journal";
import { readJournal } from "../../apply/journal-store";
import { sameBuild } from "../../fit/model-builds";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { type FitRow, useFitList } from "../shared/use-fit-list";
import type { AskedBuilds } from "./ask-for-builds";
import { usePlan } from "./use-plan";

/** The model that a view of its plan was opened for. */
export interface PlanProps {
  readonly row: FitRow;
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  /** Reads the list again from which the view was opened. */
  readonly refresh: () => void;
  /** Show GPU Memory, whose plans these may be: it comes from above, or the two views would import each other. */
  readonly memoryView: ReactNode;
  /** What was found out of the model before, in the view that this one was opened from. */
  readonly found?: AskedBuilds;
}

async function readLastChange(): Promise<Journal | undefined> {
  const kept = await readJournal(localStorage);
  return kept.kind === "journal" ? kept.journal : undefined;
}

interface Work extends PlanProps {
  /** What a load has just come to, where it failed for memory or spilled. */
  readonly failed?: FailedLoad;
}

/** The plan of a model and what carries it out. What was applied changes the plan, so it's read again while it's open. */
export function usePlanWork({
  row: opened,
  snapshot: openedIn,
  settings,
  refresh: refreshList,
  memoryView,
  found,
  failed,
}: Work) {
  const list = useFitList(opened.input?.options.context);
  const fresh = list.rows.find(({ model }) => sameBuild(model, opened.model));
  const row = fresh?.verdict ? fresh : opened;
  const snapshot = list.snapshot ?? openedIn;
  const state = usePlan(row, { rows: list.rows, snapshot }, { found, failed });
  const lastChange = usePromise(readLastChange, [], { onError: () => {} });
  return {
    title: row.model.name,
    state,
    isLoading: list.isLoading || (state?.isLoading ?? true),
    work: {
      row,
      rows: list.rows,
      snapshot,
      settings,
      lastChange: lastChange.data,
      memoryView,
      apps: state?.planned.apps,
      refresh: () => {
        list.refresh();
        state?.refresh();
        lastChange.revalidate();
        refreshList();
      },
    },
  };
}
