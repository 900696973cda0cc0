import type { InstalledModel } from "../fit/facts";
import { LISTED_ABOVE_WEIGHTS } from "../fit/judge-mlx";
import type { OllamaClient } from "./client";
import { readMlxManifest } from "./mlx-manifest";
import type { MlxReading } from "./mlx-reading";
import { readMlxShow } from "./mlx-show";
import { METADATA_UNREAD, OllamaProblem } from "./problems";

export interface DescribeMlxOptions {
  readonly client: Pick<OllamaClient, "show">;
  readonly model: Pick<InstalledModel, "name" | "sizeBytes" | "runner">;
  /** The server's files are this machine's files. */
  readonly isLocal: boolean;
  /** Folders with models, the first that holds the model counts. */
  readonly modelsFolders: readonly string[];
  readonly signal?: AbortSignal;
}

/** What is known of an MLX model, and by how much the weights of it may be too high. */
export type MlxDescription = MlxReading & { readonly weightsAboveBytes: number };

/**
 * What decides the memory of an installed MLX model: its manifest and config.json where they lie on this Mac, which is
 * exact; else what the server tells with `verbose`. Unknown, with the reason; it never throws.
 */
export async function describeMlxModel(options: DescribeMlxOptions): Promise<MlxDescription> {
  const { client, model, isLocal, modelsFolders, signal } = options;
  const local = isLocal ? await readMlxManifest(model.name, modelsFolders) : undefined;
  if (local?.kind === "read") return { ...local, weightsAboveBytes: 0 };
  try {
    const { metadata } = await client.show(model.name, { runner: model.runner, verbose: true, signal });
    const shown = readMlxShow({ metadata, sizeBytes: model.sizeBytes });
    // Of its own files the reason says more.
    return { ...(shown.kind === "unknown" ? (local ?? shown) : shown), weightsAboveBytes: LISTED_ABOVE_WEIGHTS };
  } catch (error) {
    if (!(error instanceof OllamaProblem)) throw error;
    return {
      ...(local ?? { kind: "unknown", reason: `${METADATA_UNREAD}${error.message}` }),
      weightsAboveBytes: LISTED_ABOVE_WEIGHTS,
    };
  }
}
