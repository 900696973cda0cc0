/**
 * An Ollama server for tests and the preview: real HTTP on loopback, models in memory, answers as Ollama 0.33 gives
 * them (older ones by `version`), faults on demand. It computes nothing and downloads nothing.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { footprintOf, promptMemoryOf } from "../footprint";
import { abilitiesAt } from "./abilities";
import { type Answer, error, type Fault, json, type Route, ROUTES, send } from "./faults";
import { buildsOf, byDigest, listedBuilds, manifestSummaries, runnerOf } from "./builds";
import { removeModelFiles, serverLog, writeBuildFiles, writeModelFiles, writeServerLog } from "./files";
import { digestOf, onlyEmbeds, type ParameterValue, sha256, type StandInModel } from "./model";
import { makeRoom } from "./make-room";
import { CHUNK, DIED, peakLine, type Reading, readingLines, readingOf, startLine, stopLine } from "./mlx-runner";
import { fullName, isValidName, keyOf, shortName } from "./names";
import { type Body, done, expiry, lines, METHODS, nameIn, readJson } from "./requests";
import { sampleModels } from "./sample-models";
import type { LoggedRequest, StandInOllama, StandInOptions } from "./types";
import { psEntry, type Resident, showAnswer, tagsEntry } from "./wire";

export type { Fault, Route } from "./faults";
export type { StandInModel, Weights } from "./model";
export type { Footprint, LoggedRequest, StandInOllama, StandInOptions } from "./types";
export { ggufModel, manyModels, measuredModel, mlxModel, sampleModel, sampleModels } from "./sample-models";

const GIB = 1024 ** 3;

export async function startStandInOllama(given: StandInOptions = {}): Promise<StandInOllama> {
  const standIn = new Stand(given);
  await standIn.begin();
  return standIn;
}

class Stand implements StandInOllama {
  readonly requests: LoggedRequest[] = [];
  readonly pulls: string[] = [];
  port = 0;
  private options: StandInOptions;
  private readonly installed = new Map<string, StandInModel>();
  private residents: readonly Resident[] = [];
  /** Milliseconds of reading that are in the Mac's cache, by file. */
  private readonly filesRead = new Map<string, number>();
  onLoaded?: () => void;
  freeRamBytes?: () => number;
  private readonly faults = new Map<Route | "*", { fault: Fault; times: number }>();
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();

  constructor(given: StandInOptions) {
    this.options = given;
    this.port = given.port ?? 0;
    for (const model of given.models ?? sampleModels()) this.installed.set(placeOf(model), model);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  get modelsFolder(): string {
    return this.options.env?.["OLLAMA_MODELS"] ?? join(this.options.homeFolder ?? "/Users/sam", ".ollama", "models");
  }
  models(): readonly StandInModel[] {
    return [...this.installed.values()];
  }
  loaded(): readonly Resident[] {
    return this.residents;
  }

  fault(route: Route | "*", fault: Fault | undefined, times = Infinity): void {
    if (fault) this.faults.set(route, { fault, times });
    else this.faults.delete(route);
  }

  async put(model: StandInModel): Promise<void> {
    // The list shows the most recent change first.
    const others = [...this.installed].filter(([key]) => key !== placeOf(model));
    this.installed.clear();
    this.installed.set(placeOf(model), model);
    for (const [key, other] of others) this.installed.set(key, other);
    await this.write(model);
  }

  async begin(): Promise<void> {
    // A folder that OLLAMA_MODELS names may lie on a disk that's gone since.
    const { homeFolder, env } = this.options;
    if (homeFolder !== undefined && env?.["OLLAMA_MODELS"] === undefined) {
      await mkdir(join(this.modelsFolder, "blobs"), { recursive: true });
    }
    for (const model of this.installed.values()) await this.write(model);
    await this.listen();
  }

  private setResidents(residents: readonly Resident[]): void {
    this.residents = residents;
    this.onLoaded?.();
  }

  async stop(): Promise<void> {
    this.setResidents([]);
    const { server } = this;
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async restart(changes: Partial<Omit<StandInOptions, "models" | "port">> = {}): Promise<void> {
    await this.stop();
    this.options = { ...this.options, ...changes };
    await this.listen();
  }

  close(): Promise<void> {
    return this.stop();
  }

  private async listen(): Promise<void> {
    const server = createServer((request, response) => {
      this.handle(request, response).catch(() => response.destroy());
    });
    server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    await this.log();
  }

  /** Where it logs; undefined where nothing can be read of it. */
  private get logPath(): string | undefined {
    const { homeFolder, logPath } = this.options;
    const path = logPath ?? (homeFolder === undefined ? "none" : join(homeFolder, ".ollama", "logs", "server.log"));
    return path === "none" ? undefined : path;
  }

  private async log(): Promise<void> {
    const { env = {}, totalVramBytes = 48 * GIB, address, logText, sameLog } = this.options;
    const path = this.logPath;
    if (path === undefined) return;
    const text = serverLog({
      version: this.version,
      address: address ?? `127.0.0.1:${this.port}`,
      env,
      totalVramBytes: totalVramBytes > 0 ? totalVramBytes : undefined,
      defaultNumCtx: this.tier,
      modelsFolder: this.modelsFolder,
    });
    await writeServerLog(path, logText ?? text, sameLog ? "same" : "new");
  }

  private get version(): string {
    return this.options.version ?? "0.33.0";
  }

  private get can() {
    return abilitiesAt(this.version);
  }

  private get tier(): number {
    const mib = Math.floor((this.options.totalVramBytes ?? 48 * GIB) / 1024 ** 2);
    if (!this.can.contextTiers || mib < 23_552) return 4096;
    return mib < 48_128 ? 32_768 : 262_144;
  }

  private async write(model: StandInModel): Promise<void> {
    const { files, homeFolder } = this.options;
    const isMlx = (build: StandInModel) =>
      files !== false && homeFolder !== undefined && build.weights?.mlx !== undefined;
    const written = buildsOf(this.installed.values(), model.name).filter((build) => files || isMlx(build));
    if (this.can.runners) await writeBuildFiles(this.modelsFolder, written);
    else for (const build of written) await writeModelFiles(this.modelsFolder, build);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const route = path.replace(/^\/api\//, "") as Route;
    const body = await readJson(request);
    this.requests.push({ route, method: request.method ?? "", path, body: body ?? {} });
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const answer = body
      ? await this.answer(request.method ?? "", path, body, gone.signal)
      : error(400, "invalid character");
    await send(response, answer, this.takeFault(route), () => void this.stop());
  }

  private takeFault(route: Route): Fault | undefined {
    for (const key of [route, "*"] as const) {
      const entry = this.faults.get(key);
      if (!entry) continue;
      entry.times -= 1;
      if (entry.times <= 0) this.faults.delete(key);
      return entry.fault;
    }
    return undefined;
  }

  private async answer(method: string, path: string, body: Body, gone: AbortSignal): Promise<Answer> {
    // The extension never pulls: people do, in Terminal, so that nothing goes wrong with it on demand.
    if (path === "/api/pull" && method === "POST") return this.pull(body);
    const route = ROUTES.find((name) => path === `/api/${name}`);
    if (path === "/") return { status: 200, type: "text/plain; charset=utf-8", chunks: ["Ollama is running"] };
    const expected = route && METHODS[route];
    if (!route || method !== expected)
      return {
        status: route ? 405 : 404,
        type: "text/plain",
        chunks: [route ? "405 method not allowed" : "404 page not found"],
      };
    // A spoiled request changes nothing, but for those that break off half-way.
    const fault = this.faults.get(route) ?? this.faults.get("*");
    if (fault && ["refuse", "http500", "garbage", "answer", "hugeBody"].includes(fault.fault.kind))
      return json(200, {});
    switch (route) {
      case "version":
        return json(200, { version: this.version });
      case "tags":
        return json(200, { models: listedBuilds(this.models(), this.can).map((model) => tagsEntry(model, this.can)) });
      case "ps":
        return json(200, {
          models: this.listed().map((resident) => psEntry(resident, this.can, this.grownBy(resident))),
        });
      case "show":
        return this.show(body);
      case "generate":
        return this.generate(body, gone);
      case "embed":
        return this.embed(body, gone);
      case "create":
        return this.create(body);
      case "copy":
        return this.copy(body);
      case "delete":
        return this.remove(body);
    }
  }

  /** The build that a name means; from 0.40 on also by digest, and of several the one with the runner asked for. */
  private find(name: string, runner = ""): StandInModel | undefined {
    const builds = buildsOf(this.installed.values(), name);
    if (!this.can.runners) return builds[0];
    return runner === ""
      ? (builds[0] ?? byDigest(this.installed.values(), name))
      : builds.find((build) => runnerOf(build) === runner);
  }

  /** The build that a request means, or why there's none. */
  private asked(body: Body): StandInModel | Answer {
    const [name, runner] = [nameIn(body), this.can.runners ? String(body["runner"] ?? "") : ""];
    if (name !== "" && !isValidName(fullName(name))) return error(400, "invalid model name");
    if (!["", "mlx", "llamacpp", "ggml"].includes(runner)) return error(400, `unknown runner "${runner}"`);
    if (!this.find(name)) return error(404, `model '${name}' not found`);
    return this.find(name, runner) ?? error(400, `no compatible manifest found for runners: ${runner}`);
  }

  private show(body: Body): Answer {
    const name = nameIn(body);
    if (name === "") return error(400, "model is required");
    const model = this.asked(body);
    if ("status" in model) return model;
    const answer = (build: StandInModel) => ({
      ...showAnswer(build, body["verbose"] === true, this.can, this.modelsFolder),
      ...this.manifestsBeside(build),
    });
    if (!this.can.runners || body["all_manifests"] !== true) return json(200, answer(model));
    if (body["runner"]) return error(400, "runner cannot be used with all_manifests");
    const builds = buildsOf(this.installed.values(), name);
    return json(200, { manifests: builds.map((build) => ({ runner: runnerOf(build), ...answer(build) })) });
  }

  private manifestsBeside(build: StandInModel): object {
    const manifests = this.can.runners ? manifestSummaries(buildsOf(this.installed.values(), build.name), build) : [];
    return manifests.length > 0 ? { manifests } : {};
  }

  /** A model that still loads is listed, with an expiry that moves with the clock. */
  private listed(): readonly Resident[] {
    const moving = new Date(this.now().getTime() + 300_000);
    return this.residents.map((one) => (one.isLoading ? { ...one, expiresAt: moving } : one));
  }

  private async generate(body: Body, gone: AbortSignal): Promise<Answer> {
    const name = nameIn(body);
    const model = this.asked(body);
    if ("status" in model) return model;
    const prompt = typeof body["prompt"] === "string" ? body["prompt"] : "";
    if (prompt !== "" && runnerOf(model) !== "mlx") return error(501, "the stand-in does not generate");
    if (body["keep_alive"] === 0) return this.unload(name, model);
    const stays = body["keep_alive"];
    if (typeof stays === "string" && !/^-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(stays)) {
      return error(400, `time: missing unit in duration "${stays}"`);
    }
    if (onlyEmbeds(model)) return error(400, `"${name}" does not support generate`);
    return this.load(body, model, prompt, gone);
  }

  /** Loads a model that is given nothing to embed; others than embedding models, too. */
  private async embed(body: Body, gone: AbortSignal): Promise<Answer> {
    const name = nameIn(body);
    if (!this.find(name)) return error(404, `model "${name}" not found, try pulling it first`);
    const model = this.asked(body);
    if ("status" in model) return model;
    if ((body["input"] ?? "") !== "") return error(501, "the stand-in does not embed");
    const loaded = await this.load(body, model, "", gone);
    return loaded.status === 200 ? json(200, { model: name, embeddings: [] }) : loaded;
  }

  private async load(body: Body, given: StandInModel, prompt: string, gone: AbortSignal): Promise<Answer> {
    let model = given;
    const name = nameIn(body);
    if (this.can.convertsFirst) model = await this.convert(model);
    const { options } = body;
    const asked = typeof options === "object" && options !== null ? (options as Body)["num_ctx"] : undefined;
    const own = model.parameters["num_ctx"];
    for (const value of [asked, own])
      if (value !== undefined && typeof value !== "number")
        return error(500, 'option "num_ctx" must be of type integer');
    const environment = Number(this.options.env?.["OLLAMA_CONTEXT_LENGTH"] ?? 0);
    const wanted = Math.trunc(Number(asked ?? own ?? (environment || this.tier)));
    const least = model.capabilities.includes("vision") ? 2048 : 4;
    const numCtx = Math.min(Math.max(wanted, least), model.contextLength ?? Infinity);
    const failure = this.options.loadError?.(model, numCtx);
    if (failure !== undefined) return error(500, failure);
    const { env, totalVramBytes = Infinity } = this.options;
    const { sizeBytes, vramBytes, ...real } =
      this.options.footprint?.(model, numCtx) ??
      footprintOf(model, numCtx, { limitBytes: totalVramBytes, version: this.version, env });
    const mlx = runnerOf(model) === "mlx";
    const there = mlx ? this.residents.find((one) => one.model === model) : undefined;
    const keepAlive = body["keep_alive"] ?? there?.keepAlive;
    const resident: Resident = {
      keepAlive,
      lastPrompt: there?.lastPrompt,
      model,
      numCtx,
      sizeBytes: there?.sizeBytes ?? sizeBytes,
      vramBytes: there?.vramBytes ?? vramBytes,
      realBytes: there?.realBytes ?? real.realBytes ?? sizeBytes,
      gpuBytes: there?.gpuBytes ?? real.gpuBytes ?? vramBytes,
      loadedAt: there?.loadedAt ?? this.now(),
      // What is loaded stays as long as it was asked for, where nothing else is asked (server/sched.go).
      expiresAt: expiry(keepAlive ?? this.options.env?.["OLLAMA_KEEP_ALIVE"], this.now()),
    };
    if (mlx && there === undefined) await this.logNow(startLine(model));
    // The file is the runner's identity: a variant takes its parent's place.
    const others = this.residents.filter((other) => other.model.weights?.digest !== model.weights?.digest);
    const most = Number(this.options.env?.["OLLAMA_MAX_LOADED_MODELS"] ?? 0) || 3;
    const slots = Number(this.options.env?.["OLLAMA_NUM_PARALLEL"] ?? 0) || 1;
    const freeBytes = this.freeRamBytes?.() ?? Infinity;
    const runsAlready = this.residents.some((one) => !others.includes(one) && one.numCtx === numCtx);
    const staying = runsAlready
      ? others
      : makeRoom({ model, numCtx, slots, totalBytes: totalVramBytes, freeBytes }, others);
    const place = (as: Resident) => this.setResidents([as, ...staying].slice(0, most));
    if (!(await this.readFile(resident, place, gone))) {
      this.setResidents(this.residents.filter((one) => one.model !== model || !one.isLoading));
      if (mlx && there === undefined) await this.logNow(stopLine);
      return error(499, "client connection closed before llama-server finished loading, aborting load");
    }
    place(resident);
    if (prompt !== "") return this.readPrompt(resident, prompt, gone);
    if (!this.can.convertsFirst) void this.convert(model);
    return done(name, "load");
  }

  /** Reads a prompt with MLX: the runner logs it, holds more after it, and dies where it doesn't fit the GPU. */
  private async readPrompt(resident: Resident, prompt: string, gone: AbortSignal): Promise<Answer> {
    const { model } = resident;
    const { promptMemory = promptMemoryOf, chunkMs = 0, tokensAWord = 1 } = this.options;
    const reading = readingOf(prompt, resident.lastPrompt, tokensAWord);
    const most = model.contextLength ?? Infinity;
    if (reading.total >= most) {
      return error(
        400,
        `input length (${reading.total} tokens) exceeds the model's maximum context length (${most} tokens)`,
      );
    }
    const { bytes = 0 } = model.weights ?? {};
    const memoryOf = (tokens: number) => promptMemory(model, tokens) ?? { peakBytes: bytes, heldBytes: bytes };
    const { peakBytes, limitBytes = this.options.totalVramBytes ?? Infinity } = memoryOf(reading.total);
    const hold = (held: number, more: Partial<Resident> = {}) =>
      this.setResidents(
        this.residents.map((one) =>
          one.model === model
            ? { ...one, ...more, sizeBytes: held, vramBytes: held, realBytes: held, gpuBytes: held }
            : one,
        ),
      );
    if (peakBytes > limitBytes) {
      await this.logReading(reading, chunkMs, gone, 0.5);
      this.setResidents(this.residents.filter((one) => one.model !== model));
      return error(500, DIED);
    }
    hold(peakBytes);
    const chunks = await this.logReading(reading, chunkMs, gone);
    // One that's broken off leaves what it has read.
    const end = memoryOf(Math.max(1, Math.min(reading.total, reading.cached + chunks * CHUNK)));
    hold(end.heldBytes, { lastPrompt: gone.aborted ? undefined : prompt });
    await this.logNow(peakLine(end.peakBytes));
    return json(200, {
      model: model.name,
      created_at: this.now().toISOString(),
      response: "the",
      done: true,
      done_reason: "length",
      prompt_eval_count: reading.total,
      eval_count: 1,
    });
  }

  /** Logs a prompt, or a share of it, as it's read: so many chunks, fewer where its client went away meanwhile. */
  private async logReading(reading: Reading, chunkMs: number, gone: AbortSignal, share = 1): Promise<number> {
    const [begin = "", ...chunks] = readingLines(reading);
    await this.logNow(begin);
    const read = chunks.slice(0, Math.ceil(chunks.length * share));
    for (const [index, chunk] of read.entries()) {
      if (chunkMs > 0) await sleep(chunkMs, undefined, { signal: gone }).catch(() => undefined);
      if (gone.aborted) return index;
      await this.logNow(chunk);
    }
    return read.length;
  }

  private async logNow(rest: string): Promise<void> {
    const { logPath } = this;
    if (logPath === undefined) return;
    await writeServerLog(logPath, `time=${this.now().toISOString()} level=INFO source=${rest}\n`, "same");
  }

  /** What comes of an old file at its first load: a build that plain llama.cpp loads, beside it or in its place. */
  private async convert(old: StandInModel): Promise<StandInModel> {
    const { converts, ...rest } = old;
    if (converts === undefined || !this.can.runners || runnerOf(old) !== "ggml") return old;
    await this.logLine(`msg="starting local compat GGUF migration" model=${old.name} required_bytes=${converts.bytes}`);
    await sleep(this.options.convertMs ?? 0);
    const made: StandInModel = { ...rest, runner: "llamacpp", weights: converts };
    if (this.can.convertsFirst) this.installed.delete(placeOf(old));
    else this.installed.set(placeOf(old), { ...rest, runner: "ggml" });
    await this.put(made);
    await this.logLine(`msg="completed local compat GGUF migration" model=${old.name} duration=1.5s`);
    return made;
  }

  private async logLine(rest: string): Promise<void> {
    const { logPath } = this;
    const line = `time=2026-11-24T09:05:01.123+01:00 level=INFO source=migrate.go:383 ${rest}\n`;
    if (logPath !== undefined) await writeServerLog(logPath, line, "same");
  }

  /** Takes the time that is left of a load; false where its client went away meanwhile. */
  private async readFile(resident: Resident, place: (as: Resident) => void, gone: AbortSignal): Promise<boolean> {
    const { loadMs = 0 } = this.options;
    const key = resident.model.weights?.digest ?? resident.model.name;
    // One whose client just went away may still be listed as loading.
    const isThere = this.residents.some(
      ({ model, numCtx, isLoading }) => model === resident.model && numCtx === resident.numCtx && !isLoading,
    );
    if (loadMs === 0 || isThere) return true;
    place({ ...resident, isLoading: true });
    const began = performance.now();
    const before = this.filesRead.get(key) ?? 0;
    await sleep(Math.max(0, loadMs - before), undefined, { signal: gone }).catch(() => undefined);
    this.filesRead.set(key, before + performance.now() - began);
    return !gone.aborted;
  }

  grownBy({ model, loadedAt }: Resident): number {
    const { growth } = this.options;
    return growth === undefined ? 0 : Math.round(growth(model, (this.now().getTime() - loadedAt.getTime()) / 1000));
  }

  private now(): Date {
    return this.options.now?.() ?? new Date();
  }

  private unload(name: string, model: StandInModel): Answer {
    const runs = (resident: Resident) => resident.model.weights?.digest === model.weights?.digest;
    const isNamed = (resident: Resident) => keyOf(resident.model.name) === keyOf(model.name);
    // From 0.40 on what has the name goes where nothing runs the file (server/sched.go, expireRunner).
    const byName = this.can.runners && !this.residents.some(runs);
    const go = () => this.setResidents(this.residents.filter((one) => (byName ? !isNamed(one) : !runs(one))));
    const { unloadMs = 0 } = this.options;
    if (this.residents.some((one) => runs(one) && runnerOf(one.model) === "mlx")) void this.logNow(stopLine);
    if (unloadMs > 0) setTimeout(go, unloadMs).unref();
    else go();
    return done(name, "unload");
  }

  private async create(body: Body): Promise<Answer> {
    const name = nameIn(body);
    if (!isValidName(fullName(name))) return error(400, "invalid model name");
    const from = typeof body["from"] === "string" ? body["from"] : "";
    const stream = body["stream"] !== false;
    if (from === "") return error(400, "neither 'from' or 'files' was specified");
    const parent = this.find(from);
    if (!parent) {
      this.pulls.push(from);
      return stream
        ? lines({ status: "pulling manifest" }, { error: "pull model manifest: file does not exist" })
        : error(500, "pull model manifest: file does not exist");
    }
    const asked = body["parameters"] as Readonly<Record<string, ParameterValue>> | undefined;
    const existing = this.find(name);
    const { renderer, parser, ...rest } = parent;
    const model: StandInModel = {
      ...rest,
      ...(this.can.inheritsRenderer && renderer ? { renderer } : {}),
      ...(this.can.inheritsRenderer && parser ? { parser } : {}),
      name: existing?.name ?? shortName(name),
      modifiedAt: new Date().toISOString(),
      parameters: { ...parent.parameters, ...asked },
      // A digest in the place of a name stays what it was made from.
      parentModel: buildsOf([parent], from).length > 0 ? parent.name : `sha256-${digestOf(parent)}:latest`,
      runner: undefined,
    };
    // A name is given to one build only.
    for (const build of buildsOf(this.installed.values(), name)) this.installed.delete(placeOf(build));
    await this.put(model);
    const texts = [parent.template, parent.system, parent.license].filter((text) => text !== undefined);
    const layers = [parent.weights?.digest, ...texts.map(sha256)].filter((digest) => digest !== undefined);
    return stream
      ? lines(
          ...layers.map((digest) => ({ status: `using existing layer sha256:${digest}` })),
          { status: `creating new layer sha256:${sha256(JSON.stringify(model.parameters))}` },
          { status: "writing manifest" },
          { status: "success" },
        )
      : json(200, { status: "success" });
  }

  private async copy(body: Body): Promise<Answer> {
    const [source, destination] = [String(body["source"] ?? ""), String(body["destination"] ?? "")];
    for (const [kind, name] of [
      ["source", source],
      ["destination", destination],
    ] as const)
      if (!isValidName(fullName(name))) return error(400, `${kind} "${name}" is invalid`);
    const model = this.find(source);
    if (!model) return error(404, `model "${source}" not found`);
    await this.put({ ...model, name: this.find(destination)?.name ?? shortName(destination) });
    return { status: 200, type: "text/plain", chunks: [] };
  }

  /** Fetches the build that a Mac prefers, or the one that's asked for. */
  private async pull(body: Body): Promise<Answer> {
    const name = nameIn(body);
    this.pulls.push(name);
    const builds = buildsOf(this.options.published ?? [], name);
    const runner = this.can.runners ? String(body["runner"] ?? "") : "";
    // A release that doesn't know lists is given a file that it can run.
    const model = this.can.runners
      ? builds.find((build) => runner === "" || runnerOf(build) === runner)
      : builds.find((build) => runnerOf(build) === "ggml");
    const failed =
      builds.length === 0
        ? "pull model manifest: file does not exist"
        : `no compatible manifest found for runners: ${runner}`;
    if (model === undefined) return lines({ status: "pulling manifest" }, { error: failed });
    await this.put(model);
    return lines({ status: "pulling manifest" }, { status: "writing manifest" }, { status: "success" });
  }

  private async remove(body: Body): Promise<Answer> {
    const name = nameIn(body);
    if (!isValidName(fullName(name))) return error(400, `name "${name}" is invalid`);
    const model = this.find(name);
    if (!model) return error(404, `model '${name}' not found`);
    // A name goes with all of its builds, a digest alone.
    const isName = buildsOf(this.installed.values(), name).length > 0;
    const gone = isName ? buildsOf(this.installed.values(), name) : [model];
    for (const build of gone) this.installed.delete(placeOf(build));
    if (this.options.files) {
      await removeModelFiles(this.modelsFolder, model.name);
      for (const build of buildsOf(this.installed.values(), model.name)) await this.write(build);
    }
    return { status: 200, type: "text/plain", chunks: [] };
  }
}

/** Where a build is kept: a name may have one of each runner. */
function placeOf(model: StandInModel): string {
  return `${keyOf(model.name)} ${runnerOf(model)}`;
}
