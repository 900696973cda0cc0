import { Alert, confirmAlert, Icon, showToast, Toast } from "@raycast/api";
import type { InstalledModel } from "../../fit/facts";
import type { OllamaClient } from "../../ollama/client";
import {
  createVariant,
  type RemovalOutcome,
  removeVariant,
  type VariantOutcome,
  variantOutcomeText,
} from "../../ollama/variant";
import { formatBytes } from "../../fit/units";
import { asOneChange } from "../shared/one-change";
import { getSystem } from "../../app/system";

interface Request {
  /** As the form judged it. */
  readonly source: InstalledModel;
  readonly name: string;
  readonly numCtx: number;
  /** The model that has the name now. */
  readonly taken?: InstalledModel;
}

/** A variant that was made: the toast that says so, and its digest. */
export interface MadeHere {
  readonly toast: Toast;
  readonly digest: string;
  /** What went wrong on the way, as a sentence: it was made all the same. */
  readonly despite?: string;
  /** Another model had the name: nothing brings it back. */
  readonly isReplacement: boolean;
}

/** Creates a variant, asking before it takes another one's place; undefined where none was made, which has been said. */
export async function makeVariant(client: OllamaClient, request: Request): Promise<MadeHere | undefined> {
  const { name, taken } = request;
  if (taken !== undefined && !(await confirmReplace(name, taken))) return undefined;
  let replaces = taken?.digest;
  let made = await create(client, request, replaces);
  // Somebody else may have made it since the list was read.
  if (made?.outcome.kind === "name-taken") {
    if (!(await confirmReplace(name))) return undefined;
    replaces = made.outcome.digest;
    made = await create(client, request, replaces);
  }
  if (made === undefined) return undefined;
  const { toast, outcome } = made;
  if (outcome.kind === "created") {
    const { digest, despite } = outcome;
    return { toast, digest, despite, isReplacement: replaces !== undefined };
  }
  toast.style = outcome.kind === "cancelled" ? Toast.Style.Success : Toast.Style.Failure;
  toast.title = variantOutcomeText(outcome);
  toast.message = outcome.kind === "unclear" ? `Look for ${name} in the list of models. ${outcome.reason}` : undefined;
  return undefined;
}

function create(client: OllamaClient, { source, name, numCtx }: Request, replaces: string | undefined) {
  return asOneChange({ title: `Create ${name}` }, async () => {
    const stop = new AbortController();
    const toast = await showToast({
      style: Toast.Style.Animated,
      title: "Creating Variant",
      message: name,
      primaryAction: { title: "Cancel", onAction: () => stop.abort() },
    });
    let outcome: VariantOutcome = await createVariant(client, {
      source: source.name,
      sourceDigest: source.digest,
      name,
      numCtx,
      replaces,
      signal: stop.signal,
      pause: getSystem().pause,
      onProgress: (status) => {
        toast.message = status;
      },
    });
    // Ollama had made it before it heard of the cancel.
    if (outcome.kind === "created" && stop.signal.aborted && replaces === undefined) {
      const { kind } = await removeVariant(client, name, { digest: outcome.digest }, getSystem());
      if (kind === "removed" || kind === "gone") outcome = { kind: "cancelled" };
    }
    delete toast.primaryAction;
    toast.message = undefined;
    if (outcome.kind === "name-taken") await toast.hide();
    return { toast, outcome };
  });
}

/** Deletes a variant that was just made, if it is still that one, and says what came of it. True = it's gone. */
export async function unmakeVariant(client: OllamaClient, name: string, digest: string): Promise<boolean> {
  const outcome = await asOneChange({ title: `Delete ${name}` }, async () => {
    const outcome = await removeVariant(client, name, { digest }, getSystem());
    await showToast(removalWords(outcome, name));
    return outcome;
  });
  return outcome?.kind === "removed" || outcome?.kind === "gone";
}

function removalWords(outcome: RemovalOutcome, name: string): Toast.Options {
  switch (outcome.kind) {
    case "removed":
      return { style: Toast.Style.Success, title: `Deleted ${name}` };
    case "gone":
      return { style: Toast.Style.Success, title: `${name} Is Gone Already` };
    case "another":
      return {
        style: Toast.Style.Failure,
        title: "Not Deleted",
        message: `${name} was changed since, or Ollama converted it. ollama rm deletes it.`,
      };
    case "failed":
      return { style: Toast.Style.Failure, title: `Couldn't Delete ${name}`, message: outcome.reason };
  }
}

function confirmReplace(name: string, lost?: InstalledModel): Promise<boolean> {
  return confirmAlert({
    icon: Icon.Warning,
    title: `Replace ${name}?`,
    message: `${lost === undefined ? "A model with this name exists" : `${aboutModel(lost)} exists under this name`}. It would be lost, and can't be brought back from here.`,
    primaryAction: { title: "Replace", style: Alert.ActionStyle.Destructive },
  });
}

/** A model as a person knows it: "llama 8.0B Q4_K_M (4.6 GiB)". */
function aboutModel({ family, parameterSize, quantization, sizeBytes }: InstalledModel): string {
  return [
    `${[family, parameterSize, quantization].filter(Boolean).join(" ")}`.trim() || "A model",
    `(${formatBytes(sizeBytes)} on disk)`,
  ].join(" ");
}
