/** The opened menu as a person drives it: each item everywhere, and whatever it reads failing or hanging. */
import type { LaunchProps } from "@raycast/api";
import { describe, expect, it } from "vitest";
import type { System } from "../../src/app/system";
import { METAL_SCRIPT, OSASCRIPT } from "../../src/mac/metal-probe";
import { IOREG, VM_STAT } from "../../src/mac/memory-status";
import type { Runner, RunResult } from "../../src/mac/runner";
import { SYSCTL } from "../../src/mac/sysctl";
import FitModels from "../../src/fit-models-to-gpu-limit";
import ShowGpuMemoryInMenuBar from "../../src/show-gpu-memory-in-menu-bar";
import { desk, renderCommand, type Screen } from "../support";
import { inWorld } from "../worlds/support/every-screen";
import { setStage, type Stage } from "./stage";

const QWEN = "qwen3:8b";

async function openMenu(system: System, settle = true): Promise<Screen> {
  const props = { launchType: "userInitiated", arguments: {} } as unknown as LaunchProps;
  const command = "show-gpu-memory-in-menu-bar";
  return renderCommand(<ShowGpuMemoryInMenuBar {...props} />, { command, system, settle });
}

/** Lets something wait until a test releases it. */
function gate() {
  let release = () => {};
  const opened = new Promise<void>((resolve) => (release = resolve));
  return { opened, release: () => release() };
}

async function loadedStage(): Promise<Stage> {
  const stage = await setStage();
  const body = JSON.stringify({ model: QWEN, prompt: "" });
  await fetch(`${stage.ollama.url}/api/generate`, { method: "POST", body });
  return stage;
}

const PS = "/bin/ps";
const LSOF = "/usr/sbin/lsof";

/** Each program that the opened menu runs, with what stays on screen without it. */
const PROBES = [
  [SYSCTL, ["GPU Limit: Unknown", "Swap Used: Unknown", "Memory Pressure: Unknown", QWEN]],
  [OSASCRIPT, ["GPU Limit: 51.8 GiB", "listed by Ollama's llama-server", "Memory Pressure: Normal", QWEN]],
  [VM_STAT, ["GPU Limit: 51.8 GiB", "Other Programs on the GPU: at most 1.5 GiB", QWEN]],
  [IOREG, ["GPU Limit: 51.8 GiB", "Memory Pressure: Normal", QWEN]],
  // Without these nobody knows whether it's this Mac's memory that the models take.
  [LSOF, ["GPU Limit of This Mac: 51.8 GiB", "Memory Pressure: Normal", QWEN]],
  [PS, ["GPU Limit of This Mac: 51.8 GiB", "Memory Pressure: Normal", QWEN]],
] as const;

const FAILING: Readonly<Record<string, Partial<RunResult>>> = {
  "isn't there": { missing: true, stderr: "ENOENT" },
  "ends with an error": { exitCode: 1, stderr: "Operation not permitted" },
  "prints nonsense": { exitCode: 0, stdout: "\u0000\u001b[2J= {]} 1e999\n".repeat(2_000) },
  "prints nothing": { exitCode: 0 },
};

const answer = (rest: Partial<RunResult>): RunResult => ({
  stdout: "",
  stderr: "",
  missing: false,
  timedOut: false,
  ...rest,
});

/** How much faster than a real one a program of these tests hangs. */
const FASTER = 20;
/** The most that the menu says it takes. */
const MOST_MS = 15_000;

/** A runner whose programs don't answer: each ends when it's given up, and not at all where nothing bounds it. */
function hanging(run: Runner, isStuck: (file: string) => boolean): Runner {
  return (file, args, options = {}) => {
    if (!isStuck(file)) return run(file, args, options);
    const { timeoutMs = 5_000 } = options;
    return new Promise((resolve) => {
      if (timeoutMs > 0) setTimeout(() => resolve(answer({ timedOut: true })), timeoutMs / FASTER);
    });
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) * FASTER;
}

describe.each(PROBES)("where %s", (probe, words) => {
  it.each(Object.keys(FAILING))("%s, the menu opens and says what it knows", async (how) => {
    const { mac, system } = await loadedStage();
    const run: Runner = async (file, args, options) =>
      file === probe ? answer(FAILING[how] ?? {}) : mac.run(file, args, options);
    const menu = await openMenu({ ...system, run });
    menu.says(...words);
    menu.doesNotSay("Loading…", "NaN", "undefined");
  });

  it("hangs, the menu opens in time", async () => {
    const { mac, system } = await loadedStage();
    let menu: Screen | undefined;
    const ms = await timed(async () => {
      menu = await openMenu({ ...system, run: hanging(mac.run, (file) => file === probe) });
    });
    expect(ms).toBeLessThan(MOST_MS);
    menu?.says(...words);
    menu?.doesNotSay("Loading…");
    await menu?.action("Copy Name");
    expect(menu?.clipboard()).toBe(QWEN);
  });
});

it("opens in time where no program answers at all, and says Unknown", async () => {
  const { mac, system } = await loadedStage();
  let menu: Screen | undefined;
  const ms = await timed(async () => {
    menu = await openMenu({ ...system, run: hanging(mac.run, () => true) });
  });
  expect(ms).toBeLessThan(2 * MOST_MS);
  menu?.says("GPU Limit of This Mac: Unknown", "Swap Used: Unknown", "Memory Pressure: Unknown", QWEN);
});

it("runs those programs and no others", async () => {
  const { mac, system } = await loadedStage();
  mac.calls.length = 0;
  await openMenu(system);
  const ran = new Set(mac.calls.map(({ file }) => file));
  expect([...ran].sort()).toEqual(PROBES.map(([file]) => file).sort());
  expect(mac.calls.find(({ file }) => file === OSASCRIPT)?.args.at(-1)).toBe(METAL_SCRIPT);
});

describe("where /api/ps", () => {
  it.each([
    ["fails", { kind: "http500" }, "Couldn't Read Loaded Models"],
    ["is refused", { kind: "refuse" }, "Ollama Isn't Running"],
    ["answers garbage", { kind: "garbage" }, "Couldn't Read Loaded Models"],
    ["never ends", { kind: "hugeBody" }, "Couldn't Read Loaded Models"],
    ["breaks off", { kind: "halfStream" }, "Couldn't Read Loaded Models"],
    ["hangs", { kind: "hang" }, "Couldn't Read Loaded Models"],
  ] as const)("%s, the menu says so and shows the Mac's figures", async (_, fault, words) => {
    const { ollama, system } = await loadedStage();
    ollama.fault("ps", fault);
    const start = performance.now();
    const menu = await openMenu(system);
    expect(performance.now() - start).toBeLessThan(6_000);
    menu.says(words, "GPU Limit: 51.8 GiB", "Swap Used: 512 MiB", "Memory Pressure: Normal");
    ollama.fault("ps", undefined);
    await menu.action("Refresh");
    menu.says(QWEN);
  });

  it("works but a model can't be kept or unloaded, the menu says so and goes on", async () => {
    const { ollama, system } = await loadedStage();
    const menu = await openMenu(system);
    ollama.fault("generate", { kind: "http500" });
    await menu.action("Keep Loaded");
    expect(menu.huds().at(-1)).toMatch(/^Couldn't keep qwen3:8b loaded: /);
    ollama.fault("generate", { kind: "http500", message: "model requires 18.4 GiB but only 17.3 GiB are available" });
    await menu.action("Keep Loaded");
    expect(menu.huds().at(-1)).toContain("It needs 18.4 GiB");
    expect(menu.huds().at(-1)).toContain("See Fit Models in the menu");
    await menu.action("Unload");
    expect(menu.huds().at(-1)).toMatch(/^Couldn't unload qwen3:8b: /);
    menu.says(QWEN);
    menu.doesNotSay("Loading…");
  });
});

it("remembers that Ollama runs in Docker while that can't be read", async () => {
  await inWorld("N6-docker-menu-opened-first", async ({ system, mac }) => {
    const first = await openMenu(system);
    first.says("No GPU in Docker");
    await first.close();
    mac.faults = { missing: [LSOF] };
    (await openMenu(system)).says("No GPU in Docker");
  });
});

it("doesn't give other programs what Ollama leaves out of a model's count", async () => {
  await inWorld("C31-count-short-of-a-cache", async ({ system }) => {
    const menu = await openMenu(system);
    menu.says("Other Programs on the GPU: at most 11.5 GiB");
    await menu.close();
    await (await renderCommand(<FitModels />, { command: "fit-models-to-gpu-limit", system })).close();
    const judged = await openMenu(system);
    judged.says("Other Programs on the GPU: 1.5 GiB");
    judged.doesNotSay("at most");
  });
});

describe("what is chosen while the menu still reads", () => {
  it("keeps the menu loading until it's done, so that Raycast doesn't end it in between", async () => {
    const { mac, ollama, system } = await loadedStage();
    const [slow, unloading] = [gate(), gate()];
    const run: Runner = async (file, args, options) => {
      if (file === OSASCRIPT) await slow.opened;
      return mac.run(file, args, options);
    };
    const held: typeof fetch = async (input, init) => {
      if (String(input).endsWith("/api/generate")) await unloading.opened;
      return system.fetch(input, init);
    };
    const menu = await openMenu({ ...system, run, fetch: held }, false);
    await menu.until(QWEN);
    await menu.press("Unload");
    slow.release();
    await menu.until("read from Metal");
    expect(menu.text()).toContain("Loading…");
    unloading.release();
    await menu.settle();
    menu.says("No Model Loaded");
    menu.doesNotSay("Loading…");
    expect(ollama.loaded()).toEqual([]);
  });

  it("isn't overwritten by what was read before it", async () => {
    const { mac, system } = await loadedStage();
    const slow = gate();
    let asked = 0;
    const run: Runner = async (file, args, options) => {
      if (file === OSASCRIPT && (asked += 1) === 1) await slow.opened;
      return mac.run(file, args, options);
    };
    const menu = await openMenu({ ...system, run }, false);
    await menu.until(QWEN);
    await menu.press("Unload");
    await menu.until("No Model Loaded");
    slow.release();
    await menu.settle();
    menu.says("No Model Loaded");
  });
});

describe("a model that changed since the menu was opened", () => {
  const ask = (ollama: Stage["ollama"], body: object) =>
    fetch(`${ollama.url}/api/generate`, { method: "POST", body: JSON.stringify({ model: QWEN, prompt: "", ...body }) });

  it("isn't loaded again to keep it, and isn't said to be unloaded a second time", async () => {
    const { ollama, system } = await loadedStage();
    for (const [action, words] of [
      ["Keep Loaded", "qwen3:8b isn't loaded any more"],
      ["Unload", "qwen3:8b was unloaded already"],
    ] as const) {
      await ask(ollama, {});
      const menu = await openMenu(system);
      await ask(ollama, { keep_alive: 0 });
      await menu.action(action);
      expect(menu.huds().at(-1)).toBe(words);
      expect(ollama.loaded()).toEqual([]);
      menu.says("No Model Loaded");
      await menu.close();
    }
  });

  it("is kept at the context that a client gave it since", async () => {
    const { ollama, system } = await loadedStage();
    const menu = await openMenu(system);
    await ask(ollama, { options: { num_ctx: 8192 } });
    await menu.action("Keep Loaded");
    expect(ollama.loaded()).toMatchObject([{ numCtx: 8192 }]);
    menu.says("stays loaded", "8K");
  });
});

it("of a name with two builds each is made to fit, kept and unloaded as itself", async () => {
  await inWorld("G12-both-builds-of-one-model", async ({ system, servers }) => {
    const [server] = servers.values();
    const body = JSON.stringify({ model: QWEN, runner: "llamacpp", prompt: "" });
    await fetch(`${server?.url ?? ""}/api/generate`, { method: "POST", body });
    const menu = await openMenu(system);
    const items = menu.actions().filter((action) => action.includes("Make It Fit…"));
    expect(items).toHaveLength(2);
    for (const item of items) await menu.action(item);
    expect(menu.launched().map(({ context }) => context?.["runner"])).toEqual(
      items.map((item) => (item.includes("MLX") ? "mlx" : "llamacpp")),
    );
    await menu.action(menu.actions().find((action) => /MLX.*› Unload/.test(action)) ?? "");
    menu.says("llama.cpp");
    menu.doesNotSay("MLX");
  });
});

describe("every item can be pressed", () => {
  it.each([
    "sample",
    "H2-spilled-at-a-clients-context",
    "H4-ollama-not-installed",
    "E56-limit-of-a-remote-mac",
    "A4-two-servers",
    "N6-docker",
    "C43-mlx-loaded-above-the-limit",
    "G12-both-builds-of-one-model",
    "D14-macos-13",
  ])("in the world %s, and none starts anything or asks for a password", async (name) => {
    const pressed = await inWorld(name, async ({ system, mac, starts }) => {
      const first = await openMenu(system);
      const actions = first.actions();
      await first.close();
      const before = [...starts.values()].join();
      for (const action of actions) {
        const menu = await openMenu(system);
        // An earlier one may have unloaded the model that this one is of.
        if (menu.actions().includes(action)) await menu.action(action);
        menu.doesNotSay("Loading…");
        await menu.close();
      }
      expect([...starts.values()].join()).toBe(before);
      expect(mac.prompts).toEqual([]);
      expect(mac.calls.map(({ file }) => file)).not.toContain("/usr/bin/open");
      return actions;
    });
    for (const item of ["Set GPU Limit…", "Fit Models…", "Show GPU Memory…", "Refresh"]) {
      expect(pressed).toContain(item);
    }
    expect(desk.complaints).toEqual([]);
  });
});
