import { describe, expect, it } from "vitest";
import { besideText, roomBeside } from "../../src/fit/beside-loaded";
import type { LoadedModel } from "../../src/fit/facts";
import { GIB } from "../../src/fit/units";
import { judge, type JudgeInput } from "../../src/fit/verdict";
import { inputFor, lacking, limitOf, llama, measured } from "./inputs";

describe("beside what is loaded", () => {
  const input = inputFor(measured("qwen3-8b"), 20 * GIB, { options: { context: 8192 } });
  const other = (vramBytes: number): LoadedModel => ({
    name: "llama3.1:8b",
    digest: "other",
    sizeBytes: vramBytes,
    vramBytes,
  });
  const say = (loaded: readonly LoadedModel[], changes: Partial<JudgeInput> = {}) => {
    const full = { ...input, ...changes, loaded };
    return besideText(full, judge(full));
  };
  const self = { name: input.model.name, digest: input.model.digest, sizeBytes: 8 * GIB, contextLength: 8192 };

  it("says nothing while nothing is loaded", () => expect(say([])).toBeUndefined());

  it("says where the model itself is", () => {
    expect(say([{ ...self, vramBytes: 8 * GIB }])).toBe("Loaded now at 8K, 8.0 GiB, all on the GPU.");
    expect(say([{ ...self, vramBytes: 6 * GIB }])).toBe("Loaded now at 8K: 2.0 GiB of 8.0 GiB spilled to the CPU.");
    const older = lacking(self, "contextLength");
    expect(say([other(GIB), { ...older, vramBytes: 8 * GIB }])).toBe("Loaded now, 8.0 GiB, all on the GPU.");
  });

  it("fits beside another while the spare room less the band holds it", () => {
    const verdict = llama(judge(input));
    const most = verdict.spareBytes - verdict.estimate.uncertainty;
    expect(roomBeside({ ...input, loaded: [other(most)] }, verdict)).toMatchObject({
      takenBytes: most,
      leftBytes: verdict.estimate.uncertainty,
    });
    expect(say([other(most)])).toMatch(/^Fits next to llama3.1:8b \(.*\) too\.$/);
    expect(say([other(most + 1)])).toMatch(/would be missing/);
    expect(say([other(most / 2), { ...other(most / 2 + 2), name: "b" }])).toMatch(/^Next to llama3.1:8b, b/);
  });

  it("says nothing of a model that does not fit alone", () => {
    expect(say([other(GIB)], { limit: limitOf(5 * GIB) })).toBeUndefined();
    expect(say([other(GIB)], { limit: { kind: "unknown", reason: "State it." } })).toBeUndefined();
  });

  it("is short of RAM beside another, where the limit has room for both", () => {
    const ram = { ramBytes: 64 * GIB, reserveBytes: 8 * GIB, othersBytes: 30 * GIB };
    const roomy = { ...input, limit: limitOf(52 * GIB), ram };
    const beside = (gib: number) => {
      const full = { ...roomy, loaded: [other(gib * GIB)] };
      const verdict = judge(full);
      if (verdict.kind !== "fits") throw new Error(verdict.kind);
      return { lacks: roomBeside(full, verdict)?.lacks, text: besideText(full, verdict) };
    };
    expect(beside(28)).toMatchObject({ lacks: undefined, text: expect.stringMatching(/^Fits next to/) });
    const { lacks, text } = beside(36);
    expect(lacks).toBe("ram");
    expect(text).toMatch(
      /^Next to llama3\.1:8b \(36\.0 GiB\), RAM is \d\.\d GiB short: other apps use 30\.0 GiB\. The Mac would swap to the disk\. Ollama may unload it first\.$/,
    );
  });

  it("counts no variant of the same file: the one takes the place of the other", () => {
    const verdict = judge(input);
    if (verdict.kind !== "fits") throw new Error(verdict.kind);
    const variant = { ...other(19 * GIB), sharesFile: true };
    expect(roomBeside({ ...input, loaded: [variant] }, verdict)).toBeUndefined();
    expect(roomBeside({ ...input, loaded: [variant, other(GIB)] }, verdict)?.takenBytes).toBe(GIB);
  });
});
