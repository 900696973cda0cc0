import { createHash } from "node:crypto";
import type {
  DescriptionResult,
  InstalledModel,
  ModelDescription,
  ModelParameters,
  PublishedBuild,
} from "../fit/facts";
import { sameModel } from "../fit/model-name";
import { formatBytes } from "../fit/units";
import { GgufError } from "../memory/gguf/gguf-error";
import { readGgufModel } from "../memory/gguf/read-model";
import type { ModelMetadata } from "../memory/metadata";
import { isObject } from "../memory/json-object";
import { parseBoundedJson } from "../memory/mlx/bounded-json";
import { UnknownMlxModel } from "../memory/mlx/config";
import { openMlxModel } from "../memory/mlx/estimate";
import type { Layer } from "../ollama/manifests";
import { mlxFiles } from "../ollama/mlx-manifest";
import { tensorSum } from "../ollama/model-source";
import { label, labels, readParameters } from "../ollama/wire";
import { type BlobOptions, type BlobStream, MOST_BLOB_BYTES, openBlob } from "./blob-stream";
import type { FoundTag } from "./first-tag";
import type { ExistingTag } from "./read-tag";

/** Real ones have a few hundred bytes, a config.json up to 100 kB. */
const MOST_JSON_BYTES = 4 * 1024 * 1024;
const MOST_JSON_PARTS = 400_000;

/** A build that a registry has, as its manifest alone tells it. */
export function publishedBuild({ name, tag }: FoundTag, installed: InstalledModel): PublishedBuild {
  const { digest, downloadBytes, weightBytes, format, runner } = tag;
  return {
    name,
    weightBytes,
    downloadBytes,
    model: {
      name,
      digest,
      sizeBytes: downloadBytes,
      format,
      runner,
      sharesName: sameModel(name, installed.name),
      families: [],
      parameterSize: installed.parameterSize,
      // Those of the same model in another build, where its own files name none.
      capabilities: installed.capabilities,
      cloud: false,
    },
  };
}

/**
 * What the files of a build in a registry tell of its memory, without downloading it: of a GGUF build the headers of
 * its weights, projectors and adapters, of an MLX build its manifest and config.json. Unreadable, with the reason, where
 * any of it can't be had or can't be right; it never throws.
 */
export async function describeBuild(
  fetch: typeof globalThis.fetch,
  tag: ExistingTag,
  options: BlobOptions = {},
): Promise<DescriptionResult> {
  const files = filesOf(fetch, tag, options);
  try {
    return await (tag.format === "gguf" ? describeGguf(tag, files) : describeMlx(tag, files));
  } catch (error) {
    if (error instanceof GgufError || error instanceof UnknownMlxModel) {
      return { kind: "unreadable", reason: error.message };
    }
    throw error;
  }
}

/** Readers of the files behind a manifest. */
interface Files {
  /** The header of a GGUF file. @throws GgufError */
  readonly header: (layer: Layer) => Promise<ModelMetadata>;
  /** A small file of JSON; `what` names it in a sentence. @throws GgufError */
  readonly json: (layer: Layer, what: string) => Promise<unknown>;
}

function filesOf(fetch: typeof globalThis.fetch, tag: ExistingTag, options: BlobOptions): Files {
  const within = async <T>(layer: Layer, read: (blob: BlobStream) => Promise<T>): Promise<T> => {
    const blob = openBlob(fetch, tag, layer, options);
    try {
      return await read(blob);
    } finally {
      await blob.close();
    }
  };
  return {
    header: (layer) =>
      within(layer, async (blob) => {
        const { metadata, parts } = await readGgufModel(blob, {
          maxBytes: MOST_BLOB_BYTES,
          signal: options.signal,
        });
        const missing = parts.reduce((sum, { layout }) => sum + (layout?.missingBytes ?? 0), 0);
        if (missing > 0)
          throw new GgufError("truncated", `The published file lacks ${formatBytes(missing)} at its end.`);
        return metadata;
      }),
    json: (layer, what) =>
      within(layer, async (blob) => {
        if (layer.size > MOST_JSON_BYTES) throw new GgufError("too-large", `${what} is too large to be one.`);
        const bytes = await blob.read(0, layer.size);
        const isWhole = createHash("sha256").update(bytes).digest("hex") === layer.digest.replace("sha256:", "");
        const parsed = isWhole ? parseBoundedJson(bytes, MOST_JSON_PARTS) : undefined;
        if (parsed === undefined)
          throw new GgufError("read-failed", `${what} isn't what the registry's manifest names.`);
        return parsed.json;
      }),
  };
}

async function describeMlx({ layers }: ExistingTag, { json }: Files): Promise<DescriptionResult> {
  const opened = openMlxModel(await mlxFiles(layers, json));
  return opened.kind === "unknown"
    ? { kind: "unreadable", reason: opened.reason }
    : { kind: "mlx", model: opened, cautions: [], weightsAboveBytes: 0 };
}

async function describeGguf({ layers, config }: ExistingTag, { header, json }: Files): Promise<ModelDescription> {
  const of = (kind: string) => layers.filter(({ mediaType }) => mediaType === `application/vnd.ollama.image.${kind}`);
  const [weights, ...others] = of("model");
  if (weights === undefined || others.length > 0) {
    throw new GgufError("split", "Its weights aren't one file, and only one is read.");
  }
  const noted = config && (await json(config, "What it says of itself"));
  const [params] = of("params");
  const parameters = parametersOf(params && (await json(params, "Its list of parameters")));
  const metadata = await header(weights);
  const sized = async (files: readonly Layer[]) => {
    const read: { readonly path: string; readonly bytes?: number }[] = [];
    for (const file of files) read.push({ path: file.digest, bytes: tensorSum(await header(file)) });
    return read;
  };
  return {
    metadata,
    metadataSource: "header",
    parameters,
    capabilities: labels(isObject(noted) ? noted["capabilities"] : undefined),
    requires: isObject(noted) ? label(noted["requires"]) : undefined,
    projectors: await sized(of("projector")),
    adapters: await sized(of("adapter")),
    drafts: of("draft").map(({ digest }) => digest),
  };
}

/** Parameters as a registry keeps them: a JSON object of numbers, texts and lists. */
function parametersOf(params: unknown): ModelParameters {
  const lines = Object.entries(isObject(params) ? params : {}).map(([name, value]) => `${name} ${String(value)}`);
  return readParameters(lines.join("\n"));
}
