import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

interface Outcome {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the preview in a process of its own, as npm does. */
function preview(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const where = words[0] === "--world" ? [] : ["--sample"];
  const args = ["scripts/run-ts.mjs", "scripts/preview.ts", ...where, ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

it("walks the main job: the model spills, the limit is raised, it spills no more", { timeout: 60_000 }, async () => {
  const temporary = mkdtempSync(join(tmpdir(), "gpu-limit-preview-"));
  const { code, stdout, stderr } = await preview(
    [
      "fit-models-to-gpu-limit",
      "pick",
      "qwen3-coder-next:q4_K_M",
      "set-gpu-limit",
      "submit",
      "fit-models-to-gpu-limit",
    ],
    { TMPDIR: temporary },
  );
  const left = readdirSync(temporary);
  rmSync(temporary, { recursive: true });
  expect([code, stderr, left]).toEqual([0, "", []]);
  expect(stdout).toMatch(/^SAMPLE: A 64 GB M4 Pro/);
  const rows = stdout.split("\n").filter((line) => /^(▸| ) qwen3-coder-next:q4_K_M /.test(line));
  expect(rows).toHaveLength(3);
  expect(rows[0]).toContain("48.2 GiB  [Spills ");
  expect(rows[1]?.startsWith("▸")).toBe(true);
  expect(rows[2]).not.toContain("Spills");
  expect(stdout).toContain("✓ GPU Limit Is 56.0 GiB");
  for (const line of stdout.split("\n")) expect([...line].length).toBeLessThanOrEqual(100);
});

it("runs commands without a view, and asks for an answer that it needs", { timeout: 60_000 }, async () => {
  const { code, stdout } = await preview(["copy-gpu-limit-command", "argument", "mebibytes=57344"]);
  expect(code).toBe(0);
  expect(stdout).toContain("iogpu.wired_limit_mb=57344");
  const asking = await preview(["set-gpu-limit", "submit", "reset-gpu-limit"]);
  expect(asking.stdout).toContain('The alert waits: add the step "confirm yes" or "confirm no".');
});

it("says what it does not understand", { timeout: 60_000 }, async () => {
  const { code, stderr } = await preview(["fly"]);
  expect(code).toBe(1);
  expect(stderr).toContain('"fly" is neither a command');
});

it("ends after a step that fails, also where the view would go on reading", { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await preview(["show-gpu-memory", "pick", "no such row"]);
  expect(code).toBe(1);
  expect(stdout).toContain("Loaded Models");
  expect(stderr).toContain('No list item "no such row"');
});

it("plays the world of a file and says what of it is not as expected", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "gpu-limit-preview-"));
  const path = join(folder, "small.json");
  const world = {
    about: "A 16 GB Mac",
    mac: { ramGib: 16 },
    servers: [{ models: ["llama3.1:8b"] }],
    steps: ["copy-gpu-limit-command", "argument 'mebibytes=12288'"],
    expect: { clipboard: ["iogpu.wired_limit_mb=12288", "iogpu.wired_limit_mb=1"], mac: { limitMib: 0 } },
  };
  writeFileSync(path, JSON.stringify(world));
  const played = await preview(["--world", path]);
  expect(played.stdout).toMatch(/^WORLD: A 16 GB Mac\nHUD: [^\n]+\nClipboard: sudo \S+ iogpu\.wired_limit_mb=12288\n/);
  expect(played.stdout).toContain("✓ All that this world expects is met.");
  writeFileSync(path, JSON.stringify({ ...world, expect: { huds: "Nothing was copied" } }));
  const failed = await preview(["--world", path]);
  rmSync(folder, { recursive: true });
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain('the HUDs: "Nothing was copied" is missing in:');
});
