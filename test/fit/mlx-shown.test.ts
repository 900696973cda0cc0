import { expect, it } from "vitest";
import { type MlxPeak, type ShownContext, shownContext } from "../../src/fit/mlx-peaks";
import { type JudgedMlx, judgeMlx } from "../../src/fit/mlx-verdict";
import { contextNote, mlxNoteLines } from "../../src/fit/mlx-verdict-text";
import { parseCuts } from "../../src/ollama/mlx-peak-log";

const peak = (promptTokens: number, readWhole = true): MlxPeak => ({
  model: "a:mlx",
  at: "t",
  promptTokens,
  readTokens: promptTokens,
  readWhole,
  peakBytes: 1,
});
const line = (words: string) => `time=2026-11-24T10:00:00Z level=WARN source=x.go:1 msg=${words}\n`;
const judged = judgeMlx({
  model: { kind: "known", shape: { modelType: "llama", layers: [], elementBytes: 2 }, weights: 1e9 },
  tokens: 4096,
  limitBytes: 1e10,
}) as JudgedMlx;
const START = line('"server config" env="map[]"') + line('"starting mlx runner subprocess" model=a:mlx port=1');
const cut = line('"truncating input prompt" limit=65536 prompt=116000 keep=4 new=65536');

it("a longer prompt that was read proves that the shown context caps nothing; without one nothing is proven", () => {
  expect(shownContext([peak(116_000)], [], 65_536)).toEqual({
    kind: "ignored",
    shownTokens: 65_536,
    promptTokens: 116_000,
  });
  expect(shownContext([peak(60_000)], [], 65_536)).toEqual({ kind: "unproven" });
  expect(shownContext([peak(116_000, false)], [], 65_536)).toEqual({ kind: "unproven" });
  expect(shownContext([peak(116_000)], [], undefined)).toEqual({ kind: "unproven" });
});

it("a runner that begins to hold prompts to it is noticed, and the words change", () => {
  const [first] = parseCuts(START + cut);
  expect(first).toEqual({ model: "a:mlx", limitTokens: 65_536, promptTokens: 116_000 });
  const shown = shownContext([peak(116_000)], parseCuts(START + cut), 65_536);
  expect(shown).toEqual({ kind: "enforced", limitTokens: 65_536, promptTokens: 116_000 });
  expect(contextNote(shown)).toContain("held a prompt of 116,000 tokens to 64K");
  expect(contextNote(shown)).not.toContain("only displays");
  expect(contextNote({ kind: "unproven" })).toContain("only displays num_ctx");
  const lines = (one: ShownContext) =>
    mlxNoteLines(judged, { shown: one, peaks: [] }).find(({ title }) => title === "No Effect")?.text;
  expect(lines(shown)).toMatch(/^KV cache type, .*: MLX ignores them\.$/);
  expect(lines({ kind: "unproven" })).toMatch(/^num_ctx, /);
});

it("cuts are those of an MLX model alone, and make sense", () => {
  const other = line('"truncating input prompt" limit=4096 prompt=5000');
  expect(parseCuts(line('"server config" env="map[]"') + other)).toEqual([]);
  expect(parseCuts(START + line('"stopping mlx runner subprocess" pid=1') + other)).toEqual([]);
  // A llama-server beside it says it with the same words.
  const llama = line('"starting llama-server" cmd="llama-server --model x"');
  const its = cut.replace("x.go:1", "llama_server.go:317");
  expect(parseCuts(START + llama + its)).toEqual([]);
  expect(parseCuts(START + llama + cut).length).toBe(1);
  expect(parseCuts(START + its).length).toBe(1);
  expect(parseCuts(START + line('"truncating input prompt" limit=9000 prompt=5000'))).toEqual([]);
  expect(parseCuts(START + line('"truncating input prompt" limit=x'))).toEqual([]);
});
