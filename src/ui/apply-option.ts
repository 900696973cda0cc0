import { Alert, confirmAlert, Icon, showToast, Toast } from "@raycast/api";
import { showFailureToast } from "@raycast/utils";
import type { PlanOption } from "../fit/plan/options";
import { formatBytes, formatContext, formatMib } from "../fit/units";
import { createVariant } from "../ollama/create-variant";
import { variantName } from "../ollama/names";
import { changeLimit } from "./limit-change";
import type { Settings } from "./preferences";
import { appleSilicon, connect, type Situation } from "./situation";
import type { FitRow } from "./use-fit-list";
import { getWorld } from "./world";

interface Work {
  readonly option: PlanOption;
  readonly row: FitRow;
  readonly situation: Situation;
  readonly settings: Settings;
  readonly refresh: () => void;
}

/**
 * Carries out an option after one confirmation that lists what will happen: step by step, each checked before the next,
 * then loads the model and says whether it is on the GPU as a whole. Stops at the first step that does not succeed.
 */
export async function applyOption(work: Work): Promise<void> {
  const { option, row, settings, refresh } = work;
  const client = connect(getWorld(), settings);
  if (client === undefined || !(await confirmSteps(work))) return;
  try {
    for (const name of option.changes.unload ?? []) await client.unload(name);
    if (option.changes.limitMib !== undefined && !(await raise(work, option.changes.limitMib))) return;
    const target = option.changes.numCtx === undefined ? row.model.name : await cap(work, option.changes.numCtx);
    if (target === undefined) return;
    const toast = await showToast({ style: Toast.Style.Animated, title: "Loading to verify", message: target });
    await client.load(target);
    const loaded = (await client.loaded()).find((model) => model.name === target);
    if (loaded === undefined) {
      toast.style = Toast.Style.Failure;
      toast.title = "Not verified";
      toast.message = `Ollama does not list ${target} as loaded.`;
    } else if (loaded.vramBytes < loaded.sizeBytes) {
      toast.style = Toast.Style.Failure;
      toast.title = `${formatBytes(loaded.sizeBytes - loaded.vramBytes)} still spill to the CPU`;
      toast.message = "The estimate was too low here. Try the next option.";
    } else {
      toast.style = Toast.Style.Success;
      toast.title = "All on the GPU";
      toast.message = `${target}: ${formatBytes(loaded.vramBytes)}${loaded.contextLength === undefined ? "" : ` at ${formatContext(loaded.contextLength)}`}`;
    }
  } catch (error) {
    await showFailureToast(error, { title: "Could not finish" });
  } finally {
    refresh();
  }
}

function confirmSteps({ option, row }: Work): Promise<boolean> {
  const { unload, limitMib, numCtx } = option.changes;
  const steps = [
    ...(unload ?? []).map((name) => `Unload ${name}.`),
    ...(limitMib === undefined ? [] : [`Set the GPU limit to ${formatMib(limitMib)}: macOS asks for your password.`]),
    ...(numCtx === undefined
      ? []
      : [`Create ${variantName(row.model.name, numCtx)} with a context of ${formatContext(numCtx)}.`]),
    "Load the model and check that it is on the GPU.",
  ];
  return confirmAlert({
    icon: Icon.Play,
    title: `${option.title}?`,
    message: steps.map((step, index) => `${index + 1}. ${step}`).join("\n"),
    primaryAction: { title: "Apply", style: Alert.ActionStyle.Default },
  });
}

async function raise({ situation }: Work, mib: number): Promise<boolean> {
  const mac = appleSilicon(situation.machine);
  if (mac === undefined || situation.advice === undefined) return false;
  return changeLimit(mac, situation.advice, mib, "keep");
}

/** The variant's name once it exists with that context; undefined where it does not. */
async function cap({ row, settings }: Work, numCtx: number): Promise<string | undefined> {
  const client = connect(getWorld(), settings);
  if (client === undefined) return undefined;
  const name = variantName(row.model.name, numCtx);
  const request = { source: row.model.name, name, numCtx };
  let outcome = await createVariant(client, { ...request, overwrite: false });
  if (outcome.kind === "name-taken") {
    const { parameters } = await client.show(outcome.name);
    // Made earlier with the very same context: nothing to replace.
    if (parameters.numCtx === numCtx) return outcome.name;
    const agreed = await confirmAlert({
      icon: Icon.Warning,
      title: `Replace ${outcome.name}?`,
      message: "A model of this name exists with another context.",
      primaryAction: { title: "Replace", style: Alert.ActionStyle.Destructive },
    });
    if (!agreed) return undefined;
    outcome = await createVariant(client, { ...request, overwrite: true });
  }
  if (outcome.kind === "created") return outcome.name;
  await showToast({
    style: Toast.Style.Failure,
    title: "The variant was not created",
    message: outcome.kind === "failed" ? outcome.reason : outcome.kind.replaceAll("-", " "),
  });
  return undefined;
}
