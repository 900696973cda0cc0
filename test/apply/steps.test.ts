import { describe, expect, it } from "vitest";
import { type Step, stepFailedText, stepText, stepTitle, undoSteps } from "../../src/apply/steps";

const EXPECTED = { numCtx: 8192, bytes: 10 * 1024 ** 3, leastBytes: 5 };

const ALL: readonly Step[] = [
  { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" },
  { kind: "set-kv-cache", type: "q8_0", before: "" },
  { kind: "create-variant", source: "a:1b", name: "a:1b-8k", numCtx: 8192, replaces: false },
  { kind: "restart-ollama", cutsOff: ["b:1b"] },
  { kind: "unload", name: "b:1b" },
  { kind: "load", name: "a:1b-8k", expected: EXPECTED },
];

describe("undoing", () => {
  it("takes everything that stays back, the restart after what it reads and before what needs the server", () => {
    expect(undoSteps(ALL)).toEqual([
      { kind: "set-limit", mib: 0, beforeMib: 57_344, daemon: "keep" },
      { kind: "set-kv-cache", type: "", before: "q8_0" },
      { kind: "restart-ollama", cutsOff: ["b:1b"] },
      { kind: "remove-variant", name: "a:1b-8k", numCtx: 8192 },
    ]);
  });

  it("brings a LaunchDaemon back to what it was", () => {
    const from = (beforeMib: number): Step => ({ kind: "set-limit", mib: 57_344, beforeMib, daemon: "install" });
    expect(undoSteps([from(55_000)])).toMatchObject([{ mib: 55_000, daemon: "install" }]);
    expect(undoSteps([from(0)])).toMatchObject([{ mib: 0, daemon: "remove" }]);
  });

  it("leaves a variant that took another one's place", () => {
    expect(undoSteps([{ kind: "create-variant", source: "a", name: "b", numCtx: 1, replaces: true }])).toEqual([]);
  });

  it("has nothing to do where only something was loaded", () => {
    expect(undoSteps(ALL.slice(4))).toEqual([]);
  });
});

describe("the words of a step", () => {
  it("say what it does, and what it cuts off or replaces", () => {
    expect(ALL.map(stepText)).toEqual([
      "Set the GPU limit to 57,344 MiB (56.0 GiB) until the Mac restarts: macOS asks for your password.",
      "Set the KV cache type to q8_0 for Ollama's next start.",
      "Create a:1b-8k with a context of 8K.",
      "Restart Ollama: b:1b is loaded, and answers in progress are cut off.",
      "Unload b:1b.",
      "Load a:1b-8k and check that all of it (about 10.0 GiB) is on the GPU.",
    ]);
    expect(stepText({ kind: "create-variant", source: "a", name: "b", numCtx: 4096, replaces: true })).toBe(
      "Replace b, a different model with this name, with one that has a context of 4K.",
    );
    expect(stepText({ kind: "set-limit", mib: 0, beforeMib: 1, daemon: "remove" })).toBe(
      "Give the GPU limit back to macOS and remove the LaunchDaemon: macOS asks for your password.",
    );
  });

  it("are there for every kind, as title and as failure", () => {
    const steps: readonly Step[] = [...ALL, { kind: "remove-variant", name: "a:1b-8k", numCtx: 8192 }];
    for (const step of steps) {
      expect(stepTitle(step)).toMatch(/^[A-Z].*[^.]$/);
      expect(stepFailedText(step)).toMatch(/ (?:Wasn't|not) /);
    }
  });
});
