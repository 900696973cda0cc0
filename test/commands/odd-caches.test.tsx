import { rename, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import { mlxModel, sampleModel, type StandInModel } from "../stand-ins/ollama";
import { largestBlob } from "../stand-ins/ollama/files";
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

/** The largest file of a model. */
async function fileOf({ ollama }: Stage, model: StandInModel): Promise<{ path: string; size: number }> {
  const path = join(ollama.modelsFolder, "blobs", `sha256-${largestBlob(model)}`);
  return { path, size: (await stat(path)).size };
}

const WITH_FILES = {
  GGUF: [sampleModel("llama3.1:8b"), "llama3.1:8b: Fits · 128K"],
  MLX: [{ ...mlxModel("llama3.1-8b-4bit"), name: "llama3.1:8b-mlx" }, "llama3.1:8b-mlx: Fits to 128K"],
} as const;

describe("what an earlier session left in the caches", () => {
  it.each(["GGUF", "MLX"] as const)(
    "of a file that a disk has lost a part of since is no longer believed, nor is it once the file is whole: %s",
    async (format) => {
      const [model, before] = WITH_FILES[format];
      const stage = await setStage({ ollama: { version: "0.40.2", models: [model], files: true } });
      const { path, size } = await fileOf(stage, model);
      const twice = async () => [...(await badges(stage)), ...(await badges(stage))];
      expect(await badges(stage)).toEqual([before]);
      await truncate(path, Math.floor(size / 2));
      expect(await twice()).toEqual(Array(2).fill(`${model.name}: Unknown`));
      await truncate(path, size);
      expect(await twice()).toEqual(Array(2).fill(before));
      await rename(path, `${path}.away`);
      expect(await twice()).toEqual(Array(2).fill(`${model.name}: Unknown`));
      await rename(`${path}.away`, path);
      expect(await twice()).toEqual(Array(2).fill(before));
    },
  );

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
