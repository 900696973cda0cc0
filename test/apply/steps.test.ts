import { describe, expect, it } from "vitest";
import {
  inOrder,
  leavesSomething,
  type Step,
  type StepOf,
  stepDoneText,
  stepFailedText,
  stepText,
  stepTitle,
  stepUnsureText,
  undoUnseen,
} from "../../src/apply/steps";
import { OLLAMAS_COUNT } from "../../src/fit/sum-names";
import { type Part, says } from "../support/meaning";

const EXPECTED = { numCtx: 8192, bytes: 10 * 1024 ** 3, leastBytes: 5 };

/** One of each: a kind without a sample is a type error. */
const SAMPLES: { readonly [K in Step["kind"]]: StepOf<K> } = {
  "set-limit": { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" },
  "close-apps": { kind: "close-apps", apps: [{ name: "Xcode", bundlePath: "/Applications/Xcode.app" }] },
  "set-kv-cache": { kind: "set-kv-cache", type: "q8_0", before: "" },
  "create-variant": { kind: "create-variant", source: "a:1b", name: "a:1b-8k", numCtx: 8192 },
  "restart-ollama": { kind: "restart-ollama", cutsOff: ["b:1b"] },
  "remove-variant": { kind: "remove-variant", name: "a:1b-8k", made: { digest: "d" } },
  unload: { kind: "unload", name: "b:1b" },
  load: { kind: "load", name: "a:1b-8k", expected: EXPECTED },
};
const ALL: readonly Step[] = Object.values(SAMPLES);

describe("a restart", () => {
  const text = (cutsOff?: readonly string[]) => stepText({ kind: "restart-ollama", cutsOff });

  it("says what it cuts off, and doesn't call nothing what isn't known", () => {
    expect(text(["a:1b"])).toBe("Restart Ollama: a:1b is loaded, and answers in progress are cut off.");
    expect(text([])).toBe("Restart Ollama.");
    expect(text()).toBe("Restart Ollama: what's loaded is unloaded, and answers in progress are cut off.");
  });
});

describe("a step of which nobody saw the end", () => {
  it("is taken back by what looks first, the restart after what it reads and before what needs the server", () => {
    expect(inOrder(ALL.flatMap(undoUnseen))).toEqual([
      { kind: "set-limit", mib: 0, beforeMib: 57_344, daemon: "keep" },
      { kind: "set-kv-cache", type: "", before: "q8_0" },
      { kind: "restart-ollama" },
      { kind: "remove-variant", name: "a:1b-8k", made: { source: "a:1b", numCtx: 8192 } },
    ]);
  });

  it("brings a LaunchDaemon back to what it was", () => {
    const from = (beforeMib: number, daemonBeforeMib?: number): Step => ({
      kind: "set-limit",
      mib: 57_344,
      beforeMib,
      daemon: "install",
      daemonBeforeMib,
    });
    expect(undoUnseen(from(55_000, 55_000))).toMatchObject([{ mib: 55_000, daemon: "install" }]);
    expect(undoUnseen(from(55_000))).toMatchObject([{ mib: 55_000, daemon: "remove" }]);
    expect(undoUnseen(from(0))).toMatchObject([{ mib: 0, daemon: "remove" }]);
    const removed: Step = { kind: "set-limit", mib: 0, beforeMib: 30_000, daemon: "remove", daemonBeforeMib: 30_000 };
    const [back] = undoUnseen(removed);
    expect(back).toEqual({ kind: "set-limit", mib: 30_000, beforeMib: 0, daemon: "install" });
    // Another value than was in force isn't what it would set then.
    expect(undoUnseen({ ...removed, daemonBeforeMib: 40_000 })).toMatchObject([{ mib: 30_000, daemon: "keep" }]);
  });

  it("leaves a variant that took another one's place", () => {
    expect(undoUnseen({ kind: "create-variant", source: "a", name: "b", numCtx: 1, replaces: "d" })).toEqual([]);
  });
});

describe("the words of a step", () => {
  it("say what it does, and what it cuts off or replaces", () => {
    const meant: readonly (readonly Part[])[] = [
      ["57,344 MiB (56.0 GiB)", "until the Mac restarts", "password"],
      ["Xcode", "quit", "unsaved work", "it isn't forced", "once per app"],
      ["KV cache type", "q8_0", "next start"],
      ["Create", "a:1b-8k", "8K"],
      ["Restart Ollama", "b:1b is loaded", "cut off"],
      ["Delete", "a:1b-8k", "weights stay"],
      ["Unload", "b:1b"],
      ["Load", "a:1b-8k", "10.0 GiB", OLLAMAS_COUNT, "on the GPU"],
    ];
    expect(ALL).toHaveLength(meant.length);
    ALL.forEach((step, index) => says(stepText(step), ...(meant[index] ?? [])));
    const replacing = stepText({ kind: "create-variant", source: "a", name: "b", numCtx: 4096, replaces: "d" });
    says(replacing, "Replace b", "made earlier of the same model", "4K");
    const kept = stepText({ kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep", daemonBeforeMib: 50_000 });
    says(kept, "until the Mac restarts", "LaunchDaemon sets 50,000 MiB (48.8 GiB) again", "macOS asks");
    says(
      stepText({ kind: "set-limit", mib: 0, beforeMib: 1, daemon: "remove" }),
      "back to macOS",
      "remove the LaunchDaemon",
    );
    says(stepText({ kind: "restart-ollama" }), "Restart Ollama", "unloaded", "cut off");
  });

  it("show no character of a variable that forges others", () => {
    const step: Step = { kind: "set-kv-cache", type: "q8_0\u202e\u001b[2J\r\nx", before: "" };
    expect(stepText(step)).toBe("Set the KV cache type to q8_0 [2J x for Ollama's next start.");
    expect(stepDoneText(step)).toContain("The KV cache is q8_0 [2J x for");
  });

  it("are there for every kind, as title, as failure and where nobody knows", () => {
    for (const step of ALL) {
      expect(stepTitle(step)).toMatch(/^[A-Z].*[^.]$/);
      expect(stepFailedText(step)).toMatch(/ (?:(?:Wasn|Weren)'t|not) /);
      const unsure = stepUnsureText(step);
      expect(unsure !== undefined).toBe(leavesSomething(step));
      if (unsure !== undefined) expect(unsure).toMatch(/^The .{1,27} May Have /);
    }
  });
});
