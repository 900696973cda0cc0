import { describe, expect, it } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import ResetGpuLimit from "../../src/reset-gpu-limit";
import SetGpuLimit from "../../src/set-gpu-limit";
import ShowGpuMemory from "../../src/show-gpu-memory";
import { clearJournal } from "../../src/apply/journal-store";
import { localStorage } from "../../src/app/local-storage";
import { desk, renderCommand, runNoView, type Screen } from "../support";
import { inWorld } from "../tools/in-world";
import { keepJournal } from "./left-journal";
import { setStage, type Stage } from "./stage";

const MODEL = "qwen3-coder-next:q4_K_M";
const RAISE = "Raise the Limit to 56.0 GiB";
const CAP = "Cap the Context at 64K";
const UNDER_WAY = "Another Change Is Under Way";

const openForm = ({ system }: Stage) => renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system });

async function choose(screen: Screen, title: string): Promise<void> {
  await screen.pick(title);
  await screen.action("Make It Fit This Way");
}

const openList = ({ system }: Stage) =>
  renderCommand(<FitModelsToGpuLimit />, { command: "fit-models-to-gpu-limit", system });

async function openPlan(stage: Stage): Promise<Screen> {
  const screen = await openList(stage);
  await screen.pick(MODEL);
  await screen.action("Show All Ways");
  await screen.settle();
  return screen;
}

const stageOf = () => setStage({ ollama: { totalVramBytes: 55_662_788_608 } });
const lastToast = (screen: Screen) => screen.toasts().at(-1);

/** Somebody makes another model of the same name. */
async function replaceModel({ ollama }: Stage): Promise<void> {
  const model = ollama.models().find(({ name }) => name === MODEL);
  if (model === undefined) throw new Error("The sample has no such model.");
  await ollama.put({ ...model, system: "Another one." });
}

/** Another window is at something, now. */
function holdLock(stage: Stage): void {
  const holder = { owner: "another window", title: "Set GPU Limit", at: stage.system.now().getTime() };
  desk.localStorage.set("change-lock", JSON.stringify(holder));
}

describe("while one change waits for its password", () => {
  it("no other of the same form is begun, and after it the lock is free", async () => {
    const stage = await stageOf();
    stage.mac.faults = { hang: true };
    const form = await openForm(stage);
    await form.press("Set GPU Limit");
    await form.until(() => stage.mac.prompts.length === 1);
    for (const action of ["Back to macOS Default", "Switch Off Disk Throttle"]) {
      if (action === "Switch Off Disk Throttle") {
        await form.press("Other Settings");
        await form.until(() => form.actions().includes(action));
      }
      desk.answers.push(true);
      await form.press(action);
      await form.until(() => lastToast(form)?.title === UNDER_WAY);
      expect(lastToast(form)?.message).toContain("Set GPU Limit");
      desk.toasts = desk.toasts.filter(({ style }) => style === "ANIMATED");
      desk.answers = [];
    }
    expect(stage.mac.prompts).toHaveLength(1);
    stage.mac.answerPrompt("allow");
    await form.settle();
    expect(stage.mac.limitMib()).toBe(57_344);
    expect(desk.localStorage.has("change-lock")).toBe(false);
  });

  it("Undo of an earlier one is not begun", async () => {
    const stage = await stageOf();
    const screen = await openPlan(stage);
    await choose(screen, RAISE);
    await screen.action("Apply");
    expect(stage.mac.limitMib()).toBe(57_344);
    const form = await openForm(stage);
    stage.mac.faults = { hang: true };
    await form.choose("New Limit", "macOS Default: 51.8 GiB");
    await form.press("Set GPU Limit");
    await form.until(() => stage.mac.prompts.length === 2);
    desk.answers.push(true);
    await screen.press("Undo");
    await form.until(() => lastToast(form)?.title === UNDER_WAY);
    stage.mac.answerPrompt("cancel");
    await form.settle();
    expect(stage.mac.prompts).toHaveLength(2);
    expect(stage.mac.limitMib()).toBe(57_344);
  });
});

describe("while another window is at a change", () => {
  it("Apply is refused, and nothing is changed", async () => {
    const stage = await stageOf();
    const screen = await openPlan(stage);
    await choose(screen, CAP);
    // It begins while the page is on screen.
    holdLock(stage);
    await screen.action("Apply");
    expect(lastToast(screen)).toMatchObject({ style: "FAILURE", title: UNDER_WAY });
    expect(stage.ollama.models().map(({ name }) => name)).not.toContain(`${MODEL}-64k`);
    expect(desk.localStorage.has("journal-1")).toBe(false);
  });

  it("Reset is refused", async () => {
    const stage = await stageOf();
    stage.mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    holdLock(stage);
    const answers = [true];
    const { toasts } = await runNoView(ResetGpuLimit, { command: "reset-gpu-limit", system: stage.system, answers });
    expect(toasts().at(-1)).toMatchObject({ title: UNDER_WAY });
    expect(stage.mac.prompts).toEqual([]);
  });

  it("Restart Ollama is refused", async () => {
    const stage = await stageOf();
    const screen = await openForm(stage);
    const pids = () => stage.mac.servers.map(({ pid }) => pid);
    const before = pids();
    await screen.press("Restart Ollama");
    await screen.settle();
    holdLock(stage);
    await screen.confirm(true);
    await screen.settle();
    expect(lastToast(screen)).toMatchObject({ title: UNDER_WAY });
    expect(pids()).toEqual(before);
  });

  it.each(["Continue", "Dismiss"])("%s is refused", async (action) => {
    const stage = await stageOf();
    await keepJournal(stage, { states: ["failed", "failed"] });
    const screen = await openList(stage);
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    holdLock(stage);
    if (action === "Dismiss") desk.answers.push(true);
    await screen.action(action);
    expect(lastToast(screen)).toMatchObject({ title: UNDER_WAY });
    expect(stage.mac.prompts).toEqual([]);
    expect(desk.localStorage.has("journal-1")).toBe(true);
  });

  it("Dismiss forgets the change that was shown, and no other that another window has made since", async () => {
    const stage = await stageOf();
    await keepJournal(stage, { states: ["failed", "failed"] });
    const screen = await openList(stage);
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    await clearJournal(localStorage);
    await keepJournal(stage, { states: ["done", "failed"] });
    const kept = desk.localStorage.get("journal-1");
    desk.answers.push(true);
    await screen.action("Dismiss");
    expect(lastToast(screen)).toMatchObject({ style: "FAILURE", title: "Nothing Changed" });
    expect(desk.localStorage.get("journal-1")).toBe(kept);
  });

  it("Quit Ollama is refused", async () => {
    const stage = await setStage({ ollama: { totalVramBytes: 55_662_788_608 }, mac: { ollama: "app" } });
    const screen = await renderCommand(<ShowGpuMemory />, { command: "show-gpu-memory", system: stage.system });
    await screen.pick("Ollama");
    holdLock(stage);
    desk.answers.push(true);
    await screen.action("Quit Ollama");
    expect(lastToast(screen)).toMatchObject({ title: UNDER_WAY });
    expect(stage.mac.servers).toHaveLength(1);
  });

  it("loading a model is not held up: it changes nothing that stays", async () => {
    const stage = await stageOf();
    const screen = await openList(stage);
    holdLock(stage);
    await screen.pick("qwen3:8b");
    await screen.action("Load Model");
    expect(stage.ollama.loaded()).toHaveLength(1);
  });
});

describe("a plan", () => {
  it("is made again where the build that is to run was replaced since it was listed", async () => {
    const { servers, system } = await inWorld("mlx-takes-gguf-build");
    const [server] = servers.values();
    const screen = await renderCommand(<FitModelsToGpuLimit />, { command: "fit-models-to-gpu-limit", system });
    await screen.pick("big:27b (MLX)");
    await screen.action("Show All Ways");
    await choose(screen, "Use the llama.cpp Build, 16K Context");
    const gguf = server?.models().find(({ format }) => format === "gguf");
    if (server === undefined || gguf === undefined) throw new Error("The world has no such build.");
    await server.put({ ...gguf, system: "Another one." });
    await screen.action("Apply");
    expect(lastToast(screen)).toMatchObject({ style: "FAILURE", title: "The Model Was Replaced Meanwhile" });
    expect(server.models()).toHaveLength(2);
    await screen.action("Apply");
    expect(server.models()).toHaveLength(3);
  });

  it("is made again where the model was replaced since it was listed", async () => {
    const stage = await stageOf();
    const screen = await openPlan(stage);
    await choose(screen, CAP);
    await replaceModel(stage);
    await screen.action("Apply");
    expect(lastToast(screen)).toMatchObject({
      style: "FAILURE",
      title: "The Model Was Replaced Meanwhile",
      message: "Nothing changed. The plan is made again.",
    });
    await screen.action("Apply");
    expect(stage.ollama.models().map(({ name }) => name)).toContain(`${MODEL}-64k`);
  });

  it("shows why there is none any more as a text, whatever the server says", async () => {
    const stage = await stageOf();
    const screen = await openPlan(stage);
    await choose(screen, CAP);
    await replaceModel(stage);
    const said = "![x](http://h/i.png)<img src='http://h/i.png' x=>";
    stage.ollama.fault("show", { kind: "http500", message: said });
    await screen.action("Apply");
    await screen.until("No Plan Available");
    screen.says(said);
    expect(screen.text()).not.toContain("[picture: x]");
  });

  it("is made again where another version of Ollama answers by now", async () => {
    const stage = await stageOf();
    const screen = await openPlan(stage);
    await choose(screen, CAP);
    stage.ollama.fault("version", { kind: "answer", body: '{"version":"0.40.2"}' });
    await screen.action("Apply");
    expect(lastToast(screen)).toMatchObject({
      style: "FAILURE",
      title: "Ollama Was Replaced Meanwhile",
      message: "Nothing changed. The plan is made again.",
    });
    expect(stage.ollama.models().map(({ name }) => name)).not.toContain(`${MODEL}-64k`);
  });

  it("is not carried out where model or limit change while the page is on screen", async () => {
    const stage = await stageOf();
    const screen = await openPlan(stage);
    await choose(screen, RAISE);
    stage.mac.sysctls.set("iogpu.wired_limit_mb", "60000");
    await screen.action("Apply");
    expect(lastToast(screen)).toMatchObject({ title: "The Limit Was Changed Meanwhile" });
    expect(stage.mac.prompts).toEqual([]);
    expect(stage.mac.limitMib()).toBe(60_000);
  });

  it("is not carried out where the limit changes while the lock is taken", async () => {
    const stage = await stageOf();
    const { pause } = stage.system;
    const system = {
      ...stage.system,
      pause: async (milliseconds: number) => {
        if (desk.localStorage.has("change-lock")) stage.mac.sysctls.set("iogpu.wired_limit_mb", "60000");
        await pause?.(milliseconds);
      },
    };
    const screen = await openPlan({ ...stage, system });
    await choose(screen, RAISE);
    await screen.action("Apply");
    expect(lastToast(screen)).toMatchObject({ title: "The Limit Was Changed Meanwhile" });
    expect(stage.mac.prompts).toEqual([]);
    expect(desk.localStorage.has("journal-1")).toBe(false);
  });
});
