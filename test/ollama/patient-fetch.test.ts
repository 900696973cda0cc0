import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createOllamaClient } from "../../src/ollama/client";
import { patientFetch } from "../../src/ollama/patient-fetch";
import { sampleModel, startStandInOllama } from "../stand-ins/ollama";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: RequestListener): Promise<string> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

describe("patientFetch", () => {
  it("loads a model as fetch does", async () => {
    const ollama = await startStandInOllama({ models: [sampleModel("llama3.1:8b")] });
    const client = createOllamaClient({ url: ollama.url, fetch: patientFetch });
    await client.load("llama3.1:8b", { numCtx: 4096 });
    expect(await client.loaded()).toMatchObject([{ name: "llama3.1:8b", contextLength: 4096 }]);
    await expect(client.load("absent:1b")).rejects.toMatchObject({ kind: "not-found", status: 404 });
    await ollama.close();
    await expect(client.load("llama3.1:8b")).rejects.toMatchObject({ kind: "not-running" });
  });

  it("sends method, headers and body, and leaves a redirect to the caller", async () => {
    const url = await serve((request, response) => {
      let body = "";
      request.on("data", (part) => (body += String(part)));
      request.on("end", () => {
        response.writeHead(307, { location: "http://elsewhere/", "x-asked": `${request.method} ${body}` });
        response.end();
      });
    });
    const init = { method: "POST", body: "{}", headers: { accept: "application/json" } };
    const answer = await patientFetch(`${url}/api/generate`, init);
    expect(answer.status).toBe(307);
    expect(answer.headers.get("location")).toBe("http://elsewhere/");
    expect(answer.headers.get("x-asked")).toBe("POST {}");
  });

  it("ends with its signal, and with a server that hangs up or answers nonsense", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/ends") request.socket.destroy();
      if (request.url === "/nonsense") response.writeHead(999).end();
    });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    await expect(patientFetch(`${url}/hangs`, { signal: stop.signal })).rejects.toThrow();
    await expect(patientFetch(`${url}/ends`)).rejects.toThrow("fetch failed");
    await expect(patientFetch(`${url}/nonsense`)).rejects.toThrow("fetch failed");
  });

  it("ends with a server that changes over to something else than HTTP", async () => {
    const url = await serve(() => undefined);
    server?.on("connection", (socket) => {
      socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n");
    });
    await expect(patientFetch(`${url}/changes`)).rejects.toThrow("fetch failed");
  });
});
