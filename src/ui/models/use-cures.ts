import { usePromise } from "@raycast/utils";
import { useRef, useState } from "react";
import { inSlices } from "../../app/in-slices";
import type { Snapshot } from "../../app/snapshot";
import { type Cures, curesInSteps } from "../../fit/plan/cures";
import { planInput } from "../plan/use-plan";
import type { FitRow } from "../shared/use-fit-list";

/** A row keeps its object while nothing that its verdict rests on changes. */
const known = new WeakMap<FitRow, Cures>();

/** What makes each model fit by hand, worked out beside the screen; a row without an entry isn't worked out yet. */
export function useCures(rows: readonly FitRow[], snapshot: Snapshot | undefined): (row: FitRow) => Cures | undefined {
  const [, setCount] = useState(0);
  const abortable = useRef<AbortController>(null);
  const work = async (judged: readonly FitRow[], now: Snapshot | undefined) => {
    const signal = abortable.current?.signal;
    if (now === undefined || signal === undefined) return;
    for (const row of judged) {
      const input = known.has(row) ? undefined : planInput(row, now);
      if (input === undefined) continue;
      known.set(row, await inSlices(curesInSteps(input), signal));
      // What fits is no news to the panels.
      if (row.verdict?.kind !== "fits") setCount((count) => count + 1);
    }
    setCount((count) => count + 1);
  };
  usePromise(work, [rows, snapshot], { abortable });
  return (row) => known.get(row);
}
