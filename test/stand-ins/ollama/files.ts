import { linkSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { appendFile, mkdir, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { writeSparseGguf } from "../gguf-writer";
import { runnerOf } from "./builds";
import { digestOf, manifestOf, sha256, smallBlobs, type StandInModel } from "./model";
import { fullName } from "./names";

/** Writes a model as Ollama keeps it: manifest, small blobs, and others whose data is a hole. */
export async function writeModelFiles(folder: string, model: StandInModel): Promise<void> {
  await mkdir(join(folder, "blobs"), { recursive: true });
  const blob = (digest: string) => join(folder, "blobs", `sha256-${digest}`);
  for (const [digest, text] of smallBlobs(model)) await writeFile(blob(digest), text);
  const { weights } = model;
  if (weights?.mlx && !model.parentModel) writeTensors(folder, model);
  if (weights?.metadata && !model.parentModel) await writeSparseGguf(blob(weights.digest), weights.metadata);
  if (weights?.projector && !model.parentModel)
    await writeSparseGguf(blob(weights.projector.digest), weights.projector.metadata);
  for (const [digest, metadata] of model.adapterFiles ?? []) await writeSparseGguf(blob(digest), metadata);
  if (weights && model.missingBytes !== undefined) {
    const path = blob(largestBlob(model));
    const { size } = await stat(path);
    if (model.missingBytes < size) await truncate(path, size - model.missingBytes);
    else await rm(path);
  }
  await put(manifestPath(folder, model.name), JSON.stringify(manifestOf(model)));
}

const tensorsOf = (model: StandInModel) =>
  manifestOf(model)
    .layers.filter(({ mediaType }) => mediaType.endsWith(".tensor"))
    .map(({ digest, size }) => ({ digest: digest.replace("sha256:", ""), size }));

/** Digest of the weights, or of the largest tensor. */
export function largestBlob(model: StandInModel): string {
  const [largest] = model.weights?.mlx ? tensorsOf(model).toSorted((a, b) => b.size - a.size) : [];
  return largest?.digest ?? model.weights?.digest ?? "";
}

/**
 * Tensors without data. There are some thousand of a model: those of one size are one file under many names, as links are
 * made much faster. Only the largest, which tests cut, is a file of its own.
 */
function writeTensors(folder: string, model: StandInModel): void {
  const holes = join(folder, "holes");
  mkdirSync(holes, { recursive: true });
  const there = new Set(readdirSync(join(folder, "blobs")));
  const made = new Set(readdirSync(holes));
  const largest = largestBlob(model);
  for (const { digest, size } of tensorsOf(model)) {
    const name = `sha256-${digest}`;
    const path = join(folder, "blobs", name);
    const hole = join(holes, String(size));
    if (digest === largest) {
      rmSync(path, { force: true });
      writeHole(path, size);
    } else if (!there.has(name)) {
      if (!made.has(String(size))) writeHole(hole, size);
      made.add(String(size));
      linkSync(hole, path);
    }
  }
}

function writeHole(path: string, size: number): void {
  writeFileSync(path, "");
  truncateSync(path, size);
}

/**
 * Writes the builds of a name as 0.40 keeps them: their manifests as blobs, a link in the new folder to the manifest or
 * to the list of them, and of a converted model what older releases go on with: its old file under its name, the new one
 * under a name of its own.
 */
export async function writeBuildFiles(folder: string, builds: readonly StandInModel[]): Promise<void> {
  const [first] = builds;
  if (first === undefined) return;
  for (const build of builds) {
    await writeModelFiles(folder, build);
    await put(join(folder, "blobs", `sha256-${digestOf(build)}`), JSON.stringify(manifestOf(build)));
  }
  await rm(manifestPath(folder, first.name), { force: true });
  const list = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.ollama.manifest.list.v2+json",
    manifests: builds.map((build) => ({
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      digest: `sha256:${digestOf(build)}`,
      runner: runnerOf(build),
      format: build.format,
    })),
  });
  const top = builds.length > 1 ? sha256(list) : digestOf(first);
  if (builds.length > 1) await put(join(folder, "blobs", `sha256-${top}`), list);
  const link = newPath(folder, first.name);
  await mkdir(dirname(link), { recursive: true });
  await rm(link, { force: true });
  await symlink(relative(dirname(link), join(folder, "blobs", `sha256-${top}`)), link);
  const [old, made] = ["ggml", "llamacpp"].map((runner) => builds.find((build) => runnerOf(build) === runner));
  if (old === undefined || made === undefined) return;
  await put(manifestPath(folder, old.name), JSON.stringify(manifestOf(old)));
  await put(manifestPath(folder, `llamacpp:${digestOf(made)}`), JSON.stringify(manifestOf(made)));
}

export async function removeModelFiles(folder: string, name: string): Promise<void> {
  for (const path of [manifestPath(folder, name), newPath(folder, name)]) await rm(path, { force: true });
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** The host is written as 0.40 writes it: its own under another name, a port's colon escaped. */
function newPath(folder: string, name: string): string {
  const { host, namespace, model, tag } = fullName(name);
  const place = host === "registry.ollama.ai" ? "ollama.com" : host.replaceAll(":", "%3A");
  return join(folder, "manifests-v2", place, namespace, model, tag);
}

function manifestPath(folder: string, name: string): string {
  const { host, namespace, model, tag } = fullName(name);
  return join(folder, "manifests", host, namespace, model, tag);
}

export interface LogFacts {
  readonly version: string;
  /** Where it listens: "127.0.0.1:11434". */
  readonly address: string;
  readonly env: Readonly<Record<string, string>>;
  /** GPU memory that it found; undefined where it found no GPU and runs on the CPU. */
  readonly totalVramBytes: number | undefined;
  readonly defaultNumCtx: number;
  readonly modelsFolder: string;
}

/** Writes what a server logs when it starts, into a new log or at the end of the one that is there. */
export async function writeServerLog(path: string, text: string, into: "new" | "same"): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (into === "same") await appendFile(path, text);
  else await writeFile(path, text);
}

/** The head of a server's log as 0.33 writes it. */
export function serverLog(facts: LogFacts): string {
  const { totalVramBytes } = facts;
  const gib = `${((totalVramBytes ?? 0) / 1024 ** 3).toFixed(1)} GiB`;
  const env = {
    ...DEFAULT_ENV,
    OLLAMA_HOST: `http://${facts.address}`,
    OLLAMA_MODELS: facts.modelsFolder,
    ...facts.env,
  };
  const map = Object.entries(env)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${logged(name, value)}`)
    .join(" ");
  const line = (source: string, rest: string) =>
    `time=2026-11-24T09:00:01.123+01:00 level=INFO source=${source} ${rest}\n`;
  const device =
    totalVramBytes === undefined
      ? 'id=cpu filter_id="" library=cpu compute="" name=cpu description=cpu libdirs=ollama driver="" pci_id="" ' +
        'type="" total="64.0 GiB" available="50.0 GiB"'
      : 'id=0 filter_id="" library=Metal compute=0.0 name=Metal description="Apple M4 Pro" ' +
        `libdirs=ollama driver=0.0 pci_id="" type=iGPU total="${gib}" available="${gib}"`;
  const total = totalVramBytes === undefined ? "0 B" : gib;
  return (
    line("routes.go:1951", `msg="server config" env="map[${map}]"`) +
    line("routes.go:1953", 'msg="Ollama cloud disabled: false"') +
    line("images.go:485", 'msg="total blobs: 31"') +
    line("routes.go:2008", `msg="Listening on ${facts.address} (version ${facts.version})"`) +
    line("types.go:32", `msg="inference compute" ${device}`) +
    line(
      "routes.go:2058",
      `msg="vram-based default context" total_vram="${total}" default_num_ctx=${facts.defaultNumCtx}`,
    )
  );
}

/** A variable as Ollama has read it (envconfig/config.go). */
function logged(name: string, value: string): string {
  if (name === "OLLAMA_FLASH_ATTENTION") return String(/^(?:1|t|true)$/i.test(value));
  return name === "OLLAMA_KEEP_ALIVE" ? duration(value) : value;
}

/** "1h" as Go prints a duration: "1h0m0s". A plain number is seconds, and what's negative the longest there is. */
function duration(value: string): string {
  const [, sign, count, unit = "s"] = /^(-?)(\d+)([smh]?)$/.exec(value) ?? [];
  if (count === undefined) return value;
  if (sign === "-") return "2562047h47m16.854775807s";
  const seconds = Number(count) * ({ h: 3600, m: 60 }[unit] ?? 1);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = `${seconds % 60}s`;
  return hours > 0 ? `${hours}h${minutes}m${rest}` : minutes > 0 ? `${minutes}m${rest}` : rest;
}

const DEFAULT_ENV: Readonly<Record<string, string>> = {
  LLAMA_ARG_FIT: "",
  LLAMA_ARG_FIT_TARGET: "",
  OLLAMA_CONTEXT_LENGTH: "0",
  OLLAMA_DEBUG: "INFO",
  OLLAMA_FLASH_ATTENTION: "false",
  OLLAMA_GPU_OVERHEAD: "0",
  OLLAMA_KEEP_ALIVE: "5m0s",
  OLLAMA_KV_CACHE_TYPE: "",
  OLLAMA_MAX_LOADED_MODELS: "0",
  OLLAMA_NUM_PARALLEL: "1",
  OLLAMA_ORIGINS: "[http://localhost https://localhost http://localhost:* app://*]",
  http_proxy: "",
};
