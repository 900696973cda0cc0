import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TEXT_PROBES } from "../../scripts/mac-check-probes";
import { check, findingText, PROBES, type ProbeName, reportMarkdown } from "../../src/app/diagnostics/report";
import type { Settings } from "../../src/app/preferences";
import type { System } from "../../src/app/system";
import type { RunResult } from "../../src/mac/runner";
import { type BuiltWorld, buildWorld } from "../worlds/support/build";
import { worldPath } from "../worlds/support/run-world";
import { readWorld } from "../worlds/support/schema";

const SETTINGS: Settings = { host: "http://127.0.0.1:11434", judge: { context: "effective" }, faults: [] };
const ALL = { ...PROBES, ...TEXT_PROBES };

let world: BuiltWorld;
beforeAll(async () => {
  const path = worldPath("mac-check");
  world = await buildWorld(readWorld(path), path);
});
afterAll(() => world.close());

/** What is broken for a probe: a system that lies, or something done to the world and taken back. */
type Break = (system: System) => System;

/** A program whose command line matches says something else. */
const says =
  (line: RegExp, answer: string | ((real: RunResult) => Partial<RunResult>)): Break =>
  (system) => ({
    ...system,
    run: async (file, args, options) => {
      const real = await system.run(file, args, options);
      if (!line.test([file, ...args].join(" "))) return real;
      return { ...real, ...(typeof answer === "string" ? { stdout: answer } : answer(real)) };
    },
  });

/** The server answers a route with something else. */
const answers =
  (route: RegExp, body: string): Break =>
  (system) => ({
    ...system,
    fetch: async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      return route.test(url)
        ? new Response(body, { headers: { "content-type": "application/json" } })
        : system.fetch(input, init);
    },
  });

const withoutLines =
  (found: RegExp) =>
  ({ stdout }: RunResult): Partial<RunResult> => ({
    stdout: stdout
      .split("\n")
      .filter((line) => !found.test(line))
      .join("\n"),
  });

/** Each probe broken once; one that's forgotten is a type error. */
const BREAKS: Readonly<Record<ProbeName | keyof typeof TEXT_PROBES, Break>> = {
  "kernel-values": says(/sysctl -i hw\.memsize hw\.model/, withoutLines(/iogpu|bootsession/)),
  limit: says(/sysctl -n iogpu\.wired_limit_mb/, "iogpu.wired_limit_mb: 57344\n"),
  "disk-throttle": says(/sysctl -n debug\.lowpri/, "on\n"),
  "memory-values": says(/sysctl .*vm\.swapusage/, withoutLines(/pressure_level/)),
  metal: says(/osascript -l JavaScript/, '{"chip":"Apple M4 Pro"}'),
  devices: says(/--list-devices/, "Available devices:\n  MTL0: Apple M4 Pro (53084 MiB, 53083 MiB free)\n"),
  "page-counts": says(/vm_stat/, withoutLines(/compressor/)),
  "gpu-statistics": says(/ioreg/, ({ stdout }) => ({ stdout: stdout.replaceAll("Alloc system memory", "Allocated") })),
  footprints: says(/\/top /, ({ stdout }) => ({ stdout: stdout.replace(/PID +COMMAND +MEM/, "PID COMMAND %CPU MEM") })),
  "program-paths": says(/ps .*comm=/, ({ stdout }) => ({ stdout: stdout.replace(/\/\S.*\//g, "") })),
  processes: says(/ps .*command=/, ({ stdout }) => ({ stdout: stdout.replace("/sbin/launchd", "launchd") })),
  "session-jobs": says(/launchctl list/, "Unrecognized subcommand: list\n"),
  "system-jobs": says(/launchctl print system$/, ({ stdout }) => ({ stdout: stdout.replace("services =", "jobs =") })),
  "session-variables": says(/launchctl getenv/, () => ({ exitCode: undefined, timedOut: true })),
  "switched-off": says(/print-disabled/, "Usage: launchctl print-disabled <domain-target>\n"),
  "property-lists": says(/plutil .*ssh\.plist/, "(no JSON)"),
  "at-start": says(/sysctl -n iogpu\.wired_limit_mb/, "0\n"),
  server: answers(/\/api\/tags/, '{"pets":["cat"]}'),
  identity: says(/lsof/, () => ({ exitCode: 1, stdout: "", stderr: "lsof: not permitted\n" })),
  log: (system) => ({ ...system, homeFolder: "/nowhere" }),
  runners: says(/ps .*command=/, withoutLines(/llama-server/)),
  metadata: answers(/\/api\/show/, '{"model_info":{"general.architecture":"llama"}}'),
  files: (system) =>
    Object.assign({ ...system }, { openFolder: () => Promise.reject(Object.assign(new Error(), { code: "EPERM" })) }),
  scripts: says(/osacompile/, () => ({ exitCode: 1, stderr: "error: Expected end of line. (-2741)\n" })),
  "root-texts": says(/sh -n/, () => ({ exitCode: 2, stderr: "sh: Syntax error\n" })),
  refusal: says(/sh -c .*gpu-limit x 1 0/, "value set\n"),
};

describe("what is read for a bug report", () => {
  it("passes on the stand-in Mac, nothing left out", async () => {
    const checked = await check(world.system, SETTINGS, ALL);
    expect(checked.filter(({ finding }) => finding.kind !== "pass").map(findingText)).toEqual([]);
    expect(checked).toHaveLength(Object.keys(BREAKS).length);
  });

  it.each(Object.keys(BREAKS) as (keyof typeof BREAKS)[])("fails where it's broken: %s", async (name) => {
    const [checked] = await check(BREAKS[name](world.system), SETTINGS, { [name]: ALL[name] });
    expect(checked && findingText(checked)).toMatch(/^FAIL {2}/);
  });

  it("fails where llama-server is there and lists nothing, and passes over it where it isn't", async () => {
    const look = async (broken: Break) =>
      (await check(broken(world.system), SETTINGS, { devices: PROBES.devices })).map(({ finding }) => finding.kind);
    expect(await look(says(/--list-devices/, "Available devices:\n"))).toEqual(["fail"]);
    expect(await look(says(/--list-devices/, () => ({ exitCode: undefined, missing: true })))).toEqual(["skip"]);
  });

  it("holds nothing of whose Mac it is, and no output can end its block", async () => {
    const system = says(/vm_stat/, ({ stdout }) => ({
      stdout: `Pages ${world.homeFolder} \u0007\n\`\`\`\n# not ours\n${stdout}`,
    }))(world.system);
    const checked = await check(system, SETTINGS, { "page-counts": { ...PROBES["page-counts"], shows: undefined } });
    const report = reportMarkdown(system, checked, { title: "T", about: [], isRaw: true });
    expect(report).not.toContain(world.homeFolder);
    expect(report).not.toContain("Sams-Mac");
    expect(report).not.toContain("\u0007");
    expect(report).toContain("Pages ~");
    expect(report.match(/^`{3,}/gm)?.every((fence) => fence !== "```" || report.includes("````text"))).toBe(true);
    expect(report).toContain("````text");
  });

  it("says nothing of the outputs where they aren't wanted", async () => {
    const checked = await check(world.system, SETTINGS, { processes: PROBES.processes });
    expect(reportMarkdown(world.system, checked, { title: "T", about: [], isRaw: false })).not.toContain(
      "/sbin/launchd",
    );
    expect(reportMarkdown(world.system, checked, { title: "T", about: [], isRaw: true })).toContain("/sbin/launchd");
  });

  it("goes on where a probe throws", async () => {
    const throws = { title: "T", look: () => Promise.reject(new Error("Torn.")) };
    const checked = await check(world.system, SETTINGS, { throws, limit: PROBES.limit });
    expect(checked.map(({ finding }) => finding.kind)).toEqual(["fail", "pass"]);
  });
});

describe("npm run mac-check", () => {
  it(
    "says what it's for where there's no Mac, runs on the stand-in and writes its report",
    { timeout: 120_000 },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "gpu-limit-mac-check-"));
      try {
        const out = join(folder, "report.md");
        const args = ["scripts/run-ts.mjs", "scripts/mac-check.ts", "--ask", "--out", out];
        const running = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
        running.stdin.end("y\ny\ny\n");
        let said = "";
        running.stdout.on("data", (text: Buffer) => (said += text.toString()));
        expect(await new Promise((resolve) => running.once("close", resolve))).toBe(0);
        expect(said).toContain("This is for a Mac with Apple Silicon");
        expect(said).toMatch(/\n29 PASS, 0 FAIL, 0 skipped\n/);
        const report = await readFile(out, "utf8");
        expect(report).toContain("PASS  Cancelled Prompt: cancelled, 57344 MiB in force");
        expect(report).toContain("PASS  Restart of Ollama: app: restarted");
        expect(report).toContain("$ /usr/bin/vm_stat");
        expect(report).not.toContain(tmpdir() + "/gpu-limit-world");
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});
