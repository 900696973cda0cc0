import { usePromise } from "@raycast/utils";
import { useMemo, useRef, useState } from "react";
import type { ClosableApp, ServerFacts } from "../../fit/facts";
import { isHeldByModels, likelyHolder } from "../../fit/gpu-held";
import { planInSteps } from "../../fit/plan/make-plan";
import type { Plan } from "../../fit/plan/options";
import { type FailedLoad, needsHelp, type PlanInput } from "../../fit/plan/plan-input";
import type { Steps } from "../../fit/steps";
import { inSlices } from "../../app/in-slices";
import { type AppFootprint, readLargestApps } from "../../mac/apps";
import { variantRefusal } from "../../ollama/variant";
import { namesTaken, variantNamer } from "../../app/variant-names";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import type { FitRow } from "../shared/use-fit-list";
import { getSystem } from "../../app/system";
import { type AskedBuilds, askForBuilds, canAskForBuilds } from "./ask-for-builds";
import { planMarkdown } from "./plan-markdown";

interface Planned {
  readonly planned: PlanInput;
  readonly plan: Plan;
}

interface Around {
  readonly rows: readonly FitRow[];
  readonly snapshot: Snapshot;
}

interface Known {
  readonly found?: AskedBuilds;
  readonly failed?: FailedLoad;
}

export interface PlanState extends Planned {
  readonly found: AskedBuilds;
  /** Asks the registries for smaller builds; absent where there is nothing to ask or it was done. */
  readonly checkBuilds?: () => Promise<void>;
  readonly isLoading: boolean;
  readonly refresh: () => void;
}

/**
 * The plan for one model, undefined until it's there; it follows the Mac, the server and what is known of apps and of
 * smaller builds. It's worked out beside the screen, and given up where it's no longer wanted.
 */
export function usePlan(
  row: FitRow,
  { rows, snapshot }: Around,
  { found: foundBefore = {}, failed }: Known,
): PlanState | undefined {
  const [found, setFound] = useState(foundBefore);
  // usePromise takes two maps for equal, whatever they hold: answers are told apart by their number.
  const answers = useRef(0);
  // The other models change as each is read; their names don't.
  const taken = namesTaken(row, rows).join("\n");
  const known = useMemo(() => {
    const input = planInput(row, snapshot, taken.split("\n"));
    return input && { ...input, ...found, failed, answers: answers.current };
  }, [row, snapshot, taken, found, failed]);
  const abortable = useRef<AbortController>(null);
  const [state, setState] = useState<Planned>();
  // While it's planned again, what was known of apps stays.
  const lastApps = useRef<Pick<PlanInput, "apps" | "gpuHolder">>({});
  const work = async (input: PlanInput | undefined, server: ServerFacts) => {
    const signal = abortable.current?.signal;
    if (input === undefined || signal === undefined) return;
    const plan = async () => {
      const planned = { ...input, ...lastApps.current };
      const made = await inSlices(planWithPictures(planned), signal);
      setState({ planned, plan: made });
      return made;
    };
    if (!needsApps(await plan(), input)) return;
    const apps = await readLargestApps(getSystem());
    const others = apps.filter(({ name }) => name !== "Ollama");
    lastApps.current = {
      apps: closableApps(apps, server),
      gpuHolder: likelyHolder(input.input.programsGpuBytes ?? 0, others),
    };
    await plan();
  };
  const { isLoading, revalidate } = usePromise(work, [known, snapshot.server], { abortable });
  if (state === undefined) return undefined;
  const { planned, plan } = state;
  const checkBuilds = async () => {
    const answer = await askForBuilds(planned);
    if (answer === undefined) return;
    answers.current += 1;
    setFound(answer);
  };
  return {
    planned,
    plan,
    found,
    isLoading,
    refresh: () => {
      if (needsApps(plan, planned)) void revalidate();
    },
    checkBuilds: needsHelp(planned, plan.before) && canAskForBuilds(planned) ? checkBuilds : undefined,
  };
}

/** A plan with the page of each option drawn. */
function* planWithPictures(input: PlanInput): Steps<Plan> {
  const plan = yield* planInSteps(input);
  if (plan.kind !== "options") return plan;
  for (const option of plan.options) {
    planMarkdown(plan.before, option);
    yield;
  }
  return plan;
}

/** Apps could make room, or one of them holds GPU memory: it's worth asking `top` which run, which takes a second. */
function needsApps(plan: Plan, { input }: PlanInput): boolean {
  if (isHeldByModels(input.programsGpuBytes)) return true;
  return plan.kind === "options" && plan.options.some(({ changes }) => changes.closeApps !== undefined);
}

/** The apps that may be quit: neither Ollama nor what runs its server. */
function closableApps(apps: readonly AppFootprint[], { identity }: ServerFacts): readonly ClosableApp[] {
  const host = "program" in identity ? identity.program : undefined;
  return apps.filter(({ kind, name }) => kind === "app" && name !== "Ollama" && name !== host);
}

/** What a plan for a model rests on, beside models that have the `taken` names; undefined while its metadata is read. */
export function planInput(
  { input, model, sibling }: FitRow,
  { isLocal, machine, advice, server, url, models }: Snapshot,
  taken: readonly string[],
): PlanInput | undefined {
  if (input === undefined) return undefined;
  const mac = isLocal ? appleSilicon(machine) : undefined;
  return {
    input,
    sibling,
    url,
    installed: models.map(({ name }) => name),
    advice: mac?.overrideMib === undefined ? undefined : advice,
    canCap: variantRefusal(model, server.version) === undefined,
    variantName: variantNamer(taken),
  };
}
