import { describe, expect, it } from "vitest";
import { MODEL_RUNNERS } from "../../src/fit/model-runner";
import { ignoredSettings, RUNNERS, runnerOf, rulesOf } from "../../src/fit/runners";

describe("the rules of a runner", () => {
  it("are those of the runner that the server names, else of the format", () => {
    expect(runnerOf({ runner: "llamacpp", format: "gguf" })).toBe("llamacpp");
    expect(runnerOf({ format: "safetensors" })).toBe("mlx");
    expect(runnerOf({ format: "gguf" })).toBe("ggml");
    expect(runnerOf({ format: "other" })).toBe("ggml");
    expect(rulesOf({ format: "safetensors" }).engine).toBe("mlx");
  });

  it.each(MODEL_RUNNERS)("of %s offer no lever and no command of a setting that it ignores", (runner) => {
    const { settings, levers, commands, numCtx } = RUNNERS[runner];
    expect(numCtx === "caps").toBe(settings.num_ctx);
    expect(levers.numCtx).toBe(settings.num_ctx);
    expect(levers.kvCacheType).toBe(settings["KV cache type"]);
    for (const command of ["modelfile", "create", "set-parameter", "default-context"] as const) {
      expect(commands[command]).toBe(settings.num_ctx);
    }
  });

  it("name what MLX ignores, and nothing that llama.cpp does", () => {
    expect(ignoredSettings(RUNNERS.mlx)).toEqual([
      "num_ctx",
      "KV cache type",
      "flash attention",
      "parallel slots",
      "num_batch",
    ]);
    expect(ignoredSettings(RUNNERS.llamacpp)).toEqual([]);
    expect(RUNNERS.ggml).toEqual(RUNNERS.llamacpp);
  });
});
