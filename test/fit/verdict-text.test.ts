import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge, judgeAtContext, type Verdict } from "../../src/fit/verdict";
import {
  assumedSettings,
  badgeText,
  settingsOf,
  termsOf,
  tooltipText,
  VERDICT_TITLES,
  verdictSentence,
} from "../../src/fit/verdict-text";
import { GIB, MIB } from "../../src/fit/units";
import { described, inputFor, limitOf, llama, logged, measured, oracle, SERVER } from "./inputs";

const qwen = measured("qwen3-8b");
const at = (limitGib: number, context = 32_768, highestLimitMib?: number) =>
  llama(
    judgeAtContext(inputFor(qwen, limitGib * GIB, highestLimitMib === undefined ? {} : { highestLimitMib }), context),
  );
const unknown: Verdict = { kind: "unknown", reason: "Its metadata could not be read." };
const need = at(100).estimate.total + at(100).run.margin.value;

describe("a badge", () => {
  it.each([
    ["Fits · 32K", at(100)],
    ["Fits · 5,000", at(100, 5000)],
    ["Tight · 32K", at(need / GIB)],
    ["Unknown", unknown],
  ])("reads %s", (text, verdict) => expect(badgeText(verdict)).toBe(text));

  it("says what spills, and that too big is too big", () => {
    expect(badgeText(at((need - 4.2 * GIB) / GIB))).toBe("Spills 4.2 GiB · 32K");
    expect(badgeText(at(1, 32_768, 2048))).toBe("Too Big · 32K");
  });
});

describe("the sum", () => {
  it("has a line for weights, cache, compute and margin, and for what else is not 0", () => {
    expect(termsOf(at(100)).map(({ title }) => title)).toEqual(["Weights", "KV Cache", "Compute", "Safety Margin"]);
    const projectors = [{ path: "/p", bytes: GIB }];
    const sees = inputFor(qwen, 100 * GIB, { description: described(qwen.header, { projectors }) });
    expect(termsOf(llama(judge(sees))).map(({ title }) => title)).toContain("Projector");
    const hybrid = llama(judge(inputFor(measured("qwen3-coder-next"), 100 * GIB)));
    expect(termsOf(hybrid).map(({ title }) => title)).toContain("Recurrent State");
  });

  it("shows the band beside the compute buffer", () => {
    const compute = termsOf(at(100)).find(({ title }) => title === "Compute");
    expect(compute?.text).toMatch(/^[\d,.]+ (?:MiB|GiB) ± [\d,.]+ (?:MiB|GiB)$/);
  });

  it("adds up to the limit less what is spare, for every model", () => {
    fc.assert(
      fc.property(fc.constantFrom(...oracle), fc.integer({ min: 256, max: 131_072 }), (from, context) => {
        const verdict = llama(judgeAtContext(inputFor(from, 64 * GIB), context));
        const sum = termsOf(verdict).reduce((bytes, term) => bytes + term.bytes, 0);
        expect(sum).toBe(verdict.limit.bytes - verdict.spareBytes);
      }),
    );
  });
});

describe("settings", () => {
  it("come with their source, and with the word where they are assumed", () => {
    const read = settingsOf(at(100).run).map(({ title, text }) => `${title}: ${text}`);
    expect(read).toEqual([
      "Context: 32K tokens · chosen to judge at",
      "KV Cache Type: f16 · Ollama's default (server log)",
      "Parallel Slots: 1 · server log",
      "Batch: 1024 · chosen by Ollama",
      "Flash Attention: auto · server log",
      "Memory Rules: llama.cpp b10488 · Ollama 0.33.0, b10488 or older",
    ]);
    const bare = inputFor(qwen, 100 * GIB, {
      server: { identity: { kind: "terminal", pid: 655 }, version: "0.33.0", runners: [] },
    });
    const { run } = llama(judge(bare));
    expect(settingsOf(run).filter(({ text }) => text.includes("· assumed: "))).toHaveLength(4);
    expect(assumedSettings(run)).toEqual(["context", "KV type f16", "1 slot", "flash attention auto"]);
    expect(assumedSettings(at(100).run)).toEqual([]);
  });
});

describe("a tooltip", () => {
  it("is the sum against the limit", () => {
    expect(tooltipText(at(100)).split("\n")).toEqual([
      expect.stringMatching(
        /^Weights .* GiB \+ KV Cache 4\.5 GiB \+ Compute .* ± .* \+ Safety Margin 1\.0 GiB = .* GiB of 100\.0 GiB \(limit: from Metal\)$/,
      ),
    ]);
  });

  it("says once why it is Tight", () => {
    const limit = limitOf(100 * GIB, { estimated: true, sourceText: "worked out by formula" });
    const lines = tooltipText(judge(inputFor(qwen, 0, { limit }))).split("\n");
    expect(lines.slice(1)).toEqual(["The limit is worked out by formula."]);
  });

  it("is the reason where nothing is known", () => expect(tooltipText(unknown)).toBe(unknown.reason));

  it("names assumptions last", () => {
    const server = { ...SERVER, parallel: logged(0) };
    expect(
      tooltipText(judge(inputFor(qwen, 100 * GIB, { server })))
        .split("\n")
        .at(-1),
    ).toBe("Assumed: 1 slot.");
  });
});

describe("a sentence", () => {
  it("says the verdict in words", () => {
    expect(verdictSentence(at((need + 3 * GIB) / GIB))).toMatch(
      /^[\d.]+ GiB limit, 32K context: fits with 3\.0 GiB to spare\.$/,
    );
    expect(verdictSentence(at(need / GIB))).toMatch(/32K context: too close to call\. The limit lies within/);
    const guessed = limitOf(100 * GIB, { estimated: true, sourceText: "worked out by formula" });
    expect(verdictSentence(judge(inputFor(qwen, 0, { limit: guessed })))).toMatch(
      /^100\.0 GiB limit, 40K context: probably fits with [\d.]+ GiB to spare\. The limit is worked out by formula\.$/,
    );
    expect(verdictSentence(at((need - 600 * MIB) / GIB))).toMatch(
      /600 MiB too much\. It runs with about \d ?% on the CPU: each token waits for that part/,
    );
    expect(verdictSentence(at(1, 32_768, 2048))).toMatch(/too much, and no safe limit on this Mac makes it fit\.$/);
    expect(verdictSentence(unknown)).toBe(unknown.reason);
  });
});

describe("names of verdicts", () => {
  it("are those of the badges, best first", () => {
    expect(Object.values(VERDICT_TITLES)).toEqual([
      "Fits",
      "Tight",
      "Spills",
      "Over the Limit",
      "Fails",
      "Too Big",
      "Won't Load",
      "Unknown",
    ]);
  });
});
