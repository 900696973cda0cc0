import { readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import { sampleModel } from "../stand-ins/ollama";
import { desk, renderCommand } from "../support";
import { setStage, type Stage } from "./stage";

const MODELS = ["llama3.1:8b", "qwen3-coder-next:q4_K_M", "qwen3.6:27b-mlx"];

/** The badges of the list as a person sees them in the end. */
async function badges({ system }: Stage): Promise<readonly string[]> {
  const screen = await renderCommand(<FitModelsToGpuLimit />, { command: "fit-models-to-gpu-limit", system });
  const shown = screen.items().map(({ title, accessories }) => {
    const tag = accessories.find(({ kind }) => kind === "tag");
    return `${title}: ${tag?.text}`;
  });
  await screen.close();
  return shown;
}

/** A stage on which the list was open before, and what it left in its caches: a way to put other texts there. */
async function usedStage() {
  const stage = await setStage({ ollama: { models: MODELS.map(sampleModel) } });
  const before = await badges(stage);
  expect(before).toHaveLength(MODELS.length);
  const kept = [...desk.caches].map(([name, entries]) => [name, new Map(entries)] as const);
  expect(kept.map(([name]) => name.split("/").at(-1))).toEqual(
    expect.arrayContaining(["snapshot", "model-descriptions", "tick"]),
  );
  const spoil = (change: (text: string) => string) => {
    for (const [name, entries] of kept) {
      desk.caches.set(name, new Map([...entries].map(([key, text]) => [key, change(text)])));
    }
  };
  return { stage, before, spoil };
}

/** The same lines of JSON without a field of their first or second level, as an earlier version may have left them. */
function without(field: string): (text: string) => string {
  const less = (value: unknown): unknown =>
    typeof value !== "object" || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(Object.entries(value).filter(([key]) => key !== field));
  const lessOfLine = (line: string): string => {
    const start = line.indexOf("{");
    const inner = Object.entries(less(JSON.parse(line.slice(start))) as object).map(([key, value]) => [
      key,
      less(value),
    ]);
    return line.slice(0, start) + JSON.stringify(Object.fromEntries(inner));
  };
  return (text) => text.split("\n").map(lessOfLine).join("\n");
}

/** Files of a server with weights in them. */
async function weights({ ollama }: Stage): Promise<readonly string[]> {
  const folder = join(ollama.modelsFolder, "blobs");
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return paths.filter((_, index) => Number(sizes[index]) > 1024 ** 3);
}

describe("what an earlier session left in the caches", () => {
  it("of a file that a disk has lost a part of since is no longer believed, nor is it once the file is whole", async () => {
    const stage = await setStage({ ollama: { models: [sampleModel("llama3.1:8b")], files: true } });
    const [path = ""] = await weights(stage);
    const { size } = await stat(path);
    expect(await badges(stage)).toEqual(["llama3.1:8b: Fits · 128K"]);
    await truncate(path, size - 3 * 1024 ** 3);
    expect([await badges(stage), await badges(stage)].flat()).toEqual(Array(2).fill("llama3.1:8b: Unknown"));
    await truncate(path, size);
    expect([await badges(stage), await badges(stage)].flat()).toEqual(Array(2).fill("llama3.1:8b: Fits · 128K"));
  });

  it("cut at shares of its length ends no command, and changes nothing that's seen", async () => {
    const { stage, before, spoil } = await usedStage();
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      spoil((text) => text.slice(0, Math.min(text.length - 1, Math.floor(text.length * share))));
      expect(await badges(stage), `${share}`).toEqual(before);
    }
  });

  it.each([
    ["snapshot", ["machine", "limit", "advice", "state", "server", "models", "loaded", "isLocal", "ram"]],
    [
      "description",
      [
        "parameters",
        "projectors",
        "adapters",
        "capabilities",
        "drafts",
        "values",
        "kinds",
        "tensors",
        "model",
        "cautions",
      ],
    ],
    ["note", ["needs", "planned", "ramBytes"]],
  ])("that lacks a field ends no command, and changes nothing that's seen: %s", async (_, fields) => {
    const { stage, before, spoil } = await usedStage();
    for (const field of fields) {
      spoil(without(field));
      expect(await badges(stage), field).toEqual(before);
    }
  });
});
