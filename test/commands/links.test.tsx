import type { LaunchProps } from "@raycast/api";
import { describe, expect, it } from "vitest";
import CopyGpuLimitCommand from "../../src/copy-gpu-limit-command";
import CreateCappedVariant from "../../src/create-capped-variant";
import FitModels from "../../src/fit-models-to-gpu-limit";
import ResetGpuLimit from "../../src/reset-gpu-limit";
import SetGpuLimit from "../../src/set-gpu-limit";
import ShowGpuMemory from "../../src/show-gpu-memory";
import { desk, renderCommand, runNoView } from "../support";
import { inWorld } from "../worlds/support/every-screen";
import { COMMANDS, play } from "../worlds/support/play";
import { nothingSeen, watcher } from "../worlds/support/seen";
import { setStage, type Stage } from "./stage";

const QWEN = "qwen3:8b";
const CODER = "qwen3-coder-next:q4_K_M";

const launched = (launchContext: unknown) => ({ launchContext }) as Partial<LaunchProps>;

/** The context of a deeplink. */
function contextOf(link: string | undefined): unknown {
  const url = new URL(link ?? "");
  return JSON.parse(url.searchParams.get("context") ?? "null");
}

async function fitModels({ system }: Pick<Stage, "system">, context?: unknown) {
  return renderCommand(<FitModels {...launched(context)} />, {
    command: "fit-models-to-gpu-limit",
    system,
    boundMs: 30_000,
  });
}

async function setLimit({ system }: Pick<Stage, "system">, context?: unknown) {
  return renderCommand(<SetGpuLimit {...launched(context)} />, { command: "set-gpu-limit", system });
}

describe("a link", () => {
  it("to a limit fills it in, and sets nothing", async () => {
    const stage = await setStage();
    const screen = await setLimit(stage, { mib: 50_000 });
    expect(screen.field("Limit").value).toBe("50000");
    expect(stage.mac.prompts).toEqual([]);
    await screen.action("Copy Deeplink: Set GPU Limit to 48.8 GiB");
    expect(contextOf(screen.clipboard())).toEqual({ mib: 50_000 });
    expect(screen.actions()).toContain("Create Quicklink: Set GPU Limit to 48.8 GiB");
  });

  it("to more than the Mac has is refused by the form as ever", async () => {
    const stage = await setStage();
    const screen = await setLimit(stage, { mib: 500_000 });
    await screen.submit();
    screen.says("more than this Mac has");
    expect(stage.mac.prompts).toEqual([]);
  });

  it("to a model opens what makes it fit, and does nothing", async () => {
    const stage = await setStage();
    const screen = await fitModels(stage, { model: CODER, view: "make-it-fit" });
    expect(screen.depth()).toBe(2);
    screen.says(CODER);
    expect(stage.mac.prompts).toEqual([]);
    await screen.back();
    expect(screen.depth()).toBe(1);
  });

  it("to a plan opens that", async () => {
    const stage = await setStage();
    const screen = await fitModels(stage, { model: QWEN, view: "plan" });
    expect(screen.depth()).toBe(2);
  });

  it("to a model that isn't installed says so, and one that's no name is as none", async () => {
    const stage = await setStage();
    const screen = await fitModels(stage, { model: "llama9:500b" });
    screen.toast("FAILURE", "Model Not Installed");
    await screen.close();
    desk.toasts = [];
    const other = await fitModels(stage, { model: "$(rm -rf ~)" });
    expect(other.depth()).toBe(1);
    other.toast("FAILURE", "Link Not Understood", "Its model isn't a name that Ollama accepts. Nothing changed.");
  });

  const HOSTILE: readonly (readonly [unknown, string])[] = [
    [{ mib: "57344" }, "Its limit isn't a whole number of MiB."],
    [{ mib: 1e300 }, "Its limit isn't a whole number of MiB."],
    [{ mib: -1 }, "Its limit isn't a whole number of MiB."],
    [{ mib: 57344.5 }, "Its limit isn't a whole number of MiB."],
    [{ mib: { valueOf: 57344 } }, "Its limit isn't a whole number of MiB."],
    [{ mib: "1; sudo reboot" }, "Its limit isn't a whole number of MiB."],
    [{ model: 5 }, "Its model isn't a name that Ollama accepts."],
    [{ model: ["qwen3:8b"] }, "Its model isn't a name that Ollama accepts."],
    [{ model: "qwen3:8b\u0007\u202e" }, "Its model isn't a name that Ollama accepts."],
    [{ model: "qwen3:8b\nrm -rf ~" }, "Its model isn't a name that Ollama accepts."],
    [{ model: "a".repeat(100_000) }, "Its model isn't a name that Ollama accepts."],
    [{ model: QWEN, view: "apply" }, "It names a view that doesn't exist."],
    [{ model: QWEN, runner: "cuda" }, "It names a runner that Ollama doesn't have."],
    ["set it to 57344", "What it hands over isn't understood."],
    [[57344], "What it hands over isn't understood."],
  ];

  it.each(HOSTILE)("with %j is a clear message in both commands, and changes nothing", async (context, words) => {
    const stage = await setStage();
    for (const open of [setLimit, fitModels]) {
      const screen = await open(stage, context);
      screen.toast("FAILURE", "Link Not Understood", `${words} Nothing changed.`);
      expect(desk.toasts.filter(({ title }) => title === "Link Not Understood")).toHaveLength(1);
      await screen.close();
      desk.toasts = [];
    }
    expect(stage.mac.prompts).toEqual([]);
    expect(stage.mac.limitMib()).toBe(0);
    expect(stage.ollama.requests.filter(({ path }) => /generate|create|delete|copy/.test(path))).toEqual([]);
  });

  it("to the largest number there is is refused by the form, too", async () => {
    const stage = await setStage();
    const screen = await setLimit(stage, { mib: Number.MAX_SAFE_INTEGER });
    await screen.submit();
    screen.says("GiB or whole MiB, such as 56 or 57344");
    expect(stage.mac.prompts).toEqual([]);
  });

  it("changes nothing before the usual prompt, and a no there leaves all as it was", async () => {
    const stage = await setStage();
    stage.mac.faults = { cancel: true };
    const screen = await setLimit(stage, { mib: 57_344 });
    expect(stage.mac.prompts).toEqual([]);
    await screen.submit();
    expect(stage.mac.prompts).toHaveLength(1);
    screen.toast("SUCCESS", "Nothing Changed");
    expect(stage.mac.limitMib()).toBe(0);
  });

  it("is offered for a model, and leads back to it", async () => {
    const stage = await setStage();
    const screen = await fitModels(stage);
    await screen.pick(CODER);
    await screen.action(`Copy Deeplink: Make It Fit: ${CODER}`);
    expect(contextOf(screen.clipboard())).toEqual({ model: CODER, view: "make-it-fit" });
    await screen.pick(QWEN);
    expect(screen.actions()).toContain(`Create Quicklink: Open Plan: ${QWEN}`);
  });
});

describe("a link to one of a name's two builds", () => {
  it.each([
    ["qwen3:8b (MLX)", "mlx"],
    ["qwen3:8b (llama.cpp)", "llamacpp"],
  ])("is that of %s, and leads back to it", async (title, runner) => {
    await inWorld("G12-both-builds-of-one-model", async (world) => {
      const list = await fitModels(world);
      await list.pick(title);
      await list.action(`Copy Deeplink: Open Plan: ${title}`);
      const context = contextOf(list.clipboard());
      expect(context).toEqual({ model: QWEN, runner, view: "plan" });
      await list.close();
      const plan = await fitModels(world, context);
      expect(plan.depth()).toBe(2);
      expect(plan.text().includes("Use the MLX Build")).toBe(runner === "llamacpp");
    });
  });

  it("opens the build there is where that one was converted since", async () => {
    const stage = await setStage();
    const screen = await fitModels(stage, { model: QWEN, runner: "mlx", view: "plan" });
    expect(screen.depth()).toBe(2);
    expect(desk.toasts).toEqual([]);
  });
});

describe("keeping a model loaded", () => {
  it("loads it for the time that's chosen", async () => {
    const stage = await setStage();
    const screen = await fitModels(stage);
    await screen.pick(QWEN);
    await screen.action("Load and Keep… › Until Unloaded");
    const [loaded] = stage.ollama.loaded();
    expect(loaded?.expiresAt.getUTCFullYear()).toBeGreaterThan(2100);
  });

  it("changes the time of a loaded one, at the context that it has", async () => {
    const stage = await setStage();
    const body = JSON.stringify({ model: QWEN, prompt: "", options: { num_ctx: 8192 } });
    await fetch(`${stage.ollama.url}/api/generate`, { method: "POST", body });
    const screen = await renderCommand(<ShowGpuMemory />, { command: "show-gpu-memory", system: stage.system });
    await screen.pick(QWEN);
    await screen.action("Keep Loaded… › Until Unloaded");
    screen.toast("SUCCESS", "Kept Loaded");
    expect(stage.ollama.loaded()[0]).toMatchObject({ numCtx: 8192 });
    screen.says("stays loaded");
    await screen.action("Keep Loaded… › For 5 Minutes");
    screen.doesNotSay("stays loaded");
  });

  it("leads on where it has to be loaded again and fails for memory", async () => {
    const stage = await setStage();
    const body = JSON.stringify({ model: QWEN, prompt: "" });
    await fetch(`${stage.ollama.url}/api/generate`, { method: "POST", body });
    const screen = await renderCommand(<ShowGpuMemory />, { command: "show-gpu-memory", system: stage.system });
    await screen.pick(QWEN);
    stage.ollama.fault("generate", { kind: "http500", message: "out of memory" });
    await screen.action("Keep Loaded… › For 1 Hour");
    expect(screen.toast("FAILURE", "Not Enough Memory").actions).toEqual(["Make It Fit", "Copy Details"]);
    await screen.toastAction("Make It Fit");
    screen.says("## Cap the Context at 32K", "The last load failed.");
  });
});

describe("subtitles", () => {
  it("say of each command what it has read, and of no other", async () => {
    const stage = await setStage({ mac: { overrideMib: 57_344 } });
    await (await fitModels(stage)).close();
    await (await setLimit(stage)).close();
    await (await renderCommand(<ShowGpuMemory />, { command: "show-gpu-memory", system: stage.system })).close();
    expect(Object.fromEntries(desk.subtitles)).toEqual({
      "fit-models-to-gpu-limit": "0 loaded · 0 B of 56.0 GiB",
      "set-gpu-limit": "56.0 of 64.0 GiB · until restart",
      "show-gpu-memory": "0 loaded · 0 B of 56.0 GiB",
    });
  });

  it("say how many models don't fit, and what's in force when its command is copied", async () => {
    const stage = await setStage();
    const { system } = stage;
    await (await renderCommand(<CreateCappedVariant />, { command: "create-capped-variant", system })).close();
    await runNoView(CopyGpuLimitCommand, { command: "copy-gpu-limit-command", system, arguments: {} });
    expect(Object.fromEntries(desk.subtitles)).toEqual({
      "create-capped-variant": "1 of 8 models doesn't fit",
      "copy-gpu-limit-command": "51.8 of 64.0 GiB · macOS default",
    });
  });

  it("go where what they said isn't known any more", async () => {
    const stage = await setStage();
    const { system, ollama } = stage;
    const views = [
      ["fit-models-to-gpu-limit", <FitModels key="fit" />],
      ["show-gpu-memory", <ShowGpuMemory key="memory" />],
      ["create-capped-variant", <CreateCappedVariant key="variant" />],
    ] as const;
    const openAll = async () => {
      for (const [command, view] of views) await (await renderCommand(view, { command, system })).close();
      return views.map(([command]) => desk.subtitles.get(command));
    };
    const fits = "1 of 8 models doesn't fit";
    expect(await openAll()).toEqual(["0 loaded · 0 B of 51.8 GiB", "0 loaded · 0 B of 51.8 GiB", fits]);
    ollama.fault("ps", { kind: "http500" });
    expect(await openAll()).toEqual([null, null, fits]);
    ollama.fault("ps", undefined);
    expect((await openAll())[0]).toBe("0 loaded · 0 B of 51.8 GiB");
    for (const route of ["ps", "tags"] as const) ollama.fault(route, { kind: "refuse" });
    expect(await openAll()).toEqual([null, null, null]);
  });

  it("label a limit that's worked out as about", async () => {
    const stage = await setStage();
    stage.mac.faults = { missing: ["/usr/bin/osascript", "/Applications/Ollama.app/Contents/Resources/llama-server"] };
    await (await fitModels(stage)).close();
    expect(desk.subtitles.get("fit-models-to-gpu-limit")).toMatch(/^0 loaded · 0 B of about \d/);
  });

  it("are written by every command", async () => {
    const written = await inWorld("sample", async (world) => {
      for (const { name, mode } of COMMANDS) {
        const steps = mode === "no-view" ? [{ kind: "confirm", answer: true } as const] : [];
        await play([{ command: name, arguments: {}, steps }], world, watcher(nothingSeen()));
        desk.answers = [];
      }
      return [...desk.subtitles.keys()];
    });
    expect(written.sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  });

  it("say after a reset what's in force", async () => {
    const stage = await setStage({ mac: { overrideMib: 57_344 } });
    await runNoView(ResetGpuLimit, { command: "reset-gpu-limit", system: stage.system, answers: [true] });
    expect(desk.subtitles.get("reset-gpu-limit")).toBe("51.8 of 64.0 GiB · macOS default");
  });
});

it("shows the last day where the menu bar has seen it", async () => {
  const at = Date.parse("2026-11-24T10:00:00Z");
  const stage = await setStage({ system: { now: () => new Date(at) } });
  const GIB = 1024 ** 3;
  const part = { start: at - 2 * 3_600_000, usedBytes: 40 * GIB, limitBytes: 50 * GIB, swapBytes: GIB, spills: 1 };
  desk.localStorage.set("gpu-memory-history", JSON.stringify([part]));
  const screen = await renderCommand(<ShowGpuMemory />, { command: "show-gpu-memory", system: stage.system });
  screen.says("Last 24 Hours", "Peak 40.0 GiB", "swap 1.0 GiB", "1 spilled", `${"·".repeat(21)}▇··`);
});
