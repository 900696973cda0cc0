/** One model has one total, under one name, wherever it's shown: to the byte where bytes are told, else in the same words. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { listedEstimate, type ListedQuestion, rowJson, rowText } from "../scripts/estimate-listed";
import type { System } from "../src/app/system";
import { expectedLoad } from "../src/apply/load-report";
import type { FitRow } from "../src/app/judge-rows";
import { OLLAMAS_COUNT, SIZE_ON_DISK, SUM_TITLES } from "../src/fit/sum-names";
import { formatBytes, GIB } from "../src/fit/units";
import { judgeAtContext, type KnownVerdict, marginBytes, needBytes } from "../src/fit/verdict";
import { badgeText, settingsOf, termsOf, totalText } from "../src/fit/verdict-text";
import explainFit from "../src/tools/explain-fit";
import listModels from "../src/tools/list-models";
import planFit from "../src/tools/plan-fit";
import { readToolWorld, rowNamed } from "../src/tools/shared/tool-world";
import { writeSparseGguf } from "./stand-ins/gguf-writer";
import { sampleModel } from "./stand-ins/ollama";
import { wordsOf } from "./ui/drawings";
import { says, type Screen } from "./support";
import { asJson, inWorld } from "./tools/in-world";
import { open } from "./worlds/support/every-screen";

const LIST = "fit-models-to-gpu-limit";

/** Worlds and models in them: with llama.cpp what spills, fits, sees and slides; with MLX what fits and what fails. */
const CASES: readonly (readonly [world: string, model: string])[] = [
  ["sample", "qwen3-coder-next:q4_K_M"],
  ["sample", "qwen3:8b"],
  ["sample", "gemma3:27b"],
  ["sample", "qwen3.6:27b-mlx"],
  ["B53-own-margin", "gpt-oss:20b"],
  ["mlx-fresh-16", "llama3.1:8b-mlx"],
  ["mlx-fresh-64", "qwen3.8:27b-mlx"],
];

/** Every row of metadata with this title. */
const lines = (screen: Screen, title: string) =>
  screen.metadata().flatMap((line) => (line.title === title ? [line.value] : []));

function known({ verdict }: FitRow): KnownVerdict {
  if (verdict === undefined || verdict.kind === "unknown") throw new Error("Nothing is known of it.");
  return verdict;
}

describe.each(CASES)("in the world %s, %s", (world, name) => {
  const staged = async () => {
    const built = await inWorld(world);
    const row = rowNamed(await readToolWorld(), name);
    const verdict = known(row);
    return { built, row, verdict, total: formatBytes(needBytes(verdict)), limit: formatBytes(verdict.limit.bytes) };
  };

  it("the terms come to the total, margin included", async () => {
    const { verdict } = await staged();
    const terms = termsOf(verdict);
    const sum = terms.reduce((bytes, term) => bytes + term.bytes, 0);
    expect(Math.abs(sum - needBytes(verdict))).toBeLessThan(1);
    expect(terms.find(({ title }) => title === "Safety Margin")?.bytes ?? 0).toBe(marginBytes(verdict));
  });

  it("row, detail and Explain This say it", async () => {
    const { built, row, verdict, total, limit } = await staged();
    const list = await open(LIST, built);
    const { accessories, tooltips } = list.item(name);
    expect(accessories.map(({ text }) => text)).toContain(badgeText(verdict));
    says(tooltips.join("\n"), `= ${total} of ${limit}`, SIZE_ON_DISK, ...termsOf(verdict).map((term) => term.text));
    await list.pick(name);
    await list.action("Show Details");
    expect(lines(list, SUM_TITLES.total)).toEqual([totalText(verdict)]);
    for (const { title, text } of termsOf(verdict)) expect(lines(list, title)).toEqual([text]);
    expect(lines(list, SIZE_ON_DISK)).toEqual([formatBytes(row.model.sizeBytes)]);
    const [limitLine = ""] = lines(list, SUM_TITLES.limit);
    expect(limitLine).toMatch(new RegExp(`^${limit} \\(`));
    await list.action("Explain This");
    list.says(`${SUM_TITLES.total}: `, `${name}: ${totalText(verdict)}`);
    for (const { title } of termsOf(verdict)) list.says(title);
  });

  it("every plan starts from it, in text, table and picture", async () => {
    const { built, verdict, total, limit } = await staged();
    const list = await open(LIST, built);
    await list.pick(name);
    const action = ["Show All Ways", "Show Plan"].find((title) => list.actions().includes(title)) ?? "";
    await list.action(action);
    // What others have yet to publish has no picture.
    const drawn = await firstWith(list, () => list.pictures().length > 0);
    const words = wordsOf(list.pictures()[0] ?? "");
    expect(words.find((word) => / [GM]iB/.test(word))).toMatch(new RegExp(`^${total}(?: |$)`));
    expect(words).toContain(`${limit} limit`);
    await list.pick(drawn);
    await list.action("Copy Plan");
    const { totals, limits } = tableOf(list.clipboard() ?? "");
    expect([totals[0], limits[0]]).toEqual([total, limit]);
    const shown = list.metadata().find(({ title }) => title === SUM_TITLES.total)?.value;
    says(shown, totals.at(-1) ?? "");
    if (badgeText(verdict).startsWith("Fits")) expect(shown).toBe(totalText(verdict));
  });

  it("assistants get it, and the estimate of the command line is the list's", async () => {
    const { built, row, verdict, total } = await staged();
    const need = Math.round((needBytes(verdict) / GIB) * 100) / 100;
    const listed = asJson(await listModels())["models"] as { name: string; needGiB: number; verdict: string }[];
    expect(listed.find((each) => each.name === name)).toMatchObject({ needGiB: need, verdict: badgeText(verdict) });
    const explained = asJson(await explainFit({ model: name }));
    expect(explained).toMatchObject({ needGiB: need, verdict: badgeText(verdict) });
    expect(explained["sum"]).toContain(`${SUM_TITLES.total}: ${totalText(verdict)}`);
    expect(explained["terms"]).toEqual(termsOf(verdict).map(({ title, text }) => `${title}: ${text}`));
    expect(asJson(await planFit({ model: name }))).toMatchObject({ needGiB: need, verdict: badgeText(verdict) });

    const { rows, notes } = await listedEstimate(
      { ...built.system, env: { ...built.system.env, OLLAMA_HOST: await hostOf() } },
      name,
      { settings: {} },
    );
    expect(notes).toEqual([]);
    const [estimated] = rows;
    if (estimated === undefined) throw new Error("It isn't estimated.");
    expect(known(estimated)).toEqual(verdict);
    expect(rowJson(estimated)).toMatchObject({ need: needBytes(verdict), margin: marginBytes(verdict) });
    says(
      rowText(estimated),
      badgeText(verdict),
      totalText(verdict),
      total,
      ...termsOf(verdict).map(({ text }) => text),
      ...settingsOf(verdict.run).map(({ text }) => text),
      formatBytes(row.model.sizeBytes),
    );
  });
});

/** Selects rows until one has what's wanted. @returns its title */
async function firstWith(list: Screen, has: () => boolean): Promise<string> {
  for (const { title } of list.items()) {
    await list.pick(title);
    if (has()) return title;
  }
  throw new Error("No row has it.");
}

describe("a file", () => {
  it("is estimated as if it were installed, and by what's asked for instead", async () => {
    const built = await inWorld("sample");
    const folder = await mkdtemp(join(tmpdir(), "estimate-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "own.gguf");
    await writeSparseGguf(path, must(sampleModel("qwen3:8b").weights?.metadata));
    const env = { OLLAMA_HOST: await hostOf() };
    const estimate = async (question: ListedQuestion, system: System = built.system) => {
      const { rows, notes } = await listedEstimate({ ...system, env }, path, question);
      return { row: must(rows[0]), notes };
    };
    const installed = known(rowNamed(await readToolWorld(), "qwen3:8b"));
    const { row } = await estimate({ settings: {} });
    expect(needBytes(known(row))).toBe(needBytes(installed));
    expect(rowText(row)).toContain("Largest Context  40K tokens");
    const settings = { parallel: 4, kvCacheType: "q8_0", batch: 512, flashAttention: "on" } as const;
    const asked = await estimate({ context: 8192, settings, limitBytes: 20 * GIB });
    expect(rowJson(asked.row)).toMatchObject({
      settings: { ...settings, numCtx: 8192, runtime: "b10488" },
      limit: 20 * GIB,
      verdict: "Fits · 8K",
    });
    // Neither a Mac nor a server: nothing tells which context Ollama would take.
    const elsewhere = await estimate({ settings: {} }, { ...built.system, platform: "linux", fetch: refuse });
    says(elsewhere.notes.join(), "default context", "8K");
    expect(rowJson(elsewhere.row)).toMatchObject({ settings: { numCtx: 8192 }, unknown: null });
    says(rowText(elsewhere.row), "Unknown", SUM_TITLES.total);
  });
});

const refuse = () => Promise.reject(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));

describe("a variant", () => {
  it("is weighed against the total of the list", async () => {
    const built = await inWorld("sample");
    const row = rowNamed(await readToolWorld(), "qwen3-coder-next:q4_K_M");
    const form = await open("create-capped-variant", built);
    await form.choose("Model", row.model.name);
    await form.choose("Context (num_ctx)", "64K");
    const after = known({ ...row, verdict: judgeAtContext(must(row.input), 65_536) });
    form.says(`${SUM_TITLES.total} ${totalText(after)}`, `than now (${formatBytes(needBytes(known(row)))})`);
    form.says(`${badgeText(known(row))} → ${badgeText(after)}`);
  });
});

describe("what is loaded", () => {
  it("has one count in the toast, in the detail, in Show GPU Memory and in the menu bar", async () => {
    const built = await inWorld("sample");
    const row = rowNamed(await readToolWorld(), "qwen3:8b");
    const { bytes } = must(expectedLoad(known(row)));
    const list = await open(LIST, built);
    await list.pick(row.model.name);
    await list.action("Load Model");
    list.toast("SUCCESS", formatBytes(bytes, 2), OLLAMAS_COUNT, `${formatBytes(bytes, 2)} predicted`);
    await list.action("Show Details");
    says(lines(list, "Now").join("\n"), formatBytes(bytes));
    says(lines(list, "Measured Here").join("\n"), formatBytes(bytes, 2), OLLAMAS_COUNT);
    const memory = await open("show-gpu-memory", built);
    expect(memory.item(row.model.name).accessories.map(({ text }) => text)).toContain(formatBytes(bytes));
    const bar = await open("show-gpu-memory-in-menu-bar", built);
    bar.says(
      `${row.model.name} · ${formatBytes(bytes)}`,
      `Used: ${formatBytes(bytes).replace(" GiB", "")} of 51.8 GiB`,
    );
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("It isn't there.");
  return value;
}

async function hostOf(): Promise<string> {
  const { settings } = await readToolWorld();
  return settings.host;
}

/** Totals and limits of the table in a copied plan: before and after, or now. */
function tableOf(plan: string) {
  const amounts = (title: string) =>
    (plan.split("\n").find((line) => line.startsWith(`${title} `)) ?? "").slice(title.length).trim().split(/ {2,}/);
  return { totals: amounts(SUM_TITLES.total), limits: amounts(SUM_TITLES.limit) };
}
