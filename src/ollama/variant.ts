import type { InstalledModel } from "../fit/facts";
import { compareVersions, parseVersion } from "../fit/version";
import type { OllamaClient } from "./client";
import { isUsableName, sameModel } from "../fit/model-name";
import { OllamaProblem } from "./problems";

export interface VariantRequest {
  readonly source: string;
  readonly name: string;
  readonly numCtx: number;
  /** The person agreed that a model of this name is replaced. */
  readonly overwrite: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (status: string) => void;
}

export type VariantOutcome =
  | { readonly kind: "created"; readonly name: string }
  | { readonly kind: "invalid-name" | "invalid-context" | "source-missing" | "mlx" | "cloud" }
  | { readonly kind: "name-taken"; readonly name: string }
  | { readonly kind: "too-old"; readonly version: string }
  | { readonly kind: "cancelled" }
  | { readonly kind: "not-as-asked"; readonly numCtx?: number }
  | { readonly kind: "failed"; readonly reason: string };

/** From this release on a variant inherits its parent's renderer and parser; before, models such as qwen3-coder break. */
const INHERITS_FROM = [0, 12, 7] as const;

/**
 * Why a variant cannot be made of this model here; undefined where it can. MLX models ignore num_ctx, and a cloud model
 * has no memory here.
 */
export function variantRefusal(model: InstalledModel, version: string | undefined): VariantOutcome | undefined {
  if (model.cloud) return { kind: "cloud" };
  if (model.format === "safetensors") return { kind: "mlx" };
  const parsed = parseVersion(version);
  if (parsed !== undefined && version !== undefined && compareVersions(parsed, INHERITS_FROM) < 0) {
    return { kind: "too-old", version };
  }
  return undefined;
}

/**
 * Creates a context-capped variant: checks that the source is there (Ollama would pull it) and the name is free (Ollama
 * would replace it), creates, and reads the result back.
 */
export async function createVariant(client: OllamaClient, request: VariantRequest): Promise<VariantOutcome> {
  const { source, name, numCtx, overwrite, signal, onProgress } = request;
  if (!isUsableName(name)) return { kind: "invalid-name" };
  if (!Number.isSafeInteger(numCtx) || numCtx < 256 || numCtx > 2 ** 27) return { kind: "invalid-context" };
  try {
    const [models, version] = await Promise.all([client.models(), client.version()]);
    const parent = models.find((model) => sameModel(model.name, source));
    if (parent === undefined) return { kind: "source-missing" };
    const refusal = variantRefusal(parent, version);
    if (refusal !== undefined) return refusal;
    const taken = models.find((model) => sameModel(model.name, name));
    if (taken !== undefined && !overwrite) return { kind: "name-taken", name: taken.name };
    const { weightsFile } = await client.show(parent.name);
    try {
      await client.create({
        name,
        from: parent.name,
        numCtx,
        signal,
        onProgress,
      });
    } catch (error) {
      // The server may have finished what nobody waited for.
      if (isStop(error) && taken === undefined) await removeIfThere(client, name);
      throw error;
    }
    const variant = await client.show(name);
    const made = variant.parameters.numCtx;
    return made === numCtx && variant.weightsFile === weightsFile
      ? { kind: "created", name }
      : { kind: "not-as-asked", numCtx: made };
  } catch (error) {
    if (isStop(error)) return { kind: "cancelled" };
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
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
    case "name-taken":
      return `${outcome.name} was left alone`;
    case "mlx":
      return "MLX models ignore num_ctx, so a variant would save no memory";
    case "cloud":
      return "Cloud models take no memory here";
    case "too-old":
      return `Ollama ${outcome.version} makes broken variants of some models. Update to 0.12.7 or newer`;
    case "not-as-asked":
      return "The variant was created, but with another num_ctx";
    case "failed":
      return outcome.reason;
  }
}

function isStop(error: unknown): boolean {
  return error instanceof OllamaProblem && error.kind === "stopped";
}

async function removeIfThere(client: OllamaClient, name: string): Promise<void> {
  // Best effort: the person has left already, and not being there is the usual case.
  await client.remove(name).catch(() => undefined);
}
