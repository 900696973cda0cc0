import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseProcesses, parseRunnerCommandLines, readProcesses } from "../../src/mac/processes";
import { createSampleMac } from "../stand-ins/mac";

const runner = (command: string) => parseRunnerCommandLines([{ pid: 7, parentPid: 1, command }]);

describe("readProcesses", () => {
  it("reads what ps prints", async () => {
    const lines = await readProcesses(createSampleMac().system());
    expect(lines[0]).toEqual({ pid: 1, parentPid: 0, command: "/sbin/launchd" });
  });

  it("leaves odd lines out", () => {
    expect(parseProcesses("    1     0 /sbin/launchd\nx\n 12 \n  5  1 \n 99  1 a  b\n")).toEqual([
      { pid: 1, parentPid: 0, command: "/sbin/launchd" },
      { pid: 99, parentPid: 1, command: "a  b" },
    ]);
  });
});

describe("parseRunnerCommandLines", () => {
  it("reads the flags that Ollama passes", () => {
    expect(
      runner(
        "/Applications/Ollama.app/Contents/Resources/llama-server --model /Users/sam/.ollama/models/blobs/sha256-ab --port 54321 -c 131072 -np 2 --cache-type-k q8_0 --cache-type-v q8_0 --flash-attn auto -b 2048 -ub 2048 -ngl 99 --no-webui",
      ),
    ).toEqual([
      {
        pid: 7,
        modelPath: "/Users/sam/.ollama/models/blobs/sha256-ab",
        totalContext: 131072,
        parallel: 2,
        kvCacheType: "q8_0",
        flashAttention: "auto",
        batch: 2048,
        gpuLayers: 99,
      },
    ]);
  });

  it("keeps paths with spaces whole, knows the long names, and lets the last of a flag win", () => {
    expect(
      runner(
        "/Volumes/My Disk/llama-server -m /Volumes/My Disk/m.gguf --ctx-size 1 --ctx-size 8192 --parallel 1 -fa 0",
      ),
    ).toEqual([
      { pid: 7, modelPath: "/Volumes/My Disk/m.gguf", totalContext: 8192, parallel: 1, flashAttention: "off" },
    ]);
  });

  it("leaves out what is no number or not known", () => {
    expect(runner("llama-server -c x -np -1 --flash-attn maybe --cache-type-k -b 1.5")).toEqual([{ pid: 7 }]);
    expect(runner("llama-server")).toEqual([{ pid: 7 }]);
  });

  it.each([
    "grep llama-server -c 5",
    "/usr/bin/vim llama-server.cpp",
    "/opt/my-llama-server -c 5",
    "tail -f /x/llama-server -c 5",
  ])("takes %j for no runner", (command) => {
    expect(runner(command)).toEqual([]);
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const line of parseRunnerCommandLines(parseProcesses(`1 1 llama-server ${text}`))) {
          expect(Number.isSafeInteger(line.totalContext ?? 0)).toBe(true);
        }
        parseProcesses(text);
      }),
    );
  });
});
