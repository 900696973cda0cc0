import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHost } from "../../src/ollama/host";

describe("an Ollama host", () => {
  it.each([
    ["http://127.0.0.1:11434", "http://127.0.0.1:11434"],
    [" 127.0.0.1 ", "http://127.0.0.1:11434"],
    ["localhost", "http://localhost:11434"],
    ["LOCALHOST:8080", "http://localhost:8080"],
    ["0.0.0.0", "http://127.0.0.1:11434"],
    ["0.0.0.0:4000", "http://127.0.0.1:4000"],
    ["[::1]", "http://[::1]:11434"],
    ["127.1.2.3", "http://127.1.2.3:11434"],
    ["http://localhost/", "http://localhost"],
    ["127.0.0.1:80", "http://127.0.0.1"],
  ])("%j is local at %s", (text, url) => expect(parseHost(text)).toEqual({ kind: "ok", url, isLocal: true }));

  it.each([
    ["mac-studio.local", "http://mac-studio.local:11434"],
    ["192.168.1.20:11434", "http://192.168.1.20:11434"],
    ["https://ollama.example.com", "https://ollama.example.com"],
    ["https://example.com/ollama/", "https://example.com/ollama"],
    ["http://studio", "http://studio"],
    ["studio:80", "http://studio"],
    ["127.example.com", "http://127.example.com:11434"],
    ["127.0.0.1.example.com", "http://127.0.0.1.example.com:11434"],
    ["localhost.example.com", "http://localhost.example.com:11434"],
  ])("%j is remote at %s", (text, url) => expect(parseHost(text)).toEqual({ kind: "ok", url, isLocal: false }));

  it.each(["", "   ", "ftp://studio", "http://", "http://user@studio", "a b", "studio:99999", "file:///etc/passwd"])(
    "%j is none, and the reason quotes it",
    (text) => expect(parseHost(text)).toMatchObject({ kind: "invalid", reason: expect.stringContaining(text.trim()) }),
  );

  it("never crashes, and what it gives is an address that fetch takes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 400 }), fc.webUrl(), fc.domain(), fc.ipV4(), fc.ipV6()), (text) => {
        const host = parseHost(text);
        if (host.kind === "invalid") expect(host.reason.length).toBeLessThan(200);
        else {
          expect(new URL(`${host.url}/api/tags`).protocol).toMatch(/^https?:$/);
          expect(host.url.endsWith("/")).toBe(false);
        }
      }),
    );
  });
});
