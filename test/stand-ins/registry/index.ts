/**
 * The public registries for tests and the preview: Ollama's, Hugging Face's, and the storages that they send on to, as
 * real HTTP on loopback behind their own names. It answers as they do: manifests as text, lists of builds to who asks for
 * them, files by way of a redirect with a signed address, ranges of them with 206. Files are as large as real ones, and
 * nothing of them but headers is in memory.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { ggufOf } from "../gguf-writer";
import { manifestOf, sha256, smallBlobs, type StandInModel } from "../ollama/model";
import { buildsOf, runnerOf } from "../ollama/builds";
import { fullName, keyOf } from "../ollama/names";
import type { RegistryFault } from "./faults";

export type { RegistryFault } from "./faults";

export interface RegistryOptions {
  readonly published: readonly StandInModel[];
  readonly fault?: RegistryFault;
  /** Where the builds of a list lie. Default: among the blobs, where Ollama takes them from. */
  readonly children?: "manifests" | "blobs";
}

export interface RegistryRequest {
  readonly method: string;
  /** As the asker wrote it. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

export interface StandInRegistry {
  readonly requests: readonly RegistryRequest[];
  /** Bytes of files that were sent so far. */
  bytesSent(): number;
  /** What goes wrong from now on; undefined heals it. */
  fault(fault: RegistryFault | undefined): void;
  /** Something else in place of a GGUF file's beginning, by the name of its model. */
  putHeader(name: string, bytes: Uint8Array): void;
  /** Fetch by which the registries are reached; everything else goes on to `inner`. */
  fetch(inner: typeof fetch): typeof fetch;
  close(): Promise<void>;
}

const OLLAMA = "registry.ollama.ai";
const STORAGE = "dd20bb891979d25aebc8bec07b2b3bbc.r2.cloudflarestorage.com";
const HUGGING_FACE = "huggingface.co";
const XET = "cas-bridge.xethub.hf.co";
const HOSTS: readonly string[] = [OLLAMA, "hf.co", HUGGING_FACE, STORAGE, XET];
const SIGNATURE = "X-Amz-Signature=0123456789abcdef";
const LIST = "application/vnd.ollama.manifest.list.v2+json";

/** A file of a registry: its beginning, and its size; all behind it is zero. */
interface Blob {
  readonly head: Uint8Array;
  readonly size: number;
}

export async function startStandInRegistry(options: RegistryOptions): Promise<StandInRegistry> {
  const standIn = new Registry(options);
  await standIn.listen();
  return standIn;
}

class Registry implements StandInRegistry {
  readonly requests: RegistryRequest[] = [];
  private readonly blobs = new Map<string, Blob>();
  /** Manifests of builds by digest. */
  private readonly children = new Map<string, string>();
  private readonly published: readonly StandInModel[];
  private readonly childRoute: "manifests" | "blobs";
  private present: RegistryFault | undefined;
  private sent = 0;
  private server: Server | undefined;

  constructor({ published, fault, children = "blobs" }: RegistryOptions) {
    this.published = published;
    this.present = fault;
    this.childRoute = children;
    for (const model of published) this.put(model);
  }

  bytesSent(): number {
    return this.sent;
  }
  fault(fault: RegistryFault | undefined): void {
    this.present = fault;
  }
  putHeader(name: string, bytes: Uint8Array): void {
    const model = this.published.find((each) => keyOf(each.name) === keyOf(name));
    const digest = model?.weights?.digest;
    const blob = digest === undefined ? undefined : this.blobs.get(`sha256:${digest}`);
    if (digest === undefined || blob === undefined) throw new Error(`The registry has no file of ${name}`);
    this.blobs.set(`sha256:${digest}`, { ...blob, head: bytes });
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => this.handle(request, response));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  async close(): Promise<void> {
    const { server } = this;
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  }

  fetch(inner: typeof fetch): typeof fetch {
    return async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : String(input));
      if (url.protocol !== "https:" || !HOSTS.includes(url.host)) return inner(input, init);
      if (this.present === "down") {
        const cause = Object.assign(new Error(`connect ECONNREFUSED ${url.host}`), { code: "ECONNREFUSED" });
        throw new TypeError("fetch failed", { cause });
      }
      const { port } = this.server?.address() as AddressInfo;
      // Redirects name the registries' own hosts, which only this fetch reaches.
      if (init?.redirect !== "manual") throw new Error("A registry is asked hop by hop.");
      return fetch(`http://127.0.0.1:${port}/${url.host}${url.pathname}${url.search}`, init);
    };
  }

  private put(model: StandInModel): void {
    const { weights } = model;
    for (const [digest, text] of smallBlobs(model)) {
      const head = Buffer.from(text);
      this.blobs.set(`sha256:${digest}`, { head, size: head.length });
    }
    const files = [weights && { digest: weights.digest, metadata: weights.metadata }, weights?.projector];
    for (const file of [
      ...files,
      ...[...(model.adapterFiles ?? [])].map(([digest, metadata]) => ({ digest, metadata })),
    ]) {
      if (file?.metadata === undefined) continue;
      const { header, fileBytes } = ggufOf(file.metadata);
      this.blobs.set(`sha256:${file.digest}`, { head: header, size: fileBytes });
    }
    this.children.set(`sha256:${sha256(this.manifest(model))}`, this.manifest(model));
  }

  /** Its manifest, with the sizes that its files really have. */
  private manifest(model: StandInModel): string {
    const manifest = manifestOf(model);
    const layers = manifest.layers.map((layer) => ({
      ...layer,
      size: this.blobs.get(layer.digest)?.size ?? layer.size,
    }));
    return JSON.stringify({ ...manifest, layers });
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const [, host = "", path = ""] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? "") ?? [];
    const { method = "GET", headers } = request;
    this.requests.push({ method, url: `https://${host}${path}`, headers });
    if (host === STORAGE || host === XET) return this.store(path, request, response);
    // The short name only sends on.
    if (host === "hf.co") return redirect(response, `https://${HUGGING_FACE}${path}`, 307);
    const [, namespace, model, kind, reference = ""] =
      /^\/v2\/([^/]+)\/([^/]+)\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
    if (namespace === undefined || model === undefined) return refuse(response, 404, "NAME_UNKNOWN");
    if (this.present === "private") {
      const realm = `https://${host}/token`;
      response.setHeader(
        "WWW-Authenticate",
        `Bearer realm="${realm}",service="${host}",scope="repository:${model}:pull"`,
      );
      return refuse(response, 401, "UNAUTHORIZED");
    }
    const builds = this.published.filter((each) => {
      const name = fullName(each.name);
      const its = /^hf\.co$/i.test(name.host) ? HUGGING_FACE : name.host;
      return its === host && name.namespace === namespace && name.model === model;
    });
    if (kind === "blobs") return this.sendBlob(host, reference, request, response);
    if (method !== "GET") return refuse(response, 405, "UNSUPPORTED");
    const child = this.childRoute === "manifests" ? this.children.get(reference) : undefined;
    if (child !== undefined) return sendText(response, child);
    const tagged = builds.filter(({ name }) => fullName(name).tag.toLowerCase() === reference.toLowerCase());
    const [first] = buildsOf(tagged, tagged[0]?.name ?? "");
    if (first === undefined) return refuse(response, 404, "MANIFEST_UNKNOWN");
    if (isTooOld(first.requires, String(headers["user-agent"]))) {
      response.writeHead(412).end(JSON.stringify({ errors: [{ code: "PRECONDITION_FAILED" }] }));
      return;
    }
    if (tagged.length === 1) return sendText(response, this.manifest(first));
    // Who doesn't know lists gets the build that every release can run.
    const plain = tagged.find((each) => runnerOf(each) === "ggml") ?? first;
    return String(headers.accept).includes(LIST)
      ? sendText(response, this.list(tagged))
      : sendText(response, this.manifest(plain));
  }

  private list(builds: readonly StandInModel[]): string {
    return JSON.stringify({
      schemaVersion: 2,
      mediaType: LIST,
      manifests: builds.map((build) => ({
        mediaType: "application/vnd.docker.distribution.manifest.v2+json",
        digest: `sha256:${sha256(this.manifest(build))}`,
        runner: runnerOf(build),
        format: build.format,
      })),
    });
  }

  /** A file lies elsewhere, at an address that is good for a while. */
  private sendBlob(host: string, digest: string, request: IncomingMessage, response: ServerResponse): void {
    const child = this.childRoute === "blobs" ? this.children.get(digest) : undefined;
    if (child !== undefined) return sendText(response, child);
    if (this.present === "gone" || !this.blobs.has(digest)) return refuse(response, 404, "BLOB_UNKNOWN");
    const storage = host === HUGGING_FACE ? XET : STORAGE;
    const place = `${storage}/${digest.replace("sha256:", "")}?${SIGNATURE}`;
    switch (this.present) {
      case "http":
        return redirect(response, `http://${place}`);
      case "inward":
        return redirect(response, "https://169.254.169.254/latest/meta-data");
      case "loop":
        return redirect(response, `https://${host}${request.url?.replace(/^\/[^/]+/, "") ?? ""}`);
      default:
        return redirect(response, `https://${place}`, host === HUGGING_FACE ? 302 : 307);
    }
  }

  private store(path: string, request: IncomingMessage, response: ServerResponse): void {
    const [, hex = "", query = ""] = /^\/([0-9a-f]{64})(?:\?(.*))?$/.exec(path) ?? [];
    const known = this.blobs.get(`sha256:${hex}`);
    if (known === undefined) return refuse(response, 404, "NoSuchKey");
    const { authorization, cookie } = request.headers;
    // The signature in the address is the one way in.
    if (authorization !== undefined || cookie !== undefined) return refuse(response, 400, "InvalidArgument");
    if (query !== SIGNATURE || this.present === "expired") return refuse(response, 403, "ExpiredToken");
    const isFile = known.head.length < known.size;
    const blob = isFile ? this.spoiled(known) : known;
    const fault = isFile ? this.present : undefined;
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (fault === "compressed") {
      response.writeHead(200, { "Content-Encoding": "gzip" }).end(gzipSync(blob.head));
      return;
    }
    response.setHeader("ETag", `"${hex.slice(0, 32)}"`);
    response.setHeader("Accept-Ranges", "bytes");
    if (first === undefined || last === undefined || fault === "ignores-range") {
      response.writeHead(200, { "Content-Length": blob.size });
      return this.pump(response, blob, 0, blob.size, fault);
    }
    const from = Number(first);
    if (from >= blob.size) {
      response.writeHead(416, { "Content-Range": `bytes */${blob.size}` }).end();
      return;
    }
    const end = Math.min(Number(last) + 1, blob.size);
    const told = fault === "wrong-range" ? from + 1 : from;
    response.writeHead(206, {
      "Content-Length": end - from,
      "Content-Range": `bytes ${told}-${end - 1}/${blob.size}`,
    });
    return this.pump(response, blob, from, end, fault);
  }

  private spoiled(blob: Blob): Blob {
    if (this.present === "longer") return { ...blob, size: blob.size + 1024 };
    if (this.present !== "hostile") return blob;
    const head = Buffer.from(blob.head);
    // As many tensors and keys as a number can say.
    head.fill(0xff, 8, 24);
    return { ...blob, head };
  }

  /** Sends a part of a file as the client takes it, and stops with it. */
  private pump(
    response: ServerResponse,
    blob: Blob,
    from: number,
    end: number,
    fault: RegistryFault | undefined,
  ): void {
    let at = from;
    const breaks = fault === "breaks-off" || fault === "stalls" ? Math.floor(blob.head.length / 2) : Infinity;
    const most = fault === "slow" ? 1024 : 64 * 1024;
    const more = () => {
      while (!response.destroyed && at < end) {
        const bytes = part(blob, at, Math.min(at + most, end, breaks));
        at += bytes.length;
        this.sent += bytes.length;
        const isTaken = response.write(bytes);
        if (at >= breaks) {
          if (fault === "breaks-off") setTimeout(() => response.destroy(), 20);
          return;
        }
        if (fault === "slow") return void setTimeout(more, 100);
        if (!isTaken) return;
      }
      if (!response.destroyed) response.end();
    };
    response.on("drain", more);
    more();
  }
}

function part({ head }: Blob, from: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - from);
  bytes.set(head.subarray(from, end));
  return bytes;
}

function redirect(response: ServerResponse, location: string, status = 307): void {
  response.writeHead(status, { Location: location, "Content-Type": "text/html" }).end(`<a href="${location}">.</a>`);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify({ errors: [{ code }] }));
}

/** Manifests come as plain text, and without their length (ollama issue 6470). */
function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" });
  response.write(text);
  response.end();
}

function isTooOld(requires: string | undefined, userAgent: string): boolean {
  const version = /^ollama\/(\d+)\.(\d+)\.(\d+)/.exec(userAgent)?.slice(1).map(Number);
  if (requires === undefined) return false;
  const asked = requires.split(".").map(Number);
  const differs = asked.findIndex((part, index) => part !== version?.[index]);
  return differs >= 0 && (version?.[differs] ?? -1) < (asked[differs] ?? 0);
}
