import { showToast, Toast } from "@raycast/api";
import { type AskOptions, askForGguf, askForSmaller, askForSmallerMlx } from "../../app/published-builds";
import type { BuildAnswer, PublishedBuild } from "../../fit/facts";
import { isBuildEnough } from "../../fit/plan/smaller-build";
import { installedWeights, type PlanInput } from "../../fit/plan/plan-input";
import { smallerQuantizations } from "../../fit/plan/quantizations";
import { rulesOf } from "../../fit/runners";
import { formatBytes } from "../../fit/units";

/** What registries said of other builds of a model; absent where they weren't asked. */
export type AskedBuilds = Pick<PlanInput, "gguf" | "mlx" | "builds">;

/** Whether there's a build to ask for: nobody was asked yet, or somebody gave no answer that tells enough. */
export function canAskForBuilds(planned: PlanInput): boolean {
  const { gguf, mlx, builds, sibling } = planned;
  if (!rulesOf(planned.input.model).levers.pullBuild) {
    return quantizationsOf(planned).length > 0 && (builds === undefined || [...builds.values()].some(isOpen));
  }
  if (sibling === undefined && (gguf === undefined || isOpen(gguf))) return true;
  return mlx === undefined || mlx.unchecked !== undefined || mlx.published.some(isUnread);
}

const isOpen = (answer: BuildAnswer): boolean =>
  answer.kind === "unchecked" || (answer.kind === "published" && isUnread(answer));

/** Its header couldn't be read, or not all of it could be right. */
function isUnread({ description }: PublishedBuild): boolean {
  return description !== undefined && "kind" in description && description.kind === "unreadable";
}

/** Asks the registries for the builds that a plan could propose, with progress; undefined where the person stopped it. */
export async function askForBuilds(planned: PlanInput): Promise<AskedBuilds | undefined> {
  const stop = new AbortController();
  const toast = await showToast({
    style: Toast.Style.Animated,
    title: "Asking the Registries",
    message: "for other builds",
    primaryAction: { title: "Stop", onAction: () => stop.abort() },
  });
  const options: AskOptions = {
    signal: stop.signal,
    version: planned.input.server.version,
    onBytes: (bytes) => {
      const message = `Reading a header: ${formatBytes(bytes)}`;
      // Each change is a call to Raycast.
      if (!stop.signal.aborted && toast.message !== message) toast.message = message;
    },
  };
  const asked = await (rulesOf(planned.input.model).levers.pullBuild
    ? askForMlx(planned, options)
    : askForGgufs(planned, options));
  if (stop.signal.aborted) {
    await toast.hide();
    return undefined;
  }
  const { style, title, message } = resultOf(asked);
  delete toast.primaryAction;
  toast.style = style;
  toast.title = title;
  toast.message = message;
  return asked;
}

async function askForMlx(planned: PlanInput, options: AskOptions): Promise<AskedBuilds> {
  const { model } = planned.input;
  const gguf = planned.sibling === undefined ? await askForGguf(model, options) : undefined;
  return { gguf, mlx: await askForSmallerMlx(model, installedWeights(planned), options) };
}

async function askForGgufs(planned: PlanInput, options: AskOptions): Promise<AskedBuilds> {
  const { description, model } = planned.input;
  const publishedName = "kind" in description ? undefined : description.metadata.values.get("general.name");
  const search = {
    model,
    quantizations: quantizationsOf(planned),
    publishedName: typeof publishedName === "string" ? publishedName : undefined,
  };
  const isEnough = (quantization: string, build: PublishedBuild) => isBuildEnough(planned, quantization, build);
  return { builds: await askForSmaller(search, isEnough, options) };
}

function quantizationsOf({ input: { description, model } }: PlanInput): readonly string[] {
  return "kind" in description
    ? []
    : smallerQuantizations(description.metadata, model.quantization).map(({ name }) => name);
}

/** What came of it, for the toast. */
function resultOf({ gguf, mlx, builds = new Map() }: AskedBuilds) {
  const answers: readonly BuildAnswer[] = [...(gguf ? [gguf] : []), ...builds.values()];
  const published = [
    ...[...builds].flatMap(([quantization, { kind }]) => (kind === "published" ? [quantization] : [])),
    ...[...(gguf?.kind === "published" ? [gguf] : []), ...(mlx?.published ?? [])].map(({ name }) => name),
  ];
  const unchecked = answers.find((answer) => answer.kind === "unchecked")?.reason ?? mlx?.unchecked;
  const isAllRead = !answers.some(isOpen) && !(mlx?.published ?? []).some(isUnread);
  const style = published.length > 0 && isAllRead ? Toast.Style.Success : Toast.Style.Failure;
  if (published.length === 0) {
    const what = builds.size > 0 ? "Smaller" : "Other";
    return unchecked === undefined
      ? { style, title: `No ${what} Build Is Published`, message: undefined }
      : { style, title: `Couldn't Check for ${what} Builds`, message: unchecked };
  }
  const title = `Published: ${published.join(", ")}`;
  return {
    style,
    title: title.length < LONGEST_TITLE ? title : `${published.length} Builds Are Published`,
    message: isAllRead ? undefined : (unchecked ?? "Not every header could be read"),
  };
}

const LONGEST_TITLE = 40;
