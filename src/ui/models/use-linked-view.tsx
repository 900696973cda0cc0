import { showToast, Toast, useNavigation } from "@raycast/api";
import { useEffect, useRef } from "react";
import type { LaunchContext } from "../../app/launch-context";
import { sameBuild } from "../../fit/model-builds";
import { sameModel } from "../../fit/model-name";
import { MemoryView } from "../memory/memory-view";
import { MakeItFit } from "../plan/make-it-fit-action";
import { PlanView } from "../plan/plan-view";
import type { FitList } from "../shared/use-fit-list";

/** Opens what a link or the menu bar asked for, once, as soon as the model is judged; says so where it isn't installed. */
export function useLinkedView(linked: LaunchContext | undefined, list: FitList, refresh: () => void): void {
  const { push } = useNavigation();
  const isDone = useRef(false);
  const { snapshot, rows, settings, isFresh, isLoading } = list;
  const { model: name, runner, view = "plan" } = linked ?? {};
  useEffect(() => {
    if (isDone.current || name === undefined || snapshot === undefined || !isFresh) return;
    const named = rows.filter(({ model }) => sameModel(model.name, name));
    // A build that was converted since has another runner.
    const row = named.find(({ model }) => sameBuild(model, { name, runner })) ?? named[0];
    if (row?.verdict) {
      isDone.current = true;
      const props = { row, snapshot, settings, refresh, memoryView: <MemoryView /> };
      const fits = row.verdict.kind === "fits" || row.verdict.kind === "unknown";
      push(view === "make-it-fit" && !fits ? <MakeItFit {...props} /> : <PlanView {...props} />);
    } else if (row === undefined && !isLoading && snapshot.state.kind === "answering") {
      isDone.current = true;
      void showToast({ style: Toast.Style.Failure, title: "Model Not Installed", message: name });
    }
  }, [name, runner, view, snapshot, rows, isFresh, isLoading]);
}
