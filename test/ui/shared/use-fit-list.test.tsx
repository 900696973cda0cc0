import { afterEach, expect, it, vi } from "vitest";
import { readDescriptions } from "../../../src/app/read-descriptions";
import FitModelsToGpuLimit from "../../../src/fit-models-to-gpu-limit";
import { setStage, type Stage } from "../../commands/stage";
import { sampleModel } from "../../stand-ins/ollama";
import { renderCommand } from "../../support";

vi.mock("../../../src/app/read-descriptions", { spy: true });

const MODELS = ["llama3.1:8b", "qwen3-coder-next:q4_K_M", "qwen3.6:27b-mlx"];

afterEach(() => vi.clearAllMocks());

async function open({ system }: Stage): Promise<void> {
  const screen = await renderCommand(<FitModelsToGpuLimit />, { command: "fit-models-to-gpu-limit", system });
  screen.says(...MODELS);
  await screen.close();
}

it("a list that was open before reads its models once", async () => {
  const stage = await setStage({ ollama: { models: MODELS.map(sampleModel) } });
  await open(stage);
  vi.clearAllMocks();
  await open(stage);
  expect(readDescriptions).toHaveBeenCalledTimes(1);
});
