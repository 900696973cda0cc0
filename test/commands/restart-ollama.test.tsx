import { describe, expect, it } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import SetGpuLimit from "../../src/set-gpu-limit";
import { sampleModel } from "../stand-ins/ollama";
import { desk, doesNotSay, renderCommand, type Screen, UNREADABLE } from "../support";
import { asked, setRemoteStage, setStage, type Stage, type StageOptions } from "./stage";

const RESTART = "Restart Ollama";
const RESTARTED = /Ollama (?:has )?restarted/;
const NOT_BACK = /did(?:n't| not) come back/;
const NONE_LOADED = /no model is loaded/i;
const MODELS = ["llama3.1:8b", "qwen3:8b"].map((name) => sampleModel(name));
/** What Metal gives a 64 GB Mac; the server measured it when it started. */
const DEFAULT_BYTES = 55_662_788_608;

/** A Mac whose server goes down and comes up with its process. */
function stageOf({ ollama, ...options }: StageOptions = {}): Promise<Stage> {
  return setStage({ ...options, ollama: { models: MODELS, totalVramBytes: DEFAULT_BYTES, ...ollama } });
}

function openForm({ system }: Stage): Promise<Screen> {
  return renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system });
}

function openList({ system }: Stage): Promise<Screen> {
  return renderCommand(<FitModelsToGpuLimit />, { command: "fit-models-to-gpu-limit", system });
}

async function load({ ollama }: Stage, ...names: string[]): Promise<void> {
  for (const model of names) {
    await fetch(`${ollama.url}/api/generate`, { method: "POST", body: JSON.stringify({ model, prompt: "" }) });
  }
}

const serverPid = ({ mac }: Stage) => mac.processes.find(({ command }) => command.endsWith("ollama serve"))?.pid;

describe("what is asked before Ollama restarts", () => {
  it("names the models that are loaded, and that answers are cut off", async () => {
    const stage = await stageOf();
    await load(stage, "llama3.1:8b", "qwen3:8b");
    const screen = await openForm(stage);
    await screen.agree("Cancel");
    await screen.action(RESTART);
    expect(screen.alerts()).toHaveLength(1);
    expect(screen.alert(/unload/, "qwen3:8b and llama3.1:8b", /answers/)).toMatchObject({
      title: "Restart Ollama?",
      primary: "Restart",
      destructive: true,
    });
  });

  it("asks the server anew: another program may have loaded one since", async () => {
    const stage = await stageOf();
    const screen = await openForm(stage);
    await screen.agree("Cancel");
    await screen.action(RESTART);
    doesNotSay(screen.alert(NONE_LOADED, "download").message, "qwen3:8b");
    await load(stage, "qwen3:8b");
    await screen.agree("Cancel");
    await screen.action(RESTART);
    doesNotSay(screen.alert(/unload/, "qwen3:8b").message, NONE_LOADED);
  });

  it("says when nobody can tell what is loaded", async () => {
    const stage = await stageOf();
    const screen = await openForm(stage);
    stage.ollama.fault("ps", { kind: "http500" });
    await screen.agree("Cancel");
    await screen.action(RESTART);
    doesNotSay(screen.alert(UNREADABLE, /unload/, /answers/).message, NONE_LOADED);
  });

  it("says where the default context changes under the limit in force", async () => {
    const stage = await stageOf({ mac: { overrideMib: 40_960 } });
    const screen = await openForm(stage);
    await screen.agree("Cancel");
    await screen.action(RESTART);
    screen.alert("default context", "from 256K to 32K");
  });

  it.each<[string, StageOptions]>([
    ["the limit is as the server measured it", {}],
    [
      "OLLAMA_CONTEXT_LENGTH decides",
      { mac: { overrideMib: 40_960 }, ollama: { env: { OLLAMA_CONTEXT_LENGTH: "8192" } } },
    ],
    ["the release has no tiers", { mac: { overrideMib: 40_960 }, ollama: { version: "0.15.4" } }],
  ])("does not speak of the context where %s", async (_, options) => {
    const screen = await openForm(await stageOf(options));
    await screen.agree("Cancel");
    await screen.action(RESTART);
    doesNotSay(screen.alert().message, "context", "256K", "32K");
  });

  it("names the context that the app was told since it started", async () => {
    const stage = await stageOf({ mac: { overrideMib: 40_960, launchctlEnv: { OLLAMA_CONTEXT_LENGTH: "16384" } } });
    const screen = await openForm(stage);
    await screen.agree("Cancel");
    await screen.action(RESTART);
    doesNotSay(screen.alert("default context", "16K", "OLLAMA_CONTEXT_LENGTH", "slider").message, "256K");
  });

  it("leaves Ollama alone after a no", async () => {
    const stage = await stageOf();
    await load(stage, "qwen3:8b");
    const before = serverPid(stage);
    const screen = await openForm(stage);
    await screen.agree("Cancel");
    await screen.action(RESTART);
    expect(serverPid(stage)).toBe(before);
    expect(stage.ollama.loaded()).toHaveLength(1);
    expect(screen.toasts()).toEqual([]);
  });
});

describe("restarting Ollama", () => {
  it.each(["app", "homebrew"] as const)("restarts the %s, waits until it answers and reads anew", async (ollama) => {
    const stage = await stageOf({ mac: { ollama } });
    await load(stage, "qwen3:8b");
    const before = serverPid(stage);
    const screen = await openForm(stage);
    const read = asked(stage.ollama, "tags");
    await screen.agree("Restart");
    await screen.action(RESTART);
    expect(serverPid(stage)).not.toBe(before);
    expect(stage.ollama.loaded()).toEqual([]);
    expect(screen.toasts()).toHaveLength(1);
    expect(screen.toast("SUCCESS", RESTARTED).actions).toEqual([]);
    expect(asked(stage.ollama, "tags")).toBeGreaterThan(read);
    expect(stage.mac.unknownCommands).toEqual([]);
  });

  it("renews the server alone where it is the limit that changed, and the app stays open", async () => {
    const stage = await stageOf({ mac: { overrideMib: 40_960 } });
    const app = () => stage.mac.processes.find(({ path }) => path.endsWith("/MacOS/Ollama"))?.pid;
    const before = [app(), serverPid(stage)];
    const screen = await openForm(stage);
    await screen.agree("Restart");
    await screen.action(RESTART);
    screen.alert("server restarts", "stays open");
    screen.toast("SUCCESS", RESTARTED);
    expect(app()).toBe(before[0]);
    expect(serverPid(stage)).not.toBe(before[1]);
  });

  it.each<[string, StageOptions]>([
    ["the limit is as the server measured it", {}],
    ["a variable was set since", { mac: { overrideMib: 40_960, launchctlEnv: { OLLAMA_KEEP_ALIVE: "-1" } } }],
    [
      "a variable was taken away since",
      { mac: { overrideMib: 40_960 }, ollama: { env: { OLLAMA_KV_CACHE_TYPE: "q8_0" } } },
    ],
    ["its log can't be read", { mac: { overrideMib: 40_960 }, ollama: { homeFolder: undefined } }],
  ])("quits the app and opens it again where %s", async (_, options) => {
    const stage = await stageOf(options);
    const app = () => stage.mac.processes.find(({ path }) => path.endsWith("/MacOS/Ollama"))?.pid;
    const before = app();
    const screen = await openForm(stage);
    await screen.agree("Restart");
    await screen.action(RESTART);
    screen.alert("Ollama quits", "opens again");
    screen.toast("SUCCESS", RESTARTED);
    expect(app()).not.toBe(before);
    const appleEvents = stage.mac.calls.filter(({ file, args }) => file === "/usr/bin/osascript" && args[0] === "-e");
    expect(appleEvents).toEqual([]);
  });

  it("shows that it is under way", async () => {
    const stage = await stageOf();
    const screen = await openForm(stage);
    stage.ollama.fault("version", { kind: "slow", ms: 300 });
    await screen.agree("Restart");
    await screen.press(RESTART);
    await screen.until(() => screen.toasts().length > 0);
    screen.toast("ANIMATED", "Restarting Ollama");
    await screen.settle();
    screen.toast("SUCCESS", RESTARTED);
  });

  it("shows in the list of models what changed: none is loaded, and the tier is the one of the limit", async () => {
    const stage = await stageOf({ mac: { overrideMib: 40_960 } });
    await load(stage, "qwen3:8b");
    const screen = await openList(stage);
    await screen.pick("llama3.1:8b");
    const badge = (name: string) => screen.item(name).accessories.find(({ kind }) => kind === "tag")?.text;
    expect(badge("llama3.1:8b")).toBe("Fits · 128K");
    expect(screen.actions()).toContain(RESTART);
    await screen.agree("Restart");
    await screen.action(RESTART);
    screen.toast("SUCCESS", RESTARTED);
    expect(badge("llama3.1:8b")).toBe("Fits · 32K");
    await screen.pick("qwen3:8b");
    expect(screen.actions()).toContain("Load Model");
    expect(screen.actions()).not.toContain("Unload Model");
  });

  it("goes by how the server runs now, not by how it ran when the view opened", async () => {
    const stage = await stageOf();
    const screen = await openForm(stage);
    const shell = stage.mac.addProcess({ path: "/bin/zsh" });
    stage.mac.processes = stage.mac.processes.filter(({ path }) => !path.includes("Ollama.app"));
    stage.mac.addProcess({ path: "/usr/local/bin/ollama", command: "ollama serve", parentPid: shell.pid });
    await screen.action(RESTART);
    expect(screen.alerts()).toEqual([]);
    screen.toast("FAILURE", "yourself");
  });
});

describe("an Ollama that is not ours to restart", () => {
  it("is explained where it runs in a terminal, with the command to copy", async () => {
    const stage = await stageOf({ mac: { ollama: "terminal" } });
    const before = serverPid(stage);
    const screen = await openForm(stage);
    await screen.action(RESTART);
    expect(screen.alerts()).toEqual([]);
    expect(screen.toast("FAILURE", "Terminal", "Control-C", '"ollama serve"').actions).toEqual(["Copy Command"]);
    expect(serverPid(stage)).toBe(before);
    await screen.toastAction("Copy Command");
    expect(screen.clipboard()).toBe("ollama serve");
  });

  it("is explained where nobody can tell how it was started", async () => {
    const stage = await stageOf({ mac: { ollama: "none" } });
    const screen = await openForm(stage);
    await screen.action(RESTART);
    expect(screen.toast("FAILURE", "yourself", /listens|process/).actions).toEqual([]);
  });

  it("has no such action on another Mac", async () => {
    const stage = await setRemoteStage({ ollama: { models: MODELS }, preferences: { remoteLimitGib: "48" } });
    const screen = await openList(stage);
    expect(screen.actions()).toContain("Refresh");
    expect(screen.actions()).not.toContain(RESTART);
  });

  it("has no such action where it does not run, nor on a computer that is no Mac", async () => {
    const stage = await stageOf();
    await stage.ollama.stop();
    const form = await openForm(stage);
    expect(form.actions()).toContain("Set GPU Limit");
    expect(form.actions()).not.toContain(RESTART);
    await form.close();
    await stage.ollama.restart();
    const list = await openList({ ...stage, system: { ...stage.system, platform: "linux" } });
    expect(list.actions()).toContain("Refresh");
    expect(list.actions()).not.toContain(RESTART);
  });
});

describe("when Ollama does not restart", () => {
  async function restart(options: StageOptions): Promise<{ screen: Screen; stage: Stage }> {
    const stage = await stageOf({ ...options, mac: { ...options.mac, faults: {} } });
    const screen = await openForm(stage);
    stage.mac.faults = options.mac?.faults ?? {};
    await screen.agree("Restart");
    await screen.action(RESTART);
    return { screen, stage };
  }

  it("says that it still runs, with the command that does the same", async () => {
    const { screen } = await restart({ mac: { ollamaEndSeconds: 41, launchctlEnv: { OLLAMA_DEBUG: "1" } } });
    expect(screen.toast("FAILURE", /did(?:n't| not) quit/, /nothing was restarted/i).actions).toEqual(["Copy Command"]);
    await screen.toastAction("Copy Command");
    expect(screen.clipboard()).toMatch(/^\/usr\/bin\/pkill -TERM .* && open -g -j -a \/Applications\/Ollama\.app$/);
  });

  it("says that the app stays down, and opens it", async () => {
    const { screen } = await restart({ mac: { faults: { ollamaStaysDown: true } } });
    expect(screen.toast("FAILURE", NOT_BACK, "stopped", /no new server|did(?:n't| not) start/).actions).toEqual([
      "Open Ollama",
    ]);
    expect(screen.actions()).not.toContain(RESTART);
    await screen.toastAction("Open Ollama");
    expect(desk.opened).toEqual([{ target: "/Applications/Ollama.app" }]);
  });

  it("says that the service stays down, and how to start it", async () => {
    const { screen } = await restart({ mac: { ollama: "homebrew", faults: { ollamaStaysDown: true } } });
    screen.toast("FAILURE", NOT_BACK);
    await screen.toastAction("Copy Command");
    expect(screen.clipboard()).toBe("brew services restart ollama");
  });

  it("says that a new server is there which does not answer", async () => {
    const stage = await stageOf();
    const screen = await openForm(stage);
    stage.ollama.fault("version", { kind: "refuse" });
    await screen.agree("Restart");
    await screen.action(RESTART);
    screen.toast("FAILURE", NOT_BACK, /new server (?:was )?started/, stage.ollama.url);
  });

  it("ends the wait at once when told to stop, and says what may still happen", async () => {
    const stage = await stageOf();
    // Without Stop the wait for its end would have none.
    const pause = (milliseconds: number) => (milliseconds === 500 ? new Promise<void>(() => {}) : Promise.resolve());
    const screen = await openForm({ ...stage, system: { ...stage.system, pause } });
    desk.answers.push(true);
    await screen.press(RESTART);
    await screen.until(() => stage.mac.calls.some(({ file }) => file === "/bin/kill"));
    await screen.toastAction("Stop Waiting");
    await screen.settle();
    expect(screen.toast("FAILURE", "Stopped Waiting", "told to quit", "may still").actions).toEqual(["Open Ollama"]);
    expect(desk.localStorage.has("change-lock")).toBe(false);
  });

  it("passes on what else goes wrong", async () => {
    const stage = await stageOf({ mac: { ollama: "homebrew" } });
    const { run } = stage.system;
    const answer = { stdout: "", stderr: "Error: no such service\n", missing: false, timedOut: false, exitCode: 1 };
    const isAsked = (file: string, args: readonly string[]) => file.endsWith("/brew") || args[0] === "kickstart";
    const failing: Stage["system"] = {
      ...stage.system,
      run: async (file, args, options) => (isAsked(file, args) ? answer : run(file, args, options)),
    };
    const screen = await openForm({ ...stage, system: failing });
    await screen.agree("Restart");
    await screen.action(RESTART);
    expect(screen.toast("FAILURE", /restart/, "no such service").actions).toEqual(["Copy Command"]);
    await screen.toastAction("Copy Command");
    expect(screen.clipboard()).toBe("brew services restart ollama");
  });
});
