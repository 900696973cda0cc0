import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeMlxFolder, writeMlxManifest } from "../memory/mlx/folder";
import { oracleModel } from "../memory/mlx/oracle";

const qwen = oracleModel("qwen3.5-27b-4bit");

let home: string;
let folder: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "estimate-"));
  folder = join(home, "qwen");
  await writeMlxFolder(folder, qwen.files, 3);
});
afterAll(() => rm(home, { recursive: true, force: true }));

interface Outcome {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in a process of its own, as npm does; no server answers unless a host is given. */
function estimate(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const args = ["scripts/run-ts.mjs", "scripts/estimate.ts", ...words, "--runner", "mlx"];
  const own = { ...process.env, HOME: home, OLLAMA_HOST: "127.0.0.1:1", OLLAMA_MODELS: join(home, "models"), ...env };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: own }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

const json = ({ stdout }: Outcome) => JSON.parse(stdout) as Record<string, unknown>;

describe("estimate --runner mlx", { timeout: 60_000 }, () => {
  it("tells the bytes and the verdict of a folder", async () => {
    const { weights, runs } = qwen;
    const run = runs.find(({ tokens }) => tokens === 32_768);
    const outcome = await estimate([folder, "--tokens", "32768", "--limit", "51.84", "--json"]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    const scratch = 100_352 * 32_768;
    const total = weights + (run?.kvBytes ?? 0) + (run?.stateBytes ?? 0) + scratch + 3_052_800_000;
    expect(json(outcome)).toMatchObject({
      modelType: "qwen3_5",
      tokens: 32_768,
      weights,
      kvCache: run?.kvBytes,
      recurrentState: run?.stateBytes,
      cachePeak: run?.peakBytes,
      scratch,
      constant: 3_052_800_000,
      savedStates: 8 * 1024 ** 3,
      low: total - 3e9,
      total,
      high: total + 1e9,
      unknown: null,
      verdict: "Fits",
      safeTokens: expect.any(Number),
      possibleTokens: expect.any(Number),
    });
  });

  it("takes generated tokens, chunks and the chip into account, and prints it for people", async () => {
    const words = [
      "--tokens",
      "131072",
      "--generated",
      "300",
      "--prefill-step",
      "512",
      "--chip",
      "M5",
      "--limit",
      "27",
    ];
    const { code, stdout } = await estimate([folder, ...words]);
    expect(code).toBe(0);
    expect(stdout).toContain("Prompt           131,072 tokens");
    expect(stdout).toMatch(/\nTight above \d+K\n/);
    const generated = json(await estimate([folder, ...words, "--json"]));
    expect(generated["scratch"]).toBe(131_072 * 512 * 49);
    expect(generated["kvCache"]).toBe(65_536 * (131_072 + 512));
    expect(generated["constant"]).toBe(0.8e9 + 1.1e6 * 512);
    // Chunks so short are fused by no chip; of longer ones it's said what another MLX would hold.
    expect(generated["cautions"]).toEqual([]);
    const long = json(await estimate([folder, "--tokens", "131072", "--chip", "M5", "--json"]));
    expect(long["cautions"]).toEqual([expect.stringContaining("12.25 GiB of scores: --chip M4 gives")]);
    // Where the chip isn't known the figures are those already.
    const strange = json(await estimate([folder, "--tokens", "131072", "--chip", "Z80", "--json"]));
    expect([strange["scratch"], strange["cautions"]]).toEqual([131_072 * 2048 * 49, []]);
  });

  it("judges a prompt that is longer than the model takes by its own figures, and says that Ollama refuses it", async () => {
    const outcome = json(await estimate([folder, "--tokens", "400000", "--limit", "51.84", "--json"]));
    expect(outcome).toMatchObject({
      verdict: "Fails",
      cautions: [expect.stringContaining("refuses prompts from 262,144")],
    });
    expect(outcome["low"]).toBeGreaterThan(51.84 * 1024 ** 3);
  });

  it("says whose figures they are where Ollama and mlx-lm read a prompt in ways of their own", async () => {
    const glm = join(home, "glm");
    await writeMlxFolder(glm, oracleModel("glm-4.7-flash-4bit").files);
    const outcome = json(await estimate([glm, "--tokens", "32768", "--chip", "M4", "--json"]));
    expect([outcome["scratch"], outcome["cautions"]]).toEqual([
      83_968 * 32_768,
      [expect.stringContaining("mlx-lm itself holds the scores of this type twice")],
    ]);
  });

  it("tells what it doesn't know: all is null but the reason", async () => {
    const shiny = join(home, "shiny");
    await writeMlxFolder(shiny, {
      config: { model_type: "shiny" },
      tensors: oracleModel("lfm2-1.2b-8bit").files.tensors,
    });
    const outcome = await estimate([shiny, "--limit", "51.84", "--json"]);
    expect(outcome.code).toBe(0);
    const { unknown, verdict, ...terms } = json(outcome);
    expect([unknown, verdict]).toEqual([`This version can't size MLX models of the type "shiny".`, "Unknown"]);
    expect(terms["weights"]).toBeNull();
    expect(terms["safeTokens"]).toBeNull();
    expect((await estimate([shiny])).stdout).toBe(`Unknown: This version can't size MLX models of the type "shiny".\n`);
    await writeFile(join(shiny, "model.safetensors"), "short");
    expect(json(await estimate([shiny, "--json"]))["unknown"]).toBe("Its safetensors file is cut off in its header.");
  });

  it("reads a model that Ollama keeps on this Mac without its server", async () => {
    const { files, weights } = oracleModel("lfm2-1.2b-8bit");
    await writeMlxManifest(join(home, "models"), "manifests-v2/ollama.com/library/lfm2/mlx", files);
    expect(json(await estimate(["lfm2:mlx", "--json"]))).toMatchObject({ weights, tokens: 32_768, unknown: null });
    expect(json(await estimate(["nobody:has-it", "--json"]))["unknown"]).toBe("Its manifest isn't on this Mac.");
  });

  it("asks a server for the shapes of a model that isn't on this Mac", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => (body += String(part)));
      request.on("end", () => {
        asked.push(`${request.url} ${body}`);
        const show = {
          details: { format: "safetensors", family: "llama" },
          model_info: {
            "general.architecture": "llama",
            "llama.block_count": 1,
            "llama.embedding_length": 1024,
            "llama.context_length": 8192,
            "llama.attention.head_count": 8,
          },
          tensors: [
            { name: "model.layers.0.self_attn.k_proj.weight", type: "nvfp4", shape: [256, 1024] },
            { name: "model.layers.0.self_attn.o_proj.weight", type: "nvfp4", shape: [1024, 1024] },
          ],
        };
        const digest = "a".repeat(64);
        const models = [{ name: "small:mlx", digest, size: 1_000_000, details: { format: "safetensors" } }];
        response.end(JSON.stringify(request.url === "/api/show" ? show : { models }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `localhost:${(server.address() as AddressInfo).port}`;
    const outcome = await estimate(["small:mlx", "--tokens", "256", "--json"], { OLLAMA_HOST: host });
    server.close();
    expect(json(outcome)).toMatchObject({ weights: 1_000_000, kvCache: 256 * 512 * 2, unknown: null });
    expect(asked.some((line) => line.startsWith("/api/show") && line.includes('"verbose":true'))).toBe(true);
  });

  it("refuses what it can't use", async () => {
    expect(await estimate([])).toMatchObject({ code: 1, stderr: expect.stringContaining("--runner mlx") });
    expect(await estimate([home, "--tokens", "none"])).toMatchObject({
      code: 1,
      stderr: "--tokens takes a whole number above 0.\n",
    });
    expect(await estimate([home, "--limit", "much"])).toMatchObject({ code: 1 });
    expect(await estimate([folder, home])).toMatchObject({ code: 1, stderr: expect.stringContaining("Usage") });
    expect(await estimate([folder, "--num-ctx", "4096"])).toMatchObject({
      code: 1,
      stderr: "--num-ctx decides nothing with --runner mlx.\n",
    });
    expect(await estimate([join(folder, "config.json")])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("an MLX model is a folder"),
    });
    expect(await estimate([join(home, "nowhere")])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("No folder and no installed model is called"),
    });
  });
});
