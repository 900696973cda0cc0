import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listenersAt, parseListeners, readListeners } from "../../src/mac/listeners";
import type { RunResult } from "../../src/mac/runner";

const answering = (result: Partial<RunResult>) => ({
  run: async (): Promise<RunResult> => ({ stdout: "", stderr: "", missing: false, timedOut: false, ...result }),
});
const OLLAMA = { pid: 655, name: "ollama", addresses: ["127.0.0.1:11434"] };
const DOCKER = { pid: 901, name: "com.docker.backe", addresses: ["*:11434"] };

describe("readListeners", () => {
  it("asks lsof for the user's own processes on that port alone", async () => {
    let asked: readonly string[] = [];
    const run = async (file: string, args: readonly string[]): Promise<RunResult> => {
      asked = [file, ...args];
      return {
        exitCode: 0,
        stdout: "p655\ncollama\nf3\nn127.0.0.1:11434\n",
        stderr: "",
        missing: false,
        timedOut: false,
      };
    };
    expect(await readListeners({ run }, 501, 11434)).toEqual([OLLAMA]);
    expect(asked.join(" ")).toBe("/usr/sbin/lsof -nP -a -u 501 -iTCP:11434 -sTCP:LISTEN -Fpcn");
  });

  it("tells nobody listening from lsof not answering", async () => {
    expect(await readListeners(answering({ exitCode: 1 }), 501, 11434)).toEqual([]);
    expect(await readListeners(answering({ exitCode: 1, stderr: "lsof: no such user" }), 501, 11434)).toBeUndefined();
    expect(await readListeners(answering({ timedOut: true }), 501, 11434)).toBeUndefined();
    expect(await readListeners(answering({ missing: true }), 501, 11434)).toBeUndefined();
  });
});

describe("parseListeners", () => {
  it("reads several processes and sockets, and passes over fields it didn't ask for", () => {
    const output =
      "p655\ncollama\nf3\ntIPv4\nn127.0.0.1:11434\np901\nccom.docker.backe\nf18\nn*:11434\nf19\nn[::1]:11434\n";
    expect(parseListeners(output)).toEqual([OLLAMA, { ...DOCKER, addresses: ["*:11434", "[::1]:11434"] }]);
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const { pid, addresses } of parseListeners(`p1\nn${text}\n${text}`)) {
          expect(Number.isSafeInteger(pid)).toBe(true);
          expect(addresses.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe("listenersAt", () => {
  it("puts who listens on the very address before who listens on all", () => {
    expect(listenersAt([DOCKER, OLLAMA], ["127.0.0.1"], 11434)).toEqual([OLLAMA]);
    expect(listenersAt([DOCKER, OLLAMA], ["192.168.1.20"], 11434)).toEqual([DOCKER]);
    expect(listenersAt([OLLAMA], ["192.168.1.20"], 11434)).toEqual([]);
  });

  it("names both where a name stands for two addresses of two processes", () => {
    expect(listenersAt([DOCKER, OLLAMA], ["127.0.0.1", "[::1]"], 11434)).toEqual([OLLAMA, DOCKER]);
    expect(listenersAt([OLLAMA], ["127.0.0.1", "[::1]"], 11434)).toEqual([OLLAMA]);
  });
});
