import { describe, expect, it } from "vitest";
import ShowGpuMemory from "../../src/show-gpu-memory";
import type { Runner } from "../../src/mac/runner";
import { sampleModel, type StandInOllama } from "../stand-ins/ollama";
import { desk, type Part, renderCommand, says, type Screen, UNREADABLE } from "../support";
import { type Clock, createClock } from "../support/clock";
import { cli, setStage, type Stage, type StageOptions } from "./stage";

const GIB = 1024 ** 3;
const QWEN = "qwen3:8b";
const CODER = "qwen3-coder-next:q4_K_M";

/** Ollama's app lies where it is looked for. */
const WITH_APP: StageOptions = { system: { exists: async (path) => path === "/Applications/Ollama.app" } };

interface Shown extends Stage {
  readonly screen: Screen;
  readonly clock: Clock;
}

/** Opens the view on a stage whose time stands still. */
async function show(options: StageOptions = {}, prepare?: (stage: Stage) => unknown): Promise<Shown> {
  const clock = createClock();
  const stage = await setStage({ ...options, system: { later: clock.later, ...options.system } });
  await prepare?.(stage);
  return { ...stage, clock, screen: await openView(stage) };
}

function openView({ system }: Pick<Stage, "system">, options: { settle?: boolean } = {}): Promise<Screen> {
  return renderCommand(<ShowGpuMemory />, { command: "show-gpu-memory", system, boundMs: 30_000, ...options });
}

/** Somebody uses a model. */
async function load({ ollama }: { readonly ollama: StandInOllama }, model: string, keepAlive?: number | string) {
  const body = JSON.stringify({ model, prompt: "", ...(keepAlive === undefined ? {} : { keep_alive: keepAlive }) });
  await fetch(`${ollama.url}/api/generate`, { method: "POST", body });
}

/** Moves the clock on and waits for what is read then. */
async function pass({ clock, screen }: Shown, seconds: number): Promise<void> {
  clock.advance(seconds * 1000);
  await screen.settle();
}

/** Subtitle and accessories of a row. */
function row(screen: Screen, title: string): string {
  return [screen.item(title).subtitle, figures(screen, title)].filter(Boolean).join(" | ");
}

/** What a row shows at its right end. */
function figures(screen: Screen, title: string): string {
  return screen
    .item(title)
    .accessories.map((each) => each.shown)
    .join(" | ");
}

/** @throws unless a row says all of this, in its line or where the pointer rests. */
function rowSays(screen: Screen, title: string, ...parts: readonly Part[]): void {
  const tooltips = screen.item(title).accessories.map(({ tooltip }) => tooltip);
  says([row(screen, title), ...tooltips].filter(Boolean).join("\n"), ...parts);
}

function titles(screen: Screen, section: string): string[] {
  return screen.items().flatMap((item) => (item.section === section ? [item.title] : []));
}

function sections(screen: Screen): string[] {
  return [...new Set(screen.items().map((item) => item.section))];
}

describe("the memory of a 64 GB Mac", () => {
  it("shows limit, use, pressure, swap and wired memory, each by its name", async () => {
    const { screen } = await show();
    expect(sections(screen)).toEqual([
      "GPU",
      "Loaded Models",
      "Memory",
      "Apps",
      "Fits Together",
      "Comfortable on This Mac (November 2026)",
    ]);
    expect(row(screen, "Limit in Force")).toBe("read from Metal | 51.8 GiB");
    const rows = screen.items().filter(({ section }) => section === "GPU" || section === "Memory");
    expect(Object.fromEntries(rows.map(({ title }) => [title, figures(screen, title).replace(" %", "%")]))).toEqual({
      "Limit in Force": "51.8 GiB",
      "macOS Default": "51.8 GiB",
      "In Use by the GPU": "1.5 GiB · 3% of the limit",
      "Memory Pressure": "[Normal]",
      Used: "11.1 GiB of 64.0 GiB",
      Wired: "2.2 GiB",
      Compressed: "1.1 GiB",
      "Swap Used": "512 MiB",
      Free: "94%",
    });
    // Each has a line on what it means.
    expect(rows.filter(({ subtitle }) => subtitle === "")).toEqual([]);
    rowSays(screen, "In Use by the GPU", "335 MiB", /moment|right now/);
  });

  it("names an override as the source and still knows the default of macOS", async () => {
    const { screen } = await show({ mac: { overrideMib: 57_344 } });
    expect(row(screen, "Limit in Force")).toBe("set with iogpu.wired_limit_mb | 56.0 GiB");
    expect(figures(screen, "macOS Default")).toBe("51.8 GiB");
  });

  it("shows it where the sysctl and Metal contradict each other", async () => {
    const { screen } = await show({ mac: { faults: { lies: 57_344 } } });
    rowSays(screen, "Limit in Force", /iogpu\.wired_limit_mb says 56\.00 GiB/, /Metal says 51\.84 GiB/);
    expect(figures(screen, "Limit in Force")).toBe("56.0 GiB");
  });

  it("labels what is only estimated", async () => {
    const { screen } = await show({ mac: { ollama: "terminal", faults: { metalMissing: true } } });
    rowSays(screen, "Limit in Force", "estimated", "macOS 26");
    rowSays(screen, "macOS Default", "estimated", "51.8 GiB");
    rowSays(screen, "gemma3:27b + llama3.1:8b + nomic-embed-text:latest", "estimated", "macOS 26");
  });

  it.each([
    ["2", "[Warning]"],
    ["4", "[Critical]"],
    ["7", "Unknown"],
  ])("says what pressure level %s is", async (level, words) => {
    const { screen } = await show({}, ({ mac }) => mac.sysctls.set("kern.memorystatus_vm_pressure_level", level));
    expect(figures(screen, "Memory Pressure")).toBe(words);
  });

  it("copies a value, opens Activity Monitor and the limit", async () => {
    const { screen } = await show();
    await screen.pick("Wired");
    await screen.action("Copy Value");
    expect(screen.clipboard()).toBe("2.2 GiB");
    await screen.action("Open Activity Monitor");
    expect(screen.opened().at(-1)).toBe("/System/Applications/Utilities/Activity Monitor.app");
    await screen.pick("Limit in Force");
    expect(screen.actions()[0]).toBe("Set GPU Limit");
    await screen.action("Set GPU Limit");
    expect(screen.text()).toContain("Limit in Force");
    expect(screen.field("New Limit").value).toBe("recommended");
    await screen.back();
    expect(titles(screen, "GPU")).toEqual(["Limit in Force", "macOS Default", "In Use by the GPU"]);
  });
});

describe("what cannot be read", () => {
  const programs: readonly [string, readonly string[]][] = [
    ["/usr/sbin/ioreg", ["In Use by the GPU"]],
    ["/usr/bin/vm_stat", ["Used", "Wired", "Compressed"]],
  ];
  for (const fault of ["missing", "stuck"] as const)
    it.each(programs)(`is said in its rows with %s ${fault}, and the rest is there`, async (program, unknown) => {
      const { screen } = await show({ mac: { faults: { [fault]: [program] } } });
      const rows = screen.items().filter(({ section }) => section === "GPU" || section === "Memory");
      expect(rows).toHaveLength(9);
      expect(rows.filter(({ accessories }) => accessories[0]?.text === "Unknown").map(({ title }) => title)).toEqual(
        unknown,
      );
      rowSays(screen, unknown[0] ?? "", UNREADABLE, program.split("/").at(-1) ?? "");
      expect(row(screen, "Limit in Force")).toBe("read from Metal | 51.8 GiB");
    });

  it.each(["missing", "stuck"] as const)("is said where top is %s", async (fault) => {
    const { screen } = await show({ mac: { faults: { [fault]: ["/usr/bin/top"] } } });
    expect(titles(screen, "Apps")).toEqual([expect.stringMatching(UNREADABLE)]);
    expect(row(screen, "Wired")).toContain("2.2 GiB");
  });

  it("is not taken for part of macOS where ps does not answer", async () => {
    const { screen } = await show({ mac: { faults: { stuck: ["/bin/ps"] } } });
    rowSays(screen, "Xcode", "unknown", "2.8 GiB");
    await screen.pick("Xcode");
    expect(screen.actions()).not.toContain("Quit Xcode");
  });

  it("keeps nothing else waiting", async () => {
    const stage = await setStage();
    let give: () => void = () => {};
    const slow = new Promise<void>((resolve) => (give = resolve));
    const run: Runner = async (file, ...rest) => {
      if (file === "/usr/bin/top") await slow;
      return stage.mac.run(file, ...rest);
    };
    const screen = await openView({ system: { ...stage.system, run } }, { settle: false });
    await screen.until("Wired");
    await screen.until("No Model Loaded");
    expect(screen.text()).toContain("Loading…");
    expect(titles(screen, "Apps")).toEqual([]);
    give();
    await screen.settle();
    expect(screen.text()).not.toContain("Loading…");
    expect(titles(screen, "Apps")).toContain("Firefox");
  });
});

describe("an Ollama that hangs", () => {
  it("keeps memory and apps waiting for nothing", async () => {
    const stage = await setStage();
    stage.ollama.fault("*", { kind: "hang" });
    const screen = await openView(stage, { settle: false });
    await screen.until(() => sections(screen).includes("Apps"));
    expect(sections(screen)).toEqual(["Memory", "Apps"]);
    expect(row(screen, "Wired")).toContain("2.2 GiB");
  });
});

describe("on other machines", () => {
  it("explains on an Intel Mac why there is no limit, and still shows memory, apps and models", async () => {
    const { screen } = await show({ mac: { intel: true } }, (stage) => load(stage, QWEN));
    rowSays(screen, "No GPU Limit Here", "Intel", "Apple Silicon");
    expect(sections(screen)).toEqual(["GPU", "Loaded Models", "Memory", "Apps"]);
    expect(row(screen, "Wired")).toContain("2.2 GiB");
    expect(titles(screen, "Loaded Models")).toEqual([QWEN]);
    expect(screen.actions()).not.toContain("Set GPU Limit");
  });

  it("runs no program of macOS where there is none", async () => {
    const { screen, mac } = await show({ system: { platform: "linux" } });
    rowSays(screen, "No GPU Limit Here", /(?:is not|isn't) a Mac/);
    expect(sections(screen)).toEqual(["GPU", "Loaded Models"]);
    expect(screen.actions()).toEqual(["Explain This", "Refresh", "Copy Diagnostics"]);
    expect(mac.calls.filter(({ file }) => /top|vm_stat|ioreg|sysctl/.test(file))).toEqual([]);
  });

  /** An Ollama at another address, which leads to the stand-in. */
  async function showRemote(preferences: Readonly<Record<string, unknown>> = {}) {
    const clock = createClock();
    const stage = await setStage();
    const host = "http://10.1.2.3:11434";
    const there: typeof fetch = (input, init) => fetch(String(input).replace(host, stage.ollama.url), init);
    desk.preferences = { ...desk.preferences, ollamaHost: host, ...preferences };
    await load(stage, QWEN);
    return openView({ system: { ...stage.system, fetch: there, later: clock.later } });
  }

  it("does not mix a remote Ollama with the limit of this Mac", async () => {
    const screen = await showRemote();
    expect(titles(screen, "GPU of This Mac")).toEqual(["Limit in Force", "macOS Default", "In Use by the GPU"]);
    expect(row(screen, "Limit in Force")).toBe("read from Metal | 51.8 GiB");
    screen.says("Loaded Models on 10.1.2.3");
    expect(titles(screen, "Loaded Models")).toEqual([QWEN]);
    screen.says(/Fits Together in at least \d+\.\d GiB · on 10\.1\.2\.3, as /);
    expect(screen.actions()).not.toContain("Set GPU Limit");
  });

  it("takes the limit that is stated for the remote Mac for what fits there", async () => {
    const screen = await showRemote({ remoteLimitGib: "12" });
    screen.says(/Fits Together in 12\.0 GiB · on 10\.1\.2\.3, .*preferences/);
    expect(row(screen, "Limit in Force")).toBe("read from Metal | 51.8 GiB");
  });
});

describe("loaded models", () => {
  it("show context, size, place, and when they are unloaded", async () => {
    const { screen } = await show({}, async (stage) => {
      await load(stage, QWEN);
      await load(stage, "llama3.1:8b", -1);
    });
    expect(row(screen, QWEN)).toBe("40K context | unloaded in 5 min | 11.0 GiB | [On the GPU]");
    expect(row(screen, "llama3.1:8b")).toBe("128K context | stays loaded | 21.5 GiB | [On the GPU]");
    expect(screen.text()).toContain("Loaded Models  32.5 GiB");
  });

  it("show what of them spilled, and lead to the plan", async () => {
    const footprint = () => ({ sizeBytes: 55 * GIB, vramBytes: 51 * GIB });
    const { screen } = await show({ ollama: { footprint } }, (stage) => load(stage, CODER));
    expect(row(screen, CODER)).toContain("[Spilled 4.0 GiB]");
    expect(screen.item(CODER).accessories.at(-1)?.color).toBe("raycast-orange");
    rowSays(screen, CODER, "51.0 GiB of 55.0 GiB", /GPU.*CPU/);
    await screen.pick(CODER);
    await screen.action("Show Plan");
    expect(screen.text()).toContain(`Ways to make ${CODER} fit`);
  });

  it("say where nothing is on the GPU", async () => {
    const footprint = () => ({ sizeBytes: 5 * GIB, vramBytes: 0 });
    const { screen } = await show({ ollama: { footprint } }, (stage) => load(stage, QWEN));
    expect(row(screen, QWEN)).toContain("[On the CPU]");
  });

  it("can be unloaded, or stopped in Terminal", async () => {
    const { screen, ollama } = await show({}, (stage) => load(stage, QWEN));
    await screen.pick(QWEN);
    expect(screen.actions()).not.toContain("Show Plan");
    await screen.action("Copy Stop Command");
    expect(screen.clipboard()).toBe(cli(ollama, "stop qwen3:8b"));
    await screen.action("Unload Model");
    screen.toast("SUCCESS", "unloaded");
    expect(ollama.loaded()).toEqual([]);
    expect(titles(screen, "Loaded Models")).toEqual(["No Model Loaded"]);
  });

  it("are missing with the reason where Ollama does not run, and come when it does", async () => {
    const shown = await show(WITH_APP, ({ ollama }) => ollama.stop());
    const { screen, ollama } = shown;
    rowSays(screen, "Ollama Isn't Running", ollama.url);
    expect(titles(screen, "Memory")).toHaveLength(6);
    expect(titles(screen, "Apps")).toContain("Firefox");
    expect(titles(screen, "Fits Together")).toEqual([]);
    await screen.pick("Ollama Isn't Running");
    expect(screen.actions()[0]).toBe("Open Ollama");
    await ollama.restart();
    await load(shown, QWEN);
    await pass(shown, 5);
    expect(titles(screen, "Loaded Models")).toEqual([QWEN]);
    await screen.until("By Size Alone");
    await ollama.stop();
    await pass(shown, 5);
    await screen.until("Ollama Isn't Running");
    expect(titles(screen, "Loaded Models")).toEqual(["Ollama Isn't Running"]);
  });

  it("are missing with the reason where only their list fails, without asking again and again", async () => {
    const shown = await show({}, ({ ollama }) => ollama.fault("ps", { kind: "http500", message: "out of order" }));
    const [title = ""] = titles(shown.screen, "Loaded Models");
    expect(title).toMatch(UNREADABLE);
    rowSays(shown.screen, title, "out of order");
    await pass(shown, 5);
    const before = metalProbes(shown);
    await pass(shown, 5);
    await pass(shown, 5);
    expect(metalProbes(shown)).toBe(before);
  });

  it("are unknown with an address that is none", async () => {
    const { screen } = await show({ preferences: { ollamaHost: "not an address" } });
    rowSays(screen, "Not an Ollama Server", '"not an address"');
  });
});

function metalProbes({ mac }: Stage): number {
  return mac.calls.filter(({ args }) => args.includes("JavaScript")).length;
}

describe("while the view is open", () => {
  it("a newly loaded model appears without an empty moment", async () => {
    const shown = await show({}, (stage) => load(stage, "llama3.1:8b"));
    const { screen, clock, ollama } = shown;
    await load(shown, QWEN);
    ollama.fault("ps", { kind: "slow", ms: 60 });
    clock.advance(5000);
    const before = screen.items().length;
    await screen.until(() => {
      expect(screen.items().length).toBeGreaterThanOrEqual(before);
      expect(titles(screen, "Loaded Models")).toContain("llama3.1:8b");
      expect(screen.text()).not.toContain("Loading…");
      return titles(screen, "Loaded Models").includes(QWEN);
    });
    await screen.settle();
    expect(row(screen, "In Use by the GPU")).toContain("33.9 GiB");
  });

  it("a minute takes no more than 20 programs, and the opening reads nothing twice", async () => {
    const shown = await show({}, (stage) => load(stage, QWEN));
    const { mac } = shown;
    const read = mac.calls.filter(({ file }) => /vm_stat|ioreg|top$/.test(file)).map(({ file }) => file);
    expect(read.toSorted()).toEqual(["/usr/bin/top", "/usr/bin/vm_stat", "/usr/sbin/ioreg"]);
    mac.calls.length = 0;
    for (let second = 0; second < 60; second += 1) await pass(shown, 1);
    expect(mac.calls.length).toBeGreaterThan(10);
    expect(mac.calls.length).toBeLessThanOrEqual(20);
  });

  it("the figures follow, the quick ones more often than the others", async () => {
    const shown = await show();
    const { screen, mac } = shown;
    const calls = (program: string) => mac.calls.filter(({ file }) => file.endsWith(program)).length;
    expect([calls("/ioreg"), calls("/top")]).toEqual([1, 1]);
    mac.sysctls.set("kern.memorystatus_level", "12");
    mac.addProcess({ path: "/Applications/Sketch.app/Contents/MacOS/Sketch", footprintMib: 5000 });
    await pass(shown, 5);
    expect(figures(screen, "Free")).toMatch(/^12 ?%$/);
    expect([calls("/ioreg"), calls("/top")]).toEqual([1, 1]);
    await pass(shown, 25);
    expect([calls("/ioreg"), calls("/top")]).toEqual([2, 1]);
    await pass(shown, 30);
    expect([calls("/ioreg"), calls("/top")]).toEqual([3, 2]);
    expect(titles(screen, "Apps")[0]).toBe("Sketch");
  });

  it("the limit follows a change made elsewhere, which is read in full once", async () => {
    const shown = await show();
    const probes = metalProbes(shown);
    await pass(shown, 5);
    expect(metalProbes(shown)).toBe(probes);
    shown.mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    await pass(shown, 5);
    await shown.screen.until("set with");
    expect(row(shown.screen, "Limit in Force")).toBe("set with iogpu.wired_limit_mb | 56.0 GiB");
    await pass(shown, 5);
    expect(metalProbes(shown)).toBe(probes + 1);
  });

  it("nothing is read twice at once, and Refresh during a reading reads once more", async () => {
    const clock = createClock();
    const stage = await setStage({ system: { later: clock.later } });
    let running = 0;
    let most = 0;
    let rounds = 0;
    const gate = { opened: Promise.resolve(), open: () => {} };
    const run: Runner = async (file, ...rest) => {
      if (file !== "/usr/sbin/ioreg") return stage.mac.run(file, ...rest);
      running += 1;
      rounds += 1;
      most = Math.max(most, running);
      await gate.opened;
      running -= 1;
      return stage.mac.run(file, ...rest);
    };
    const screen = await openView({ system: { ...stage.system, run } });
    expect(rounds).toBe(1);
    gate.opened = new Promise((resolve) => (gate.open = resolve));
    await screen.press("Refresh");
    expect(rounds).toBe(2);
    await screen.press("Refresh");
    await screen.press("Refresh");
    clock.advance(60_000);
    expect(rounds).toBe(2);
    gate.open();
    await screen.settle();
    expect([most, rounds]).toEqual([1, 3]);
  });

  it("the selection stays on a row whose figures change", async () => {
    const shown = await show();
    await shown.screen.pick("Xcode");
    shown.mac.addProcess({ path: "/Applications/Sketch.app/Contents/MacOS/Sketch", footprintMib: 9000 });
    await pass(shown, 60);
    expect(shown.screen.text()).toContain("▸ Xcode");
  });

  it("and not after it was closed", async () => {
    const { screen, clock, mac } = await show();
    expect(clock.waiting()).toBe(4);
    await screen.close();
    expect(clock.waiting()).toBe(0);
    const calls = mac.calls.length;
    clock.advance(60_000);
    expect(mac.calls).toHaveLength(calls);
  });

  it("and nothing waits that was still being read when it closed", async () => {
    const clock = createClock();
    const stage = await setStage({ system: { later: clock.later } });
    const screen = await openView(stage, { settle: false });
    await screen.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(clock.waiting()).toBe(0);
  });
});

describe("apps", () => {
  it("come by footprint with their helpers, and say why they cannot be quit", async () => {
    const { screen } = await show({}, ({ mac }) => {
      mac.addProcess({ path: "/opt/homebrew/bin/node", footprintMib: 800 });
      mac.addProcess({ path: "/Applications/Vpn.app/Contents/MacOS/vpn", uid: 0, footprintMib: 700 });
    });
    expect(titles(screen, "Apps").map((name) => [name, figures(screen, name)])).toEqual([
      ["Firefox", "3.6 GiB"],
      ["Xcode", "2.8 GiB"],
      ["WindowServer", "900 MiB"],
      ["node", "800 MiB"],
      ["Vpn", "700 MiB"],
      ["Raycast", "310 MiB"],
      ["Finder", "250 MiB"],
      ["Ollama", "150 MiB"],
      ["launchd", "40 MiB"],
    ]);
    rowSays(screen, "Firefox", "2 processes");
    for (const name of ["Firefox", "Xcode", "Ollama"]) {
      expect(screen.item(name).subtitle).toBe("");
      await screen.pick(name);
      expect(screen.actions()).toContain(`Quit ${name}`);
    }
    for (const [name, why] of [
      ["WindowServer", "macOS"],
      ["node", /not an app/i],
      ["Vpn", /system|macOS/],
      ["Raycast", "extension"],
      ["Finder", "macOS"],
      ["launchd", "macOS"],
    ] as const) {
      says(screen.item(name).subtitle, why);
      await screen.pick(name);
      expect(screen.actions()).not.toContain(`Quit ${name}`);
    }
  });

  it("quit after a question, and are gone from the list", async () => {
    const { screen, mac } = await show();
    desk.enabledCommands.add("show-gpu-memory-in-menu-bar");
    await screen.pick("Firefox");
    await screen.action("Quit Firefox");
    expect(desk.launched).toEqual([]);
    expect(screen.alert("Quit Firefox?", "3.6 GiB", "save").destructive).toBe(true);
    await screen.agree("Quit");
    screen.toast("SUCCESS", "Firefox", "quit", "3.6 GiB");
    expect(mac.processes.some(({ path }) => path.includes("Firefox"))).toBe(false);
    expect(titles(screen, "Apps")).not.toContain("Firefox");
    expect(desk.launched.map(({ name, type }) => [name, type])).toEqual([
      ["show-gpu-memory-in-menu-bar", "background"],
    ]);
  });

  it("are left alone when the person says no", async () => {
    const { screen, mac } = await show();
    await screen.agree("Cancel");
    await screen.pick("Firefox");
    await screen.action("Quit Firefox");
    expect(screen.toasts()).toEqual([]);
    expect(mac.processes.some(({ path }) => path.includes("Firefox"))).toBe(true);
  });

  it("are said to be still running where they ask something, and can be shown", async () => {
    const { screen } = await show({ mac: { faults: { appsRefuseToQuit: true } } });
    await screen.agree("Quit");
    await screen.pick("Xcode");
    await screen.action("Quit Xcode");
    screen.toast("FAILURE", "Xcode", "still running", "save");
    await screen.toastAction("Show Xcode");
    expect(screen.opened().at(-1)).toBe("/Applications/Xcode.app");
    expect(titles(screen, "Apps")).toContain("Xcode");
  });

  it("need a permission, and the way to it is shown", async () => {
    const { screen } = await show({ mac: { faults: { automationDenied: true } } });
    await screen.agree("Quit");
    await screen.pick("Xcode");
    await screen.action("Quit Xcode");
    screen.toast("FAILURE", "Not Permitted", "System Settings", "Automation", "Raycast");
    await screen.toastAction("Open System Settings");
    expect(screen.opened().at(-1)).toBe("x-apple.systempreferences:com.apple.preference.security?Privacy_Automation");
  });

  it("are not said to have quit where that cannot be read", async () => {
    const { screen, mac } = await show();
    mac.faults = { stuck: ["/bin/ps"] };
    await screen.agree("Quit");
    await screen.pick("Firefox");
    await screen.action("Quit Firefox");
    screen.toast("FAILURE", "Firefox", UNREADABLE);
  });

  it("that serve the models say what goes with them", async () => {
    const { screen, ollama } = await show(WITH_APP, (stage) => {
      stage.mac.onOllama = () => void stage.ollama.stop();
    });
    await screen.agree("Quit");
    desk.enabledCommands.add("show-gpu-memory-in-menu-bar");
    await screen.pick("Ollama");
    await screen.action("Quit Ollama");
    screen.alert("server", "every loaded model");
    await screen.until("Ollama Isn't Running");
    expect(desk.launched).toHaveLength(1);
    rowSays(screen, "Ollama Isn't Running", ollama.url);
  });
});

describe("what fits together", () => {
  it("are groups of at most three, each with its sum and its contexts", async () => {
    const { screen } = await show();
    const groups = titles(screen, "Fits Together");
    expect(groups).toContain("gemma3:27b + llama3.1:8b + nomic-embed-text:latest");
    expect(groups.at(-1)).toBe("By Size Alone");
    rowSays(
      screen,
      "gemma3:27b + llama3.1:8b + nomic-embed-text:latest",
      /^at 128K \+ 128K \+ 2K/,
      /gemma3:27b at 128K: at most [\d.]+ GiB/,
      /llama3\.1:8b at 128K: at most [\d.]+ GiB/,
      /nomic-embed-text:latest at 2K: at most \d+ MiB/,
      /margin, once: 1\.0 GiB/,
      "of 51.8 GiB",
    );
    rowSays(screen, "By Size Alone", "Ollama", "at most 3");
    screen.says(/above 80 ?%/);
    screen.says(/Fits Together in 51\.8 GiB/);
    await screen.pick("llama3.1:8b + gpt-oss:20b + qwen3:8b");
    await screen.action("Copy Model Names");
    expect(screen.clipboard()).toBe("llama3.1:8b, gpt-oss:20b, qwen3:8b");
  });

  it("never combine variants of one file, also when they were read before", async () => {
    const llama = sampleModel("llama3.1:8b");
    const capped = { ...llama, name: "llama3.1:8b-8k", parameters: { num_ctx: 8192 }, parentModel: "llama3.1:8b" };
    const stage = await setStage({ ollama: { models: [llama, capped, sampleModel(QWEN)] } });
    for (const visit of ["first", "second"]) {
      const screen = await openView(stage);
      expect([visit, ...titles(screen, "Fits Together")]).toEqual([
        visit,
        "llama3.1:8b + qwen3:8b",
        "qwen3:8b + llama3.1:8b-8k",
        "By Size Alone",
      ]);
      await screen.close();
    }
  });

  it("may be none", async () => {
    const { screen } = await show({
      mac: { ramGib: 16 },
      ollama: { models: [sampleModel("gemma3:27b"), sampleModel(CODER)] },
    });
    expect(titles(screen, "Fits Together")).toEqual(["No Two Models Fit Side by Side"]);
  });

  it("may be unknown", async () => {
    const odd = (name: string) => ({
      ...sampleModel("qwen3.6:27b-mlx"),
      name,
      weights: { digest: name, bytes: 5 * GIB },
    });
    const { screen } = await show({ ollama: { models: [odd("odd:mlx"), odd("odder:mlx")] } });
    rowSays(screen, "Unknown", "no installed model");
  });

  it("isn't a question for one model alone", async () => {
    const { screen } = await show({ ollama: { models: [sampleModel("qwen3:8b")] } });
    screen.doesNotSay("Fits Together");
  });
});
