import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { compareVersions, parseVersion } from "../../../src/fit/version";
import { isUsableName, sameModel } from "../../../src/ollama/names";
import { digestOf, modelInfo, sampleModels, type StandInModel } from "./sample-models";

/** How a route fails, once or until it is cleared. */
export type Fault = "hang" | "slow" | "http500" | "garbage" | "half-stream" | "dies" | "huge" | "not-ollama";

export interface StandInOptions {
  readonly models?: readonly StandInModel[];
  readonly version?: string;
  /** Bytes of a loading model that end up on the GPU; default all. */
  readonly vram?: (model: StandInModel, numCtx: number) => { readonly size: number; readonly vram: number };
  readonly defaultNumCtx?: number;
}

export interface LoadedState {
  readonly name: string;
  readonly size: number;
  readonly vram: number;
  readonly numCtx: number;
}

/** A real HTTP server on loopback that behaves like Ollama 0.33, or like an older one by its version. */
export interface StandInOllama {
  readonly url: string;
  readonly models: StandInModel[];
  readonly loaded: LoadedState[];
  /** "METHOD /path" and the parsed body of every request so far. */
  readonly requests: { readonly route: string; readonly body: Record<string, unknown> }[];
  /** Faults by path, such as "/api/show". */
  readonly faults: Map<string, Fault>;
  readonly close: () => Promise<void>;
}

const CREATE_DELAY_MS = 5;

/** Starts the server on a free port. Close it after the test. */
export async function startStandInOllama(options: StandInOptions = {}): Promise<StandInOllama> {
  const state = {
    models: [...(options.models ?? sampleModels())],
    loaded: [] as LoadedState[],
    requests: [] as { route: string; body: Record<string, unknown> }[],
    faults: new Map<string, Fault>(),
  };
  const server = createServer((request, response) => {
    void answer(request, response, state, options).catch((error: unknown) => {
      send(response, 500, { error: String(error) });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, ...state, close: () => stop(server) };
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

type State = Pick<StandInOllama, "models" | "loaded" | "requests" | "faults">;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  state: State,
  options: StandInOptions,
): Promise<void> {
  const path = request.url ?? "/";
  const body = await readBody(request);
  state.requests.push({ route: `${request.method} ${path}`, body });
  const fault = state.faults.get(path);
  if (fault !== undefined && (await failed(fault, request, response))) return;
  switch (`${request.method} ${path}`) {
    case "GET /api/version":
      return send(response, 200, { version: options.version ?? "0.33.0" });
    case "GET /api/tags":
      return send(response, 200, { models: state.models.map((model) => tag(model, options)) });
    case "GET /api/ps":
      return send(response, 200, { models: state.loaded.map((loaded) => ps(loaded, state)) });
    case "POST /api/show":
      return show(response, body, state);
    case "POST /api/generate":
      return generate(response, body, state, options);
    case "POST /api/create":
      return create(response, body, state, options, fault === "half-stream");
    case "DELETE /api/delete":
      return remove(response, body, state);
    default:
      return send(response, 404, { error: "404 page not found" });
  }
}

/** Answers with the fault; false where the route goes on by itself. */
async function failed(fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  switch (fault) {
    case "hang":
      return true;
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, 50));
      return false;
    case "http500":
      send(response, 500, { error: "llama-server process has terminated: exit status 1" });
      return true;
    case "garbage":
      response.writeHead(200, { "content-type": "application/json" }).end('{"models": [{"na');
      return true;
    case "not-ollama":
      response.writeHead(200, { "content-type": "text/html" }).end("<html>It works!</html>");
      return true;
    case "dies":
      request.socket.destroy();
      return true;
    case "huge": {
      response.writeHead(200, { "content-type": "application/json" });
      const chunk = Buffer.alloc(1024 * 1024, 0x20);
      while (!response.destroyed) {
        if (!response.write(chunk)) {
          await Promise.race([
            new Promise((resolve) => response.once("drain", resolve)),
            new Promise((resolve) => response.once("close", resolve)),
          ]);
        }
      }
      return true;
    }
    case "half-stream":
      return false;
  }
}

function isOld(options: StandInOptions): boolean {
  const version = parseVersion(options.version ?? "0.33.0");
  return version !== undefined && compareVersions(version, [0, 30, 0]) < 0;
}

function tag(model: StandInModel, options: StandInOptions): unknown {
  const trained = model.metadata.values.get(`${model.family}.context_length`);
  return {
    name: model.name,
    model: model.name,
    modified_at: "2026-11-02T09:14:03.112345678+01:00",
    size: model.size,
    digest: model.digest,
    details: {
      parent_model: model.parent ?? "",
      format: model.format,
      family: model.family,
      families: model.remoteHost ? null : [model.family],
      parameter_size: model.parameterSize,
      quantization_level: model.quantization,
      ...(isOld(options) || typeof trained !== "number" ? {} : { context_length: trained }),
    },
    ...(isOld(options) ? {} : { capabilities: model.capabilities }),
    ...(model.remoteHost ? { remote_host: model.remoteHost, remote_model: "gpt-oss:120b" } : {}),
  };
}

function ps({ name, size, vram, numCtx }: LoadedState, { models }: State): unknown {
  return {
    name,
    model: name,
    size,
    size_vram: vram,
    digest: models.find((model) => model.name === name)?.digest ?? "",
    context_length: numCtx,
    expires_at: "2026-11-02T09:19:03.5+01:00",
  };
}

function find(state: State, name: unknown): StandInModel | undefined {
  return state.models.find((model) => sameModel(model.name, String(name)));
}

function show(response: ServerResponse, body: Record<string, unknown>, state: State): void {
  const model = find(state, body["model"]);
  if (model === undefined) return send(response, 404, { error: `model '${String(body["model"])}' not found` });
  const parameters = Object.entries(model.parameters);
  return send(response, 200, {
    modelfile: [
      '# Modelfile generated by "ollama show"',
      `FROM /nowhere/blobs/sha256-${blobOf(model)}`,
      ...(model.extraLines ?? []),
      ...parameters.map(([name, value]) => `PARAMETER ${name} ${value}`),
    ].join("\n"),
    ...(parameters.length > 0
      ? { parameters: parameters.map(([name, value]) => `${name.padEnd(30)} ${printed(value)}`).join("\n") }
      : {}),
    details: { parent_model: model.parent ?? "", format: model.format, family: model.family },
    model_info: modelInfo(model.metadata, body["verbose"] === true),
    tensors: model.metadata.tensors,
    capabilities: model.capabilities,
  });
}

/** Variants share the weights of their parent. */
function blobOf(model: StandInModel): string {
  return digestOf(`weights of ${model.parent ?? model.name}`);
}

/** Go prints large numbers as 1.048576e+06. */
function printed(value: number | string): string {
  if (typeof value === "string") return JSON.stringify(value);
  return value >= 1e6 ? value.toExponential().replace(/e\+(\d)$/, "e+0$1") : String(value);
}

function generate(
  response: ServerResponse,
  body: Record<string, unknown>,
  state: State,
  options: StandInOptions,
): void {
  const model = find(state, body["model"]);
  if (model === undefined) return send(response, 404, { error: `model '${String(body["model"])}' not found` });
  const at = state.loaded.findIndex((loaded) => sameModel(loaded.name, model.name));
  if (at >= 0) state.loaded.splice(at, 1);
  const done = (reason: string) =>
    send(response, 200, {
      model: model.name,
      created_at: "2026-11-02T09:20:00Z",
      response: "",
      done: true,
      done_reason: reason,
    });
  if (body["keep_alive"] === 0) return done("unload");
  const asked = (body["options"] as { num_ctx?: number } | undefined)?.num_ctx;
  const numCtx = asked ?? Number(model.parameters["num_ctx"] ?? options.defaultNumCtx ?? 4096);
  const { size, vram } = options.vram?.(model, numCtx) ?? { size: model.size, vram: model.size };
  state.loaded.push({ name: model.name, size, vram, numCtx });
  return done("load");
}

async function create(
  response: ServerResponse,
  body: Record<string, unknown>,
  state: State,
  options: StandInOptions,
  breaksOff: boolean,
): Promise<void> {
  const name = String(body["model"]);
  if (!isUsableName(name)) return send(response, 400, { error: "invalid model name" });
  const from = find(state, body["from"]);
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  const line = (value: unknown) => response.write(`${JSON.stringify(value)}\n`);
  if (from === undefined) {
    // Ollama would pull it; the stand-in says that it did, so that a test sees it.
    line({ status: "pulling manifest" });
    response.end(`${JSON.stringify({ error: "pull model manifest: file does not exist" })}\n`);
    return;
  }
  line({ status: `using existing layer sha256:${blobOf(from)}` });
  await new Promise((resolve) => setTimeout(resolve, CREATE_DELAY_MS));
  if (breaksOff) {
    response.destroy();
    return;
  }
  line({ status: "creating new layer sha256:" });
  line({ status: "writing manifest" });
  const parameters = { ...from.parameters, ...(body["parameters"] as Record<string, number>) };
  const variant: StandInModel = {
    ...from,
    name,
    parent: from.parent ?? from.name,
    digest: digestOf(`${name} ${JSON.stringify(parameters)}`),
    parameters,
  };
  const taken = state.models.findIndex((model) => sameModel(model.name, name));
  if (taken >= 0) state.models.splice(taken, 1);
  state.models.unshift(variant);
  response.end(`${JSON.stringify({ status: "success" })}\n`);
}

function remove(response: ServerResponse, body: Record<string, unknown>, state: State): void {
  const name = body["model"] ?? body["name"];
  const at = state.models.findIndex((model) => sameModel(model.name, String(name)));
  if (at < 0) return send(response, 404, { error: `model '${String(name)}' not found` });
  state.models.splice(at, 1);
  response.writeHead(200).end();
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString() || "{}") as Record<string, unknown>;
  } catch {
    return {};
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}
