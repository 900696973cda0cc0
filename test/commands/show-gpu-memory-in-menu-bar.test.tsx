import type { LaunchProps } from "@raycast/api";
import { describe, expect, it } from "vitest";
import ShowGpuMemoryInMenuBar from "../../src/show-gpu-memory-in-menu-bar";
import ShowGpuMemory from "../../src/show-gpu-memory";
import FitModels from "../../src/fit-models-to-gpu-limit";
import { CHECKBOXES, TITLE_STYLES } from "../../src/ui/menu-bar/menu-bar-preferences";
import { desk, renderCommand, type Screen, setPreferences } from "../support";
import { readManifest } from "../stand-ins/raycast/manifest";
import { asked, setRemoteStage, setStage, type Stage, type StageOptions } from "./stage";

const COMMAND = "show-gpu-memory-in-menu-bar";
const QWEN = "qwen3:8b";
const LLAMA_SERVER = "/Applications/Ollama.app/Contents/Resources/llama-server";
const GIB = 1024 ** 3;

type Launch = "userInitiated" | "background";

/** Opens the menu, or lets Raycast start a tick; ends it again where a test wants to. */
async function launch(stage: Pick<Stage, "system">, launchType: Launch, context?: object): Promise<Screen> {
  const props = { launchType, arguments: {}, launchContext: context } as unknown as LaunchProps;
  return renderCommand(<ShowGpuMemoryInMenuBar {...props} />, {
    command: COMMAND,
    system: stage.system,
    launchType,
  });
}

async function tick(stage: Pick<Stage, "system">, context?: object): Promise<string> {
  const screen = await launch(stage, "background", context);
  const seen = screen.text();
  await screen.close();
  return seen;
}

/** What a person does once before Raycast starts ticks: the menu looks whose the server is, and asks Metal. */
async function openOnce(stage: Pick<Stage, "system">): Promise<void> {
  await (await launch(stage, "userInitiated")).close();
}

async function judgeModels({ system }: Pick<Stage, "system">): Promise<void> {
  const screen = await renderCommand(<FitModels />, { command: "fit-models-to-gpu-limit", system });
  await screen.close();
}

async function load({ ollama }: Pick<Stage, "ollama">, model: string, body: object = {}) {
  await fetch(`${ollama.url}/api/generate`, { method: "POST", body: JSON.stringify({ model, prompt: "", ...body }) });
}

const title = (seen: string): string => seen.split("\n").find((line) => line.startsWith("◔")) ?? "";

/** A stage whose clock the test moves. */
async function timedStage(options: StageOptions = {}) {
  let at = Date.parse("2026-11-24T10:00:00Z");
  const stage = await setStage({
    ...options,
    ollama: { now: () => new Date(at), ...options.ollama },
    system: { now: () => new Date(at), ...options.system },
  });
  return { ...stage, pass: (minutes: number) => (at += minutes * 60_000) };
}

const setLimit = ({ mac }: Pick<Stage, "mac">, mib: number) => mac.sysctls.set("iogpu.wired_limit_mb", String(mib));
const setPressure = ({ mac }: Pick<Stage, "mac">, level: 1 | 2 | 4) =>
  mac.sysctls.set("kern.memorystatus_vm_pressure_level", String(level));

describe("a tick in the background", () => {
  it("takes one program and one request, and no osascript", async () => {
    const stage = await setStage();
    const before = stage.ollama.requests.length;
    await tick(stage);
    expect(stage.mac.calls.map(({ file }) => file)).toEqual(["/usr/sbin/sysctl"]);
    expect(stage.ollama.requests.slice(before).map(({ path }) => path)).toEqual(["/api/ps"]);
  });

  it("says at least, until another command has worked out what a model needs", async () => {
    const stage = await setStage();
    await load(stage, QWEN);
    expect(title(await tick(stage))).toContain("≥");
    await judgeModels(stage);
    const seen = await tick(stage);
    expect(title(seen)).not.toContain("≥");
    expect(title(seen)).toMatch(/^◔ \d+\.\d of 51\.8 GiB$/);
  });

  it("takes the larger of the count and the need", async () => {
    const stage = await setStage({
      ollama: { footprint: () => ({ sizeBytes: 3 * GIB, vramBytes: 3 * GIB }) },
    });
    await openOnce(stage);
    await load(stage, QWEN);
    expect(title(await tick(stage))).toContain("≥ 3.0 of");
    await judgeModels(stage);
    expect(title(await tick(stage))).not.toContain("3.0 of");
  });

  it("doesn't trust a need at another context", async () => {
    const stage = await setStage();
    await load(stage, QWEN, { options: { num_ctx: 8192 } });
    await judgeModels(stage);
    await load(stage, QWEN, { options: { num_ctx: 4096 } });
    expect(title(await tick(stage))).toContain("≥");
  });

  it.each([
    ["used", "◔ 0 B of ~51.8 GiB", "◔ 0 B of 51.8 GiB"],
    ["free", "◔ ~51.8 GiB Free", "◔ 51.8 GiB Free"],
    ["percent", "◔ ~0%", "◔ 0%"],
  ])("labels a default limit that nobody has read as about, also in %s", async (menuBarTitle, about, exact) => {
    const stage = await setStage();
    setPreferences({ menuBarTitle });
    stage.mac.faults = { missing: ["/usr/bin/osascript", LLAMA_SERVER] };
    await openOnce(stage);
    const seen = await tick(stage);
    expect(seen).toContain("GPU Limit: about 51.8 GiB");
    expect(seen).toContain("Used: 0 B of about 51.8 GiB");
    expect(title(seen)).toBe(about);
    expect(desk.subtitles.get(COMMAND)).toBe("0 B of about 51.8 GiB · 0 loaded");
    stage.mac.faults = {};
    const menu = await launch(stage, "userInitiated");
    menu.says("GPU Limit: 51.8 GiB", "read from Metal");
    await menu.close();
    const then = await tick(stage);
    expect(then).toContain("GPU Limit: 51.8 GiB  read from Metal");
    expect(title(then)).toBe(exact);
  });

  it("holds no model against this Mac's limit before anything has looked whose the server is", async () => {
    const stage = await setStage({ ollama: { footprint: () => ({ sizeBytes: 5 * GIB, vramBytes: 0 }) } });
    await load(stage, QWEN);
    const { host } = new URL(stage.ollama.url);
    const seen = await tick(stage);
    expect(title(seen)).toBe("◔ ≥ 0 B");
    for (const part of [
      "GPU Limit of This Mac: about 51.8 GiB",
      `Loaded Models at ${host}`,
      "Memory of This Mac",
      "100% on the CPU",
    ])
      expect(seen).toContain(part);
    for (const part of ["Needs Attention", " of about", "%)"]) expect(seen).not.toContain(part);
    expect(desk.subtitles.get(COMMAND)).toBe("at least 0 B · 1 loaded");
    setPreferences({ menuBarTitle: "percent" });
    expect(title(await tick(stage))).toBe("◔");
    await openOnce(stage);
    expect(await tick(stage)).toContain("qwen3:8b Spilled");
  });

  it.each([
    ["isn't there", { missing: ["/usr/sbin/sysctl"] }],
    ["doesn't answer", { stuck: ["/usr/sbin/sysctl"] }],
  ])("says so where sysctl %s, and ends", async (_, faults) => {
    const stage = await setStage();
    await openOnce(stage);
    Object.assign(stage.mac.faults, faults);
    const seen = await tick(stage);
    for (const part of ["GPU Limit: Unknown", "Swap Used: Unknown", "Memory Pressure: Unknown"])
      expect(seen).toContain(part);
    expect(seen).not.toContain("Loading…");
  });

  it("starts nothing where Ollama isn't running, and says so", async () => {
    const stage = await setStage();
    await openOnce(stage);
    stage.mac.calls.length = 0;
    const refused: typeof fetch = () =>
      Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } }));
    const seen = await tick({ system: { ...stage.system, fetch: refused } });
    expect(seen).toContain("Ollama Isn't Running There  Nothing answers at ");
    // At another address of this Mac it may run, and have models loaded.
    expect(title(seen)).toBe("◔");
    expect(seen).not.toContain("░");
    expect(desk.subtitles.get(COMMAND)).toBeNull();
    expect(stage.mac.calls).toHaveLength(1);
  });

  it("gives up after two seconds on a server that doesn't answer, and shows no figure", async () => {
    const stage = await setStage();
    const hangs: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    const start = performance.now();
    const seen = await tick({ system: { ...stage.system, fetch: hangs } });
    expect(performance.now() - start).toBeLessThan(6_000);
    expect(title(seen)).toBe("◔");
    expect(seen).toContain("didn't answer in time");
  });

  it("shows another machine's models against its own limit", async () => {
    const stage = await setRemoteStage({ preferences: { remoteLimitGib: "40" } });
    await load(stage, QWEN);
    const seen = await tick(stage);
    expect(seen).toContain("GPU Limit on studio.local: 40.0 GiB");
    expect(seen).toContain("Loaded Models on studio.local");
    expect(seen).toContain("Memory of This Mac");
  });

  it("takes no refusal of another machine for one without models: its Ollama may listen to itself alone", async () => {
    const stage = await setRemoteStage({ preferences: { remoteLimitGib: "40" } });
    const refused: typeof fetch = () =>
      Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } }));
    const seen = await tick({ system: { ...stage.system, fetch: refused } });
    expect(title(seen)).toBe("◔");
    expect(seen).toContain("Couldn't Read Loaded Models");
    expect(desk.subtitles.get(COMMAND)).toBeNull();
  });

  it("writes its subtitle", async () => {
    const stage = await setStage();
    await load(stage, QWEN);
    await judgeModels(stage);
    await tick(stage);
    expect(desk.subtitles.get(COMMAND)).toMatch(/^\d+\.\d of 51\.8 GiB · 1 loaded$/);
  });

  it.each([
    ["icon", /^◔$/],
    ["used", /^◔ ≥ \d+\.\d of 51\.8 GiB$/],
    ["free", /^◔ ≤ \d+\.\d GiB Free$/],
    ["percent", /^◔ ≥ \d+%$/],
  ])("has %s as its title where the person wants that", async (menuBarTitle, wanted) => {
    const stage = await setStage();
    await openOnce(stage);
    await load(stage, QWEN);
    setPreferences({ menuBarTitle });
    expect(title(await tick(stage))).toMatch(wanted);
  });

  it("colours the icon only when something is wrong", async () => {
    const stage = await setStage();
    expect(title(await tick(stage))).not.toContain("(");
    setPressure(stage, 2);
    expect(title(await tick(stage))).toContain("(yellow)");
    setPressure(stage, 4);
    expect(title(await tick(stage))).toContain("(red)");
  });
});

describe("the menu", () => {
  it("shows what slow programs tell only when it's opened", async () => {
    const stage = await setStage();
    expect(await tick(stage)).not.toContain("Other Programs");
    const menu = await launch(stage, "userInitiated");
    menu.says("Other Programs on the GPU: 1.5 GiB", "Swap Used: 512 MiB", "Memory Pressure: Normal");
  });

  it("unloads a model and says so", async () => {
    const stage = await setStage();
    await load(stage, QWEN);
    const menu = await launch(stage, "userInitiated");
    await menu.action("Unload");
    expect(menu.huds().at(-1)).toMatch(/^Unloaded qwen3:8b: .* freed$/);
    expect(stage.ollama.loaded()).toHaveLength(0);
    menu.says("No Model Loaded");
  });

  it("says why a model couldn't be unloaded", async () => {
    const stage = await setStage();
    await load(stage, QWEN);
    const failing: typeof fetch = (input, init) =>
      String(input).endsWith("/api/generate")
        ? Promise.resolve(new Response('{"error":"busy"}', { status: 500 }))
        : stage.system.fetch(input, init);
    const menu = await launch({ system: { ...stage.system, fetch: failing } }, "userInitiated");
    await menu.action("Unload");
    expect(menu.huds().at(-1)).toContain("Couldn't unload qwen3:8b");
  });

  it("keeps a model loaded at the context that it has", async () => {
    const stage = await setStage();
    await load(stage, QWEN, { options: { num_ctx: 8192 } });
    const menu = await launch(stage, "userInitiated");
    await menu.action("Keep Loaded");
    expect(menu.huds().at(-1)).toBe("qwen3:8b stays loaded until you unload it");
    const [kept] = stage.ollama.loaded();
    expect(kept?.numCtx).toBe(8192);
    expect(kept?.expiresAt.getUTCFullYear()).toBeGreaterThan(2100);
    menu.says("stays loaded");
  });

  it("copies a name and opens the other commands", async () => {
    const stage = await setStage();
    await load(stage, QWEN);
    const menu = await launch(stage, "userInitiated");
    await menu.action("Copy Name");
    expect(menu.clipboard()).toBe(QWEN);
    await menu.action("Make It Fit…");
    for (const action of ["Set GPU Limit…", "Fit Models…", "Show GPU Memory…"]) await menu.action(action);
    expect(menu.launched().map(({ name, type, context }) => [name, type, context?.["model"]])).toEqual([
      ["fit-models-to-gpu-limit", "userInitiated", QWEN],
      ["set-gpu-limit", "userInitiated", undefined],
      ["fit-models-to-gpu-limit", "userInitiated", undefined],
      ["show-gpu-memory", "userInitiated", undefined],
    ]);
  });

  it("says how old its figures are", async () => {
    const stage = await timedStage();
    let held = Promise.resolve();
    const slow: typeof fetch = async (input, init) => {
      await held;
      return stage.system.fetch(input, init);
    };
    const menu = await launch({ system: { ...stage.system, fetch: slow } }, "userInitiated");
    // Some time zones are half an hour or a quarter off.
    menu.says(/Read at \d\d:(?:00|30|45), just now/);
    stage.pass(3);
    let release = () => {};
    held = new Promise((resolve) => (release = resolve));
    await menu.press("Refresh");
    await menu.until("3 min ago");
    release();
    await menu.settle();
    menu.says(/Read at \d\d:(?:03|33|48), just now/);
  });

  it("reads again with Refresh", async () => {
    const stage = await setStage();
    const menu = await launch(stage, "userInitiated");
    const before = asked(stage.ollama, "ps");
    await menu.action("Refresh");
    expect(asked(stage.ollama, "ps")).toBe(before + 1);
  });
});

describe("the guard", () => {
  it("speaks up once when a restart took the limit back, and offers it", async () => {
    const stage = await timedStage();
    setLimit(stage, 57344);
    expect(await tick(stage)).not.toContain("Needs Attention");
    stage.mac.reboot();
    const seen = await tick(stage);
    expect(seen).toContain("GPU Limit Changed by the Restart");
    expect(seen).toContain("It was 56.0 GiB.");
    const menu = await launch(stage, "userInitiated");
    await menu.action("GPU Limit Changed by the Restart › Set GPU Limit…");
    expect(menu.launched().at(-1)).toMatchObject({ name: "set-gpu-limit", context: { mib: 57344 } });
    await menu.action("Dismiss");
    menu.doesNotSay("Needs Attention");
    await menu.close();
    expect(await tick(stage)).not.toContain("Needs Attention");
  });

  it("speaks up when another tool set the limit, but not for what the extension set itself", async () => {
    const stage = await timedStage();
    await tick(stage);
    setLimit(stage, 50_000);
    expect(await tick(stage)).toContain("GPU Limit Changed by Another Tool");
    const session = stage.mac.sysctls.get("kern.bootsessionuuid");
    desk.localStorage.set("limit-set-here", JSON.stringify({ session, mib: 50_000 }));
    expect(await tick(stage)).not.toContain("Changed by");
  });

  it("names a model that spilled, and lets it be made to fit", async () => {
    const stage = await timedStage({
      ollama: { footprint: () => ({ sizeBytes: 10 * GIB, vramBytes: 6 * GIB }) },
    });
    expect(await tick(stage)).not.toContain("Spilled");
    await load(stage, QWEN);
    const seen = await tick(stage);
    expect(seen).toContain("qwen3:8b Spilled");
    expect(seen).toContain("40% of it is on the CPU");
    expect(title(seen)).toContain("(yellow)");
    const menu = await launch(stage, "userInitiated");
    await menu.action("qwen3:8b Spilled › Make It Fit…");
    expect(menu.launched().at(-1)?.context).toEqual({ model: QWEN, runner: "ggml", view: "make-it-fit" });
  });

  it("names a context that a client asked for, but none that was planned", async () => {
    const stage = await timedStage({ ollama: { env: { OLLAMA_CONTEXT_LENGTH: "8192" } } });
    await load(stage, QWEN);
    await judgeModels(stage);
    expect(await tick(stage)).not.toContain("Needs Attention");
    await load(stage, QWEN, { options: { num_ctx: 16384 } });
    expect(await tick(stage)).toContain(
      "A client asked for 16K, or Ollama's settings changed: when last read, they gave 8K.",
    );
    await load(stage, QWEN, { options: { num_ctx: 4096 } });
    expect(await tick(stage)).not.toContain("Needs Attention");
  });

  it("says when another default context comes with the next start, unless a variable decides it", async () => {
    const stage = await timedStage();
    await judgeModels(stage);
    await tick(stage);
    setLimit(stage, 40_000);
    expect(await tick(stage)).toContain("Ollama's Default Context Will Be 32K");
    setLimit(stage, 0);
    expect(await tick(stage)).not.toContain("Default Context");
  });

  it("offers to unload an idle model while pressure is critical, and not before", async () => {
    const stage = await timedStage();
    await openOnce(stage);
    await load(stage, QWEN, { keep_alive: "1h" });
    setPressure(stage, 4);
    expect(await tick(stage)).not.toContain("Seems Idle");
    stage.pass(3);
    expect(await tick(stage)).toContain("No request to qwen3:8b has ended for 3 min");
    await load(stage, QWEN, { keep_alive: "1h" });
    expect(await tick(stage)).not.toContain("Seems Idle");
    stage.pass(3);
    setPressure(stage, 2);
    expect(await tick(stage)).not.toContain("Seems Idle");
  });

  it("keeps quiet about what is switched off", async () => {
    const stage = await timedStage({ ollama: { footprint: () => ({ sizeBytes: 10 * GIB, vramBytes: 6 * GIB }) } });
    await load(stage, QWEN);
    setPreferences({ tellSpilled: false });
    const seen = await tick(stage);
    expect(seen).not.toContain("Needs Attention");
    expect(seen).toContain("40% on the CPU");
  });

  it("says something in a HUD only where the person's own command caused it, and once", async () => {
    const stage = await timedStage();
    await judgeModels(stage);
    await tick(stage);
    setLimit(stage, 40_000);
    const session = stage.mac.sysctls.get("kern.bootsessionuuid");
    desk.localStorage.set("limit-set-here", JSON.stringify({ session, mib: 40_000 }));
    await tick(stage, { cause: "Set GPU Limit" });
    expect(desk.huds).toEqual(["Ollama's Default Context Will Be 32K: see the menu bar"]);
    await tick(stage, { cause: "Set GPU Limit" });
    expect(desk.huds).toHaveLength(1);
  });

  it("leaves a spill to the command that loaded the model, which says it with the way to act", async () => {
    const stage = await timedStage({ ollama: { footprint: () => ({ sizeBytes: 10 * GIB, vramBytes: 6 * GIB }) } });
    await tick(stage);
    await load(stage, QWEN);
    expect(await tick(stage, { cause: "Load Model" })).toContain("Spilled");
    expect(desk.huds).toEqual([]);
  });

  it("has no HUD for what comes about on its own", async () => {
    const stage = await timedStage({ ollama: { footprint: () => ({ sizeBytes: 10 * GIB, vramBytes: 6 * GIB }) } });
    await load(stage, QWEN);
    await tick(stage);
    expect(desk.huds).toEqual([]);
  });
});

it("is refreshed after a change made by another command, and only where it's switched on", async () => {
  const stage = await setStage();
  await load(stage, QWEN);
  const unloadIn = async () => {
    const screen = await renderCommand(<ShowGpuMemory />, { command: "show-gpu-memory", system: stage.system });
    await screen.pick(QWEN);
    await screen.action("Unload Model");
    await screen.close();
  };
  await unloadIn();
  expect(desk.launched).toEqual([]);
  desk.enabledCommands.add(COMMAND);
  await load(stage, QWEN);
  await unloadIn();
  expect(desk.launched).toEqual([{ name: COMMAND, type: "background", context: { cause: "Unload Model" } }]);
});

it("has a preference for each kind of notice and each title", () => {
  const command = readManifest().commands.find(({ name }) => name === COMMAND);
  const names = command?.preferences?.map(({ name }) => name);
  expect(names).toEqual(["menuBarTitle", ...Object.values(CHECKBOXES)]);
  const [first] = command?.preferences ?? [];
  expect(first?.data?.map(({ value }) => value)).toEqual([...TITLE_STYLES]);
});
