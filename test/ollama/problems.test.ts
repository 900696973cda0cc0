import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OllamaProblem, problemFrom, problemOfStatus } from "../../src/ollama/problems";

const URL = "http://127.0.0.1:11434";

describe("a problem before any answer", () => {
  it("is that nothing answers, with the cause kept", () => {
    const cause = new TypeError("fetch failed");
    const problem = problemFrom(cause, URL);
    expect(problem).toMatchObject({ kind: "not-running", message: `Nothing answers at ${URL}.`, cause });
    expect(problem).toBeInstanceOf(Error);
  });

  it("stays what it was if it is one already", () => {
    const stopped = new OllamaProblem("stopped", "Stopped.");
    expect(problemFrom(stopped, URL)).toBe(stopped);
  });

  const failed = (code: string, more: object = {}) =>
    new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code, ...more }) });

  it.each([
    ["http://192.168.1.9:11434", "EHOSTUNREACH", "no-route", "Local Network"],
    ["http://studio.local:11434", "EHOSTUNREACH", "no-route", "Local Network"],
    ["http://[fd00::9]:11434", "ENETUNREACH", "no-route", "Local Network"],
    ["http://8.8.8.8:11434", "EHOSTUNREACH", "no-route", "Check the network"],
    ["http://172.32.0.1:11434", "EHOSTDOWN", "no-route", "Check the network"],
    ["http://studio:11434", "ECONNREFUSED", "not-running", "Nothing answers at http://studio:11434."],
    ["http://stduio:11434", "ENOTFOUND", "unknown-name", "stduio isn't known"],
    ["http://studio:11434", "EAI_AGAIN", "unknown-name", "isn't known"],
    ["http://studio:11434", "UND_ERR_CONNECT_TIMEOUT", "timed-out", "studio:11434 didn't answer in time."],
    ["https://studio", "DEPTH_ZERO_SELF_SIGNED_CERT", "bad-certificate", "certificate of studio isn't trusted"],
    ["https://studio", "ERR_TLS_CERT_ALTNAME_INVALID", "bad-certificate", "isn't trusted"],
    ["https://studio:11434", "ERR_SSL_WRONG_VERSION_NUMBER", "bad-certificate", "doesn't speak https"],
    ["http://studio", "HPE_INVALID_CONSTANT", "not-ollama", "What answers at http://studio isn't Ollama."],
    ["http://studio", "HPE_INVALID_CONTENT_LENGTH", "not-ollama", "isn't Ollama"],
    ["http://studio", "UND_ERR_HEADERS_OVERFLOW", "not-ollama", "isn't Ollama"],
  ])("at %s by %s is %s", (url, code, kind, words) =>
    expect(problemFrom(failed(code), url)).toMatchObject({ kind, message: expect.stringContaining(words) }),
  );

  it("is found where several addresses were tried", () => {
    const errors = [{ code: "ECONNREFUSED" }, { code: "EHOSTUNREACH" }];
    expect(problemFrom(failed("", { errors }), "http://studio:11434").kind).toBe("no-route");
    expect(problemFrom(failed("ECONNREFUSED", { errors: [] }), "http://studio:11434").kind).toBe("not-running");
  });

  it("is made of anything that can be thrown", () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        expect(problemFrom(thrown, URL)).toBeInstanceOf(OllamaProblem);
      }),
    );
  });
});

describe("an answer other than 2xx", () => {
  it.each([
    [404, '{"error":"model \'x\' not found"}', "not-found", "Ollama says: model 'x' not found"],
    [
      500,
      '{"error":"llama-server process has terminated"}',
      "http",
      "Ollama answered 500: llama-server process has terminated",
    ],
    [400, '{"error":"invalid model name"}', "http", "Ollama answered 400: invalid model name"],
    [502, "<html>Bad Gateway</html>", "http", `The server at ${URL} answered with status 502.`],
    [404, "404 page not found", "not-ollama", `What answers at ${URL} isn't Ollama.`],
    [401, "<h1>Login</h1>", "no-access", expect.stringContaining("refuses access (401)")],
    [403, "", "no-access", expect.stringContaining("refuses access (403)")],
    [401, '{"error":"unauthorized"}', "http", "Ollama answered 401: unauthorized"],
    [500, '{"error":5}', "http", `The server at ${URL} answered with status 500.`],
    [500, '{"error":""}', "http", `The server at ${URL} answered with status 500.`],
    [404, "null", "not-ollama", `What answers at ${URL} isn't Ollama.`],
  ])("%d with %s is %s", (status, body, kind, message) =>
    expect(problemOfStatus(status, body, URL)).toMatchObject({ kind, message }),
  );

  it("is told in one line, without what could forge another", () => {
    const error = "no\r\nsuch\u0000 model\u001b[2J\u202e\u2028end";
    expect(problemOfStatus(500, JSON.stringify({ error }), URL).message).toBe(
      "Ollama answered 500: no such model [2J end",
    );
  });

  it("is told in bounded words, whatever was sent", () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.string({ minLength: 250, maxLength: 1000 }).map((error) => JSON.stringify({ error })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), body, (status, text) => {
        const { message } = problemOfStatus(status, text, URL);
        expect(message.length).toBeGreaterThan(10);
        expect(message.length).toBeLessThan(400);
      }),
    );
  });
});
