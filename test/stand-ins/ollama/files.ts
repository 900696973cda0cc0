import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeSparseGguf } from "../gguf-writer";
import { manifestOf, smallBlobs, type StandInModel } from "./model";
import { fullName } from "./names";

/** Writes a model as Ollama keeps it: manifest, small blobs, and GGUF blobs whose tensor data is a hole. */
export async function writeModelFiles(folder: string, model: StandInModel): Promise<void> {
  await mkdir(join(folder, "blobs"), { recursive: true });
  const blob = (digest: string) => join(folder, "blobs", `sha256-${digest}`);
  for (const [digest, text] of smallBlobs(model)) await writeFile(blob(digest), text);
  const { weights } = model;
  if (weights?.metadata && !model.parentModel) await writeSparseGguf(blob(weights.digest), weights.metadata);
  if (weights?.projector && !model.parentModel)
    await writeSparseGguf(blob(weights.projector.digest), weights.projector.metadata);
  await mkdir(dirname(manifestPath(folder, model.name)), { recursive: true });
  await writeFile(manifestPath(folder, model.name), JSON.stringify(manifestOf(model)));
}

export async function removeModelFiles(folder: string, name: string): Promise<void> {
  await rm(manifestPath(folder, name), { force: true });
}

function manifestPath(folder: string, name: string): string {
  const { host, namespace, model, tag } = fullName(name);
  return join(folder, "manifests", host, namespace, model, tag);
}

export interface LogFacts {
  readonly version: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly totalVramBytes: number;
  readonly defaultNumCtx: number;
}

/** The head of a server log; the app starts a new one with each server. */
export async function writeServerLog(homeFolder: string, facts: LogFacts): Promise<void> {
  const gib = `${(facts.totalVramBytes / 1024 ** 3).toFixed(1)} GiB`;
  const env = { ...DEFAULT_ENV, ...facts.env };
  const map = Object.entries(env)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}`)
    .join(" ");
  const line = (source: string, rest: string) =>
    `time=2026-11-24T09:00:01.123+01:00 level=INFO source=${source} ${rest}\n`;
  const log = join(homeFolder, ".ollama", "logs", "server.log");
  await mkdir(dirname(log), { recursive: true });
  await writeFile(
    log,
    line("routes.go:1951", `msg="server config" env="map[${map}]"`) +
      line("routes.go:1953", 'msg="Ollama cloud disabled: false"') +
      line("images.go:485", 'msg="total blobs: 31"') +
      line("routes.go:2008", `msg="Listening on 127.0.0.1:${facts.port} (version ${facts.version})"`) +
      line(
        "types.go:32",
        'msg="inference compute" id=0 filter_id="" library=Metal compute=0.0 name=Metal description="Apple M4 Pro" ' +
          `libdirs=ollama driver=0.0 pci_id="" type=iGPU total="${gib}" available="${gib}"`,
      ) +
      line(
        "routes.go:2058",
        `msg="vram-based default context" total_vram="${gib}" default_num_ctx=${facts.defaultNumCtx}`,
      ),
  );
}

const DEFAULT_ENV: Readonly<Record<string, string>> = {
  LLAMA_ARG_FIT: "",
  LLAMA_ARG_FIT_TARGET: "",
  OLLAMA_CONTEXT_LENGTH: "0",
  OLLAMA_DEBUG: "INFO",
  OLLAMA_FLASH_ATTENTION: "false",
  OLLAMA_GPU_OVERHEAD: "0",
  OLLAMA_HOST: "http://127.0.0.1:11434",
  OLLAMA_KEEP_ALIVE: "5m0s",
  OLLAMA_KV_CACHE_TYPE: "",
  OLLAMA_MODELS: "/Users/sam/.ollama/models",
  OLLAMA_NUM_PARALLEL: "1",
  OLLAMA_ORIGINS: "[http://localhost https://localhost http://localhost:* app://*]",
  http_proxy: "",
};
