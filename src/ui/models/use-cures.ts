import { usePromise } from "@raycast/utils";
import { useRef, useState } from "react";
import { inSlices } from "../../app/in-slices";
import type { Snapshot } from "../../app/snapshot";
import { type Cures, curesInSteps } from "../../fit/plan/cures";
import { planInput } from "../plan/use-plan";
import type { FitRow } from "../shared/use-fit-list";

/** A row keeps its object while nothing that its verdict rests on changes. */
const known = new WeakMap<FitRow, Cures>();

/** What makes the selected model fit by hand, worked out beside the screen; undefined until it is. */
export function useCures(row: FitRow | undefined, snapshot: Snapshot | undefined): Cures | undefined {
  const [, setCount] = useState(0);
  const abortable = useRef<AbortController>(null);
  const work = async (selected: FitRow | undefined, now: Snapshot | undefined) => {
    const signal = abortable.current?.signal;
    if (selected === undefined || now === undefined || signal === undefined || known.has(selected)) return;
    // No name of a variant is among the figures.
    const input = planInput(selected, now, []);
    if (input === undefined) return;
    known.set(selected, await inSlices(curesInSteps(input), signal));
    setCount((count) => count + 1);
  };
  usePromise(work, [row, snapshot], { abortable });
  return row && known.get(row);
}
