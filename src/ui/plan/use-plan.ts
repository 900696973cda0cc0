import { showToast, Toast } from "@raycast/api";
import { usePromise } from "@raycast/utils";
import { useMemo, useRef, useState } from "react";
import type { ClosableApp, OtherBuild, ServerFacts, SmallerBuild } from "../../fit/facts";
import { isHeldByModels, likelyHolder } from "../../fit/gpu-held";
import { planInSteps } from "../../fit/plan/make-plan";
import type { Plan } from "../../fit/plan/options";
import type { FailedLoad, PlanInput } from "../../fit/plan/plan-input";
import { smallerQuantizations } from "../../fit/plan/quantizations";
import type { Steps } from "../../fit/steps";
import { inSlices } from "../../app/in-slices";
import { type AppFootprint, readLargestApps } from "../../mac/apps";
import { variantRefusal } from "../../ollama/variant";
import { variantName } from "../../fit/model-name";
import { rulesOf } from "../../fit/runners";
import { findSmallerBuilds } from "../../registry/find-builds";
import { findGguf } from "../../registry/find-gguf";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import type { FitRow } from "../shared/use-fit-list";
import { getSystem } from "../../app/system";
import { planMarkdown } from "./plan-markdown";

interface Planned {
  readonly planned: PlanInput;
  readonly plan: Plan;
}

/** What registries said of other builds, once they were asked. */
export interface Found {
  readonly builds?: ReadonlyMap<string, SmallerBuild>;
  readonly gguf?: OtherBuild;
}

interface Known {
  readonly found?: Found;
  readonly failed?: FailedLoad;
}

export interface PlanState extends Planned {
  readonly found: Found;
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
  snapshot: Snapshot,
  { found: foundBefore = {}, failed }: Known,
): PlanState | undefined {
  const [found, setFound] = useState(foundBefore);
  const known = useMemo(() => {
    const input = planInput(row, snapshot);
    return input && { ...input, ...found, failed };
  }, [row, snapshot, found, failed]);
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
    if (rulesOf(planned.input.model).levers.pullBuild) {
      const gguf = await searchGguf(planned);
      if (gguf !== undefined) setFound((before) => ({ ...before, gguf }));
      return;
    }
    const builds = await searchBuilds(planned);
    if (builds !== undefined) setFound((before) => ({ ...before, builds }));
  };
  const canCheck = plan.before.kind !== "fits" && (canFindGguf(planned) || canFindBuilds(planned));
  return {
    planned,
    plan,
    found,
    isLoading,
    refresh: () => {
      if (needsApps(plan, planned)) void revalidate();
    },
    checkBuilds: canCheck ? checkBuilds : undefined,
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

function canFindBuilds(planned: PlanInput): boolean {
  return isWorthAsking(planned.builds) && quantizationsOf(planned).length > 0;
}

function canFindGguf({ input, sibling, gguf }: PlanInput): boolean {
  const isOpen = gguf === undefined || gguf.kind === "unchecked";
  return isOpen && sibling === undefined && rulesOf(input.model).levers.pullBuild;
}

/** What was found of the GGUF build, or nothing where the person stopped it. */
async function searchGguf({ input: { model, server } }: PlanInput): Promise<OtherBuild | undefined> {
  const stop = new AbortController();
  const toast = await showToast({
    style: Toast.Style.Animated,
    title: "Asking the Registry",
    message: "for the GGUF build",
    primaryAction: { title: "Stop", onAction: () => stop.abort() },
  });
  const found = await findGguf(getSystem().fetch, model.name, { signal: stop.signal, version: server.version });
  if (stop.signal.aborted) {
    await toast.hide();
    return undefined;
  }
  delete toast.primaryAction;
  toast.style = found.kind === "published" ? Toast.Style.Success : Toast.Style.Failure;
  toast.title = found.kind === "published" ? `Published: ${found.name}` : "No GGUF Build Found";
  toast.message = found.kind === "unchecked" ? found.reason : undefined;
  return found;
}

/** Nobody was asked yet, or somebody gave no answer. */
function isWorthAsking(builds: ReadonlyMap<string, SmallerBuild> | undefined): boolean {
  return builds === undefined || [...builds.values()].some(({ kind }) => kind === "unchecked");
}

/** What a plan for a model rests on; undefined while its metadata is read. */
export function planInput(
  { input, model, sibling }: FitRow,
  { isLocal, machine, advice, server, url }: Snapshot,
): PlanInput | undefined {
  if (input === undefined) return undefined;
  const mac = isLocal ? appleSilicon(machine) : undefined;
  return {
    input,
    sibling,
    url,
    advice: mac?.overrideMib === undefined ? undefined : advice,
    canCap: variantRefusal(model, server.version) === undefined,
    variantName,
  };
}

function quantizationsOf({ input: { description, model } }: PlanInput): readonly string[] {
  return "kind" in description
    ? []
    : smallerQuantizations(description.metadata, model.quantization).map(({ name }) => name);
}

/** What was found, or nothing where the person stopped it. */
async function searchBuilds(planned: PlanInput): Promise<ReadonlyMap<string, SmallerBuild> | undefined> {
  const { description, model, server } = planned.input;
  const stop = new AbortController();
  const toast = await showToast({
    style: Toast.Style.Animated,
    title: "Asking the Registries",
    message: "for smaller builds",
    primaryAction: { title: "Stop", onAction: () => stop.abort() },
  });
  const publishedName = "kind" in description ? undefined : description.metadata.values.get("general.name");
  const builds = await findSmallerBuilds(
    getSystem().fetch,
    {
      model,
      quantizations: quantizationsOf(planned),
      publishedName: typeof publishedName === "string" ? publishedName : undefined,
    },
    { signal: stop.signal, version: server.version },
  );
  if (stop.signal.aborted) {
    await toast.hide();
    return undefined;
  }
  const published = [...builds].filter(([, build]) => build.kind === "published").map(([name]) => name);
  const unchecked = [...builds.values()].find((build) => build.kind === "unchecked");
  delete toast.primaryAction;
  toast.style = published.length > 0 ? Toast.Style.Success : Toast.Style.Failure;
  toast.title =
    published.length > 0
      ? `Published: ${published.join(", ")}`
      : unchecked === undefined
        ? "No Smaller Build Is Published"
        : "Couldn't Check for Smaller Builds";
  toast.message = unchecked?.kind === "unchecked" ? unchecked.reason : undefined;
  return builds;
}
