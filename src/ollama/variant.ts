import type { InstalledModel, ModelDescription } from "../fit/facts";
import { rulesOf } from "../fit/runners";
import { compareVersions, parseVersion } from "../fit/version";
import type { OllamaClient } from "./client";
import { buildReference, isOrWas, sameBuild } from "../fit/model-builds";
import { isUsableName, sameModel } from "../fit/model-name";
import type { ModelRunner } from "../fit/model-runner";
import { pause, type Pausing } from "../mac/wait";
import { OllamaProblem } from "./problems";

export interface VariantRequest extends VariantSpec, Pausing {
  /** Digest of the model of this name that the person agreed to replace; absent where the name has to be free. */
  readonly replaces?: string;
  /** Digest of the source as the person saw it: another one was judged otherwise. Absent = whichever is there. */
  readonly sourceDigest?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (status: string) => void;
}

/** What a variant is made of. */
export interface VariantSpec {
  readonly source: string;
  /** The runner of the source's build, where the name has another one, too. */
  readonly sourceRunner?: ModelRunner;
  readonly name: string;
  readonly numCtx: number;
}

export type VariantOutcome =
  /** `despite` says what went wrong on the way, as a sentence: it was made all the same. */
  | { readonly kind: "created"; readonly name: string; readonly digest: string; readonly despite?: string }
  | { readonly kind: "invalid-name" | "invalid-context" | "source-missing" | "source-replaced" | "mlx" | "cloud" }
  | { readonly kind: "name-taken"; readonly name: string; readonly digest: string }
  | { readonly kind: "too-old"; readonly version: string }
  | { readonly kind: "cancelled" }
  | { readonly kind: "not-as-asked"; readonly numCtx?: number }
  /** The server can't be asked whether it is there. The reason is a sentence. */
  | { readonly kind: "unclear"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

/** Which model of a name is meant: the one of this digest, or where that isn't known, what was asked for. */
export type MadeVariant = { readonly digest: string } | Omit<VariantSpec, "name">;

/** How long a server may go on with what nobody listens to any more, before it is asked once more what came of it. */
const SETTLE_MS = 1_500;

/** From this release on a variant inherits its parent's renderer and parser; before, models such as qwen3-coder break. */
const INHERITS_FROM = [0, 12, 7] as const;

/**
 * Why a variant cannot be made of this model here; undefined where it can. MLX models ignore num_ctx, and a cloud model
 * has no memory here.
 */
export function variantRefusal(model: InstalledModel, version: string | undefined): VariantOutcome | undefined {
  if (model.cloud) return { kind: "cloud" };
  if (!rulesOf(model).levers.numCtx) return { kind: "mlx" };
  const parsed = parseVersion(version);
  if (parsed !== undefined && version !== undefined && compareVersions(parsed, INHERITS_FROM) < 0) {
    return { kind: "too-old", version };
  }
  return undefined;
}

/** What a variant's name refers to. */
export type SeenVariant =
  | { readonly kind: "absent" }
  /** Of the source's own file, with this context. `isPlain` = it differs from its source in nothing else. */
  | { readonly kind: "as-asked"; readonly digest: string; readonly isPlain: boolean }
  | { readonly kind: "another"; readonly digest: string; readonly numCtx?: number; readonly sharesFile: boolean };

/** Reads what a variant's name refers to. @throws OllamaProblem */
export async function lookForVariant(client: OllamaClient, spec: VariantSpec): Promise<SeenVariant> {
  const there = (await client.models()).find((model) => sameModel(model.name, spec.name));
  if (there === undefined) return { kind: "absent" };
  const [variant, source] = await Promise.all([
    client.show(there.name, { runner: there.runner }),
    client.show(spec.source, { runner: spec.sourceRunner }),
  ]);
  const { digest } = there;
  const { numCtx } = variant.parameters;
  // A model of the same name and context could still be one of another file.
  const sharesFile = variant.weightsFile === source.weightsFile;
  return sharesFile && numCtx === spec.numCtx
    ? { kind: "as-asked", digest, isPlain: differOnlyInContext(variant, source) }
    : { kind: "another", digest, numCtx, sharesFile };
}

/** Parameters come in any order, and the head of the text is a comment that names the model. */
function differOnlyInContext(variant: ModelDescription, source: ModelDescription): boolean {
  const lines = ({ modelfile }: ModelDescription) =>
    modelfile
      ?.split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#") && !/^PARAMETER\s+num_ctx\s/i.test(line))
      .toSorted()
      .join("\n");
  const own = lines(variant);
  return own !== undefined && own === lines(source);
}

/**
 * Creates a context-capped variant: checks that the source is there (Ollama would pull it) and the name is free (Ollama
 * would replace it), creates, and reads what came of it, whatever the server said. Never throws.
 */
export async function createVariant(client: OllamaClient, request: VariantRequest): Promise<VariantOutcome> {
  const { source, sourceRunner, name, numCtx, replaces, sourceDigest, signal, onProgress } = request;
  if (!isUsableName(name)) return { kind: "invalid-name" };
  if (!Number.isSafeInteger(numCtx) || numCtx < 256 || numCtx > 2 ** 27) return { kind: "invalid-context" };
  let from: string;
  let takenDigest: string | undefined;
  try {
    const [models, version] = await Promise.all([client.models(), client.version()]);
    const parent = models.find((model) => sameBuild(model, { name: source, runner: sourceRunner }));
    if (parent === undefined) return { kind: "source-missing" };
    if (sourceDigest !== undefined && parent.digest !== sourceDigest) return { kind: "source-replaced" };
    const refusal = variantRefusal(parent, version);
    if (refusal !== undefined) return refusal;
    const taken = models.find((model) => sameModel(model.name, name));
    if (taken !== undefined && taken.digest !== replaces) {
      return { kind: "name-taken", name: taken.name, digest: taken.digest };
    }
    if (signal?.aborted) return { kind: "cancelled" };
    from = buildReference(parent);
    takenDigest = taken?.digest;
  } catch (error) {
    return failure(error);
  }
  const failed = await client.create({ name, from, numCtx, signal, onProgress }).then(() => undefined, failure);
  return readBack(client, request, takenDigest, failed);
}

type Failure = Extract<VariantOutcome, { kind: "cancelled" | "failed" }>;

/** What there is after creating, once more after a while where it failed and nothing is there yet. */
async function readBack(
  client: OllamaClient,
  request: VariantRequest,
  beforeDigest: string | undefined,
  failed: Failure | undefined,
): Promise<VariantOutcome> {
  const reason = failed && (failed.kind === "failed" ? failed.reason : "It was stopped too late.");
  const nothing = failed ?? { kind: "failed", reason: `Ollama doesn't list ${request.name}.` };
  for (let looks = 1; ; looks += 1) {
    let problem: string | undefined;
    try {
      const seen = await lookForVariant(client, request);
      if (seen.kind === "as-asked")
        return { kind: "created", name: request.name, digest: seen.digest, despite: reason };
      if (seen.kind === "another" && seen.digest !== beforeDigest) return { kind: "not-as-asked", numCtx: seen.numCtx };
    } catch (error) {
      problem = messageOf(error);
    }
    if (looks === 2 || (failed === undefined && problem === undefined)) {
      return problem === undefined ? nothing : { kind: "unclear", reason: reason ?? problem };
    }
    await pause(request, SETTLE_MS);
  }
}

/** Whether a variant is still the one that was made. @throws OllamaProblem */
export async function findVariant(
  client: OllamaClient,
  name: string,
  made: MadeVariant,
): Promise<"made" | "gone" | "another"> {
  const there = (await client.models()).filter((model) => sameModel(model.name, name));
  if (there.length === 0) return "gone";
  // Deleting the name deletes every build of it.
  if ("digest" in made) return there.every((model) => isOrWas(model, made.digest)) ? "made" : "another";
  // Made by hand meanwhile, it could hold what nothing brings back: a system prompt, other parameters.
  const seen = await lookForVariant(client, { ...made, name });
  return seen.kind === "as-asked" && seen.isPlain ? "made" : "another";
}

export type RemovalOutcome =
  | { readonly kind: "removed" | "gone" | "another" }
  /** Cut off or refused; the reason is a sentence. */
  | { readonly kind: "failed"; readonly reason: string };

/** Deletes a variant, if it is still the one that was made, and reads what came of it. Never throws. */
export async function removeVariant(
  client: OllamaClient,
  name: string,
  made: MadeVariant,
  system: Pausing = {},
): Promise<RemovalOutcome> {
  let reason = `${name} is still there.`;
  try {
    const found = await findVariant(client, name, made);
    if (found !== "made") return { kind: found };
    const failed = await client.remove(name).then(() => undefined, messageOf);
    reason = failed ?? reason;
    if ((await findVariant(client, name, made)) !== "made") return { kind: "removed" };
    if (failed !== undefined) {
      await pause(system, SETTLE_MS);
      if ((await findVariant(client, name, made)) !== "made") return { kind: "removed" };
    }
    return { kind: "failed", reason };
  } catch (error) {
    return { kind: "failed", reason: messageOf(error) };
  }
}

/** What came of it, for people; no full stop, as in a toast's title. */
export function variantOutcomeText(outcome: VariantOutcome): string {
  switch (outcome.kind) {
    case "created":
      return `Created ${outcome.name}`;
    case "cancelled":
      return "Cancelled, nothing was created";
    case "invalid-name":
      return "Ollama doesn't accept this name";
    case "invalid-context":
      return "The context must be at least 256 tokens";
    case "source-missing":
      return "The model is no longer installed";
    case "source-replaced":
      return "The model was replaced by another meanwhile";
    case "name-taken":
      return `${outcome.name} was left alone`;
    case "mlx":
      return "MLX ignores num_ctx";
    case "cloud":
      return "Cloud models take no memory here";
    case "too-old":
      return `Ollama ${outcome.version} makes broken variants of some models. Update to 0.12.7 or newer`;
    case "not-as-asked":
      return "The variant was created, but with another num_ctx";
    case "unclear":
      return "The Variant May Have Been Created";
    case "failed":
      return outcome.reason;
  }
}

function failure(error: unknown): Failure {
  return error instanceof OllamaProblem && error.kind === "stopped"
    ? { kind: "cancelled" }
    : { kind: "failed", reason: messageOf(error) };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
