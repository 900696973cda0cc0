import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHost as parse } from "../../src/ollama/host";
import { cpuMs } from "../support/cpu-time";

const NETWORK = { hostname: "Sams-Mac.fritz.box", addresses: ["127.0.0.1", "::1", "192.168.1.20", "fe80::1"] };
const parseHost = (text: string) => parse(text, NETWORK);

describe("an Ollama host", () => {
  it.each([
    ["http://127.0.0.1:11434", "http://127.0.0.1:11434", ["127.0.0.1"], 11434],
    [" 127.0.0.1 ", "http://127.0.0.1:11434", ["127.0.0.1"], 11434],
    ["localhost", "http://localhost:11434", ["127.0.0.1", "[::1]"], 11434],
    ["LOCALHOST:8080", "http://localhost:8080", ["127.0.0.1", "[::1]"], 8080],
    ["0.0.0.0", "http://127.0.0.1:11434", ["127.0.0.1"], 11434],
    ["0.0.0.0:4000", "http://127.0.0.1:4000", ["127.0.0.1"], 4000],
    ["[::1]", "http://[::1]:11434", ["[::1]"], 11434],
    ["127.1.2.3", "http://127.1.2.3:11434", ["127.1.2.3"], 11434],
    ["http://localhost/", "http://localhost", ["127.0.0.1", "[::1]"], 80],
    ["https://localhost", "https://localhost", ["127.0.0.1", "[::1]"], 443],
    ["127.0.0.1:80", "http://127.0.0.1", ["127.0.0.1"], 80],
    ["192.168.1.20", "http://192.168.1.20:11434", ["192.168.1.20"], 11434],
    ["[fe80::1]", "http://[fe80::1]:11434", ["[fe80::1]"], 11434],
  ])("%j is this Mac's at %s", (text, url, addresses, port) =>
    expect(parseHost(text)).toEqual({ kind: "ok", url, own: { addresses, port } }),
  );

  it("is read in time, however many slashes it has", async () => {
    const text = `studio/${"/".repeat(60_000)}x`;
    expect(parseHost(text)).toMatchObject({ kind: "ok" });
    expect(await cpuMs(() => parseHost(text))).toBeLessThan(1000);
  });

  it.each(["sams-mac.local", "Sams-Mac.fritz.box:11434", "SAMS-MAC.LOCAL."])("%j is this Mac by its name", (text) =>
    expect(parseHost(text)).toMatchObject({
      own: { addresses: ["127.0.0.1", "[::1]", "192.168.1.20", "[fe80::1]"], port: 11434 },
    }),
  );

  it.each([
    ["mac-studio.local", "http://mac-studio.local:11434"],
    ["192.168.1.21:11434", "http://192.168.1.21:11434"],
    ["https://ollama.example.com", "https://ollama.example.com"],
    ["https://example.com/ollama/", "https://example.com/ollama"],
    ["http://studio", "http://studio"],
    ["studio:80", "http://studio"],
    ["127.example.com", "http://127.example.com:11434"],
    ["127.0.0.1.example.com", "http://127.0.0.1.example.com:11434"],
    ["localhost.example.com", "http://localhost.example.com:11434"],
    ["sams-mac", "http://sams-mac:11434"],
  ])("%j is remote at %s", (text, url) => expect(parseHost(text)).toEqual({ kind: "ok", url }));

  it("of a Mac without a name has no name", () => {
    const nameless = { hostname: "", addresses: [] };
    expect(parse(".local", nameless)).not.toHaveProperty("own.port");
    expect(parse("studio.local", nameless)).toEqual({ kind: "ok", url: "http://studio.local:11434" });
  });

  it.each(["", "   ", "ftp://studio", "http://", "a b", "studio:99999", "file:///etc/passwd"])(
    "%j is none, and the reason quotes it",
    (text) => expect(parseHost(text)).toMatchObject({ kind: "invalid", reason: expect.stringContaining(text.trim()) }),
  );

  it.each([
    "http://me:secret@host",
    "me:secret@host:11434",
    "http://secret@host",
    "ftp://me:secret@host",
    "x://me:secret@a b",
    "http://me:my secret@host",
  ])("%j is refused without showing what may be a password", (text) => {
    const host = parseHost(text);
    expect(host.kind).toBe("invalid");
    expect(JSON.stringify(host)).not.toContain("secret");
  });

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
