import { describe, expect, it } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import { mlxModel, type StandInOptions } from "../stand-ins/ollama";
import { renderCommand } from "../support";
import { setStage, type Stage } from "./stage";

const NAME = "qwen3.8:27b-mlx";

/** The form of the check, on a Mac with one MLX model. */
async function openCheck(ollama: StandInOptions = {}) {
  const models = [{ ...mlxModel("qwen3.8-27b-nvfp4", 18_174_721_596), name: NAME }];
  const stage = await setStage({ ollama: { version: "0.40.2", models, ...ollama } });
  const screen = await renderCommand(<FitModelsToGpuLimit />, {
    command: "fit-models-to-gpu-limit",
    system: stage.system,
    boundMs: 30_000,
  });
  await screen.pick(NAME);
  await screen.action("Check with a Real Request");
  return { stage, screen };
}

const prompts = ({ ollama }: Stage) =>
  ollama.requests.filter(({ body }) => typeof body["prompt"] === "string" && body["prompt"] !== "");

describe("a check with a real request", () => {
  it("is stopped from its toast: nothing is measured, and another can be sent", async () => {
    const { screen, stage } = await openCheck({ chunkMs: 20_000 });
    await screen.press("Send the Request");
    await screen.until(() => prompts(stage).length > 0);
    await screen.pressToast("Stop");
    await screen.settle();
    expect(screen.toasts().at(-1)).toMatchObject({ title: "Stopped", message: "Nothing was measured." });
    expect(screen.actions()).toContain("Send the Request");
    expect(prompts(stage)).toHaveLength(1);
  });

  it("that may fail is sent only after a yes", async () => {
    const { screen, stage } = await openCheck();
    await screen.fill("Prompt Length", "200,000");
    screen.says("Only up to 186,624 tokens is safe");
    await screen.confirm(false);
    await screen.submit();
    expect(prompts(stage)).toEqual([]);
    expect(stage.ollama.loaded()).toEqual([]);
  });

  it("doesn't change what the model is judged at: nobody else sent it", async () => {
    const { screen } = await openCheck();
    await screen.fill("Prompt Length", "8K");
    await screen.submit();
    screen.says("Inside the Range");
    await screen.back();
    await screen.back();
    await screen.action("Show Details");
    expect(screen.metadata()).toContainEqual(
      expect.objectContaining({ title: "Context", value: expect.stringContaining("a usual prompt") }),
    );
  });
});
