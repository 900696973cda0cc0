import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MlxFiles, MlxTensor } from "../../../src/memory/mlx/files";

/** A safetensors file without its data: the length of its header, and the header. */
export function safetensorsHeader(tensors: readonly MlxTensor[], metadata = { format: "mlx" }): Uint8Array {
  let end = 0;
  const entries = tensors.map(({ name, type, shape, bytes }) => {
    const begin = end;
    end += bytes;
    return [name, { dtype: type, shape, data_offsets: [begin, end] }];
  });
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}

/** Writes a model as mlx-lm keeps it, without data: one file, or several with an index. */
export async function writeMlxFolder(folder: string, { config, tensors }: MlxFiles, parts = 1): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  if (parts === 1) return writeFile(join(folder, "model.safetensors"), safetensorsHeader(tensors));
  const map: Record<string, string> = {};
  for (let part = 0; part < parts; part += 1) {
    const name = `model-${String(part + 1).padStart(5, "0")}-of-${String(parts).padStart(5, "0")}.safetensors`;
    const own = tensors.filter((_, index) => index % parts === part);
    for (const tensor of own) map[tensor.name] = name;
    await writeFile(join(folder, name), safetensorsHeader(own));
  }
  // What total_size says is often of the model before it was packed.
  await writeFile(
    join(folder, "model.safetensors.index.json"),
    JSON.stringify({ metadata: { total_size: 1 }, weight_map: map }),
  );
}

const digest = (number: number) => `sha256:${number.toString(16).padStart(64, "0")}`;
const blobPath = (folder: string, name: string) => join(folder, "blobs", name.replace(":", "-"));

/** A manifest and its config.json as Ollama keeps them, with a blob for each tensor that is only named. */
export async function writeMlxManifest(
  folder: string,
  path: string,
  { config, tensors, draftConfig }: MlxFiles,
  change: (manifest: Record<string, unknown>) => unknown = (manifest) => manifest,
): Promise<void> {
  const files: [name: string, json: unknown][] = [["config.json", config]];
  if (draftConfig !== undefined) files.push(["draft/config.json", draftConfig]);
  await mkdir(join(folder, "blobs"), { recursive: true });
  const json = await Promise.all(
    files.map(async ([name, content], index) => {
      const text = JSON.stringify(content);
      await writeFile(blobPath(folder, digest(index + 1)), text);
      return { mediaType: "application/vnd.ollama.image.json", digest: digest(index + 1), size: text.length, name };
    }),
  );
  const layers = tensors.map(({ name, bytes }, index) => ({
    mediaType: "application/vnd.ollama.image.tensor",
    digest: digest(index + 1000),
    size: bytes,
    name,
  }));
  await mkdir(join(folder, path, ".."), { recursive: true });
  await writeFile(
    join(folder, path),
    JSON.stringify(
      change({
        schemaVersion: 2,
        mediaType: "application/vnd.docker.distribution.manifest.v2+json",
        config: { mediaType: "application/vnd.docker.container.image.v1+json", digest: digest(0), size: 412 },
        layers: [...layers, ...json],
      }),
    ),
  );
}
