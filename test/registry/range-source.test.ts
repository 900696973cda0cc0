import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { MetadataValue, ModelMetadata } from "../../src/memory/metadata";
import { rangeSource, readRemoteModel } from "../../src/registry/range-source";
import { writeGguf } from "../stand-ins/gguf-writer";

const MODEL: ModelMetadata = {
  values: new Map<string, MetadataValue>([
    ["general.architecture", "llama"],
    ["llama.block_count", 1],
    ["llama.context_length", 4096],
    ["llama.embedding_length", 64],
    ["tokenizer.ggml.tokens", { omitted: true, length: 30_000 }],
  ]),
  tensors: [{ name: "output.weight", shape: [64, 30_000], type: "F16" }],
};
const FILE = writeGguf(MODEL).header;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server on loopback; gives its address. */
async function serve(handler: Handler): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers a range of a file as a sound server does. */
function sendRange(request: IncomingMessage, response: ServerResponse, file = FILE, headers = {}): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const from = Number(first);
  if (from >= file.length) {
    response.writeHead(416, { "Content-Range": `bytes */${file.length}` }).end();
    return;
  }
  const to = Math.min(Number(last), file.length - 1);
  response.writeHead(206, { "Content-Range": `bytes ${from}-${to}/${file.length}`, ...headers });
  response.end(file.subarray(from, to + 1));
}

describe("a file on a server", () => {
  it("is read by ranges", async () => {
    const ranges: (string | undefined)[] = [];
    const encodings = new Set<string | string[] | undefined>();
    const url = await serve((request, response) => {
      encodings.add(request.headers["accept-encoding"]);
      ranges.push(request.headers.range);
      sendRange(request, response);
    });
    const { metadata, parts } = await readRemoteModel(`${url}/model.gguf`);
    expect(metadata).toEqual(MODEL);
    expect(parts[0]?.fileBytes).toBe(FILE.length);
    // Where a page ends within a token, the rest of that token is never asked for.
    expect(parts[0]?.bytesRead).toBeLessThanOrEqual(FILE.length);
    expect(parts[0]?.bytesRead).toBeGreaterThan(FILE.length - 100);
    expect(ranges).toHaveLength(4);
    expect(ranges[0]).toBe("bytes=0-65535");
    expect(ranges[3]).toMatch(new RegExp(`-${FILE.length - 1}$`));
    expect([...encodings]).toEqual(["identity"]);
  });

  it("costs one request of one page where only the keys are needed", async () => {
    let requests = 0;
    const url = await serve((request, response) => {
      requests++;
      sendRange(request, response);
    });
    const { metadata, parts } = await readRemoteModel(`${url}/model.gguf`, { tensors: false });
    expect(metadata.values.get("llama.block_count")).toBe(1);
    expect(parts[0]?.bytesRead).toBe(65_536);
    expect(requests).toBe(1);
  });

  it("is read from where it redirects to, asked once, without the headers meant for the first server", async () => {
    const seen: (string | undefined)[] = [];
    const store = await serve((request, response) => {
      seen.push(request.headers.authorization);
      sendRange(request, response);
    });
    const atFront: (string | undefined)[] = [];
    const front = await serve((request, response) => {
      atFront.push(request.headers.authorization);
      response.writeHead(307, { Location: `${store}/signed` }).end();
    });
    const options = { headers: { Authorization: "Bearer secret" } };
    expect((await readRemoteModel(`${front}/model.gguf`, options)).metadata).toEqual(MODEL);
    expect(atFront).toEqual(["Bearer secret"]);
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("is asked for again from the start when the address it redirected to has expired", async () => {
    let served = 0;
    const store = await serve((request, response) => {
      if (request.url === "/signed-1" && served >= 1) return void response.writeHead(403).end();
      served++;
      sendRange(request, response);
    });
    let redirects = 0;
    const front = await serve((_, response) => {
      redirects++;
      response.writeHead(302, { Location: `${store}/signed-${redirects}` }).end();
    });
    expect((await readRemoteModel(`${front}/model.gguf`)).metadata).toEqual(MODEL);
    expect(redirects).toBe(2);
  });

  it("in parts is read from all of them", async () => {
    const split = (no: number) =>
      writeGguf({
        values: new Map<string, MetadataValue>([
          ...(no === 0 ? MODEL.values : []),
          ["split.no", no],
          ["split.count", 2],
        ]),
        tensors: [{ name: `blk.${no}.x.weight`, shape: [32], type: "F32" }],
      }).header;
    const paths: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url);
      sendRange(request, response, split(request.url?.includes("-00001-") ? 0 : 1));
    });
    const { metadata } = await readRemoteModel(`${url}/repo/my%20model-00001-of-00002.gguf`);
    expect(metadata.tensors.map(({ name }) => name)).toEqual(["blk.0.x.weight", "blk.1.x.weight"]);
    expect(paths.at(-1)).toBe("/repo/my%20model-00002-of-00002.gguf");
  });

  it.each([
    [401, "http-unauthorized"],
    [403, "http-forbidden"],
    [404, "http-not-found"],
    [412, "http-status"],
    [500, "http-status"],
    [416, "truncated"],
    [204, "http-status"],
  ])("that answers %i is refused as %s", async (status, fault) => {
    const url = await serve((_, response) => response.writeHead(status).end(status === 204 ? undefined : "GGUF"));
    await expect(readRemoteModel(`${url}/m`)).rejects.toMatchObject({ name: "GgufError", fault });
  });

  it("that sends the whole file is left at once", async () => {
    let sent = 0;
    let onClose: () => void;
    const closed = new Promise<void>((resolve) => (onClose = resolve));
    const url = await serve((_, response) => {
      response.writeHead(200);
      response.on("close", () => onClose());
      const chunk = Buffer.alloc(1 << 20);
      const pump = () => {
        while (!response.closed && response.write(chunk)) sent += chunk.length;
      };
      response.on("drain", pump);
      pump();
    });
    await expect(readRemoteModel(`${url}/m`)).rejects.toMatchObject({ fault: "http-no-range" });
    await closed;
    expect(sent).toBeLessThan(64 << 20);
  });

  it.each([
    ["none", undefined],
    ["no range", "nonsense"],
    ["no total", "bytes 0-65535/*"],
    ["another start", `bytes 1-65535/${FILE.length}`],
    ["another end", `bytes 0-65534/${FILE.length}`],
    ["an absurd total", "bytes 0-65535/99999999999999999999"],
    ["a total that is too small", "bytes 0-65535/100"],
  ])("whose Content-Range is unsound (%s) is refused", async (_, value) => {
    const url = await serve((__, response) => {
      response.writeHead(206, value === undefined ? {} : { "Content-Range": value }).end(FILE.subarray(0, 65_536));
    });
    await expect(readRemoteModel(`${url}/m`)).rejects.toMatchObject({ fault: "http-bad-range" });
  });

  it("that sends more than the range is refused", async () => {
    const url = await serve((_, response) => {
      response.writeHead(206, { "Content-Range": `bytes 0-65535/${FILE.length}` }).end(FILE);
    });
    await expect(readRemoteModel(`${url}/m`)).rejects.toMatchObject({ fault: "http-bad-range" });
  });

  it("that sends less than the range, or breaks off, is refused", async () => {
    const short = await serve((_, response) => {
      response.writeHead(206, { "Content-Range": `bytes 0-65535/${FILE.length}` }).end(FILE.subarray(0, 100));
    });
    await expect(readRemoteModel(`${short}/m`)).rejects.toMatchObject({ fault: "network" });
    const broken = await serve((_, response) => {
      response.writeHead(206, { "Content-Range": `bytes 0-65535/${FILE.length}`, "Content-Length": 65_536 });
      response.write(FILE.subarray(0, 100), () => response.destroy());
    });
    await expect(readRemoteModel(`${broken}/m`)).rejects.toMatchObject({ fault: "network" });
  });

  it("that changes between two requests is refused", async () => {
    for (const change of ["etag", "size"]) {
      let requests = 0;
      const url = await serve((request, response) => {
        requests++;
        const file = change === "size" && requests > 1 ? FILE.subarray(0, -32) : FILE;
        sendRange(request, response, file, { ETag: change === "etag" ? `"${requests}"` : '"same"' });
      });
      await expect(readRemoteModel(`${url}/m`), change).rejects.toMatchObject({ fault: "http-changed" });
    }
  });

  it("that never answers, or stops in the middle, runs into the time limit", async () => {
    const silent = await serve(() => {});
    await expect(readRemoteModel(`${silent}/m`, { timeoutMs: 50 })).rejects.toMatchObject({ fault: "timeout" });
    const stalling = await serve((_, response) => {
      response.writeHead(206, { "Content-Range": `bytes 0-65535/${FILE.length}` }).write(FILE.subarray(0, 100));
    });
    await expect(readRemoteModel(`${stalling}/m`, { timeoutMs: 100 })).rejects.toMatchObject({ fault: "timeout" });
  });

  it("can be canceled", async () => {
    const canceling = new AbortController();
    const url = await serve(() => canceling.abort());
    await expect(readRemoteModel(`${url}/m`, { signal: canceling.signal })).rejects.toMatchObject({ fault: "aborted" });
  });

  it("that is not there is a network fault", async () => {
    const url = await serve(() => {});
    await new Promise((resolve) => servers.pop()!.close(resolve));
    await expect(readRemoteModel(`${url}/m`)).rejects.toMatchObject({ fault: "network" });
    await expect(readRemoteModel("not a url")).rejects.toMatchObject({ fault: "network" });
    await expect(readRemoteModel("ftp://127.0.0.1/m")).rejects.toMatchObject({ fault: "network" });
  });

  it("is left by a fetch that ignores the signal", async () => {
    const source = rangeSource("http://example.test/m", { fetch: () => new Promise(() => {}), timeoutMs: 20 });
    await expect(source.read(0, 10)).rejects.toMatchObject({ fault: "timeout" });
  });

  it("knows its size after the first answer", async () => {
    const url = await serve((request, response) => sendRange(request, response));
    const source = rangeSource(url);
    expect(source.size).toBeUndefined();
    expect(await source.read(0, 4)).toEqual(FILE.slice(0, 4));
    expect(source.size).toBe(FILE.length);
    expect(await source.read(FILE.length - 2, 4)).toHaveLength(2);
  });
});
