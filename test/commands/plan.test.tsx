import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import { parseServerLog } from "../../src/ollama/server-log";
import SetGpuLimit from "../../src/set-gpu-limit";
import { footprintOf } from "../stand-ins/footprint";
import { createSampleMac } from "../stand-ins/mac";
import { ggufModel, sampleModel, sampleModels, type StandInModel } from "../stand-ins/ollama";
import { startStandInRegistry, type StandInRegistry } from "../stand-ins/registry";
import { desk, doesNotSay, renderCommand, says, type Screen } from "../support";
import { keepJournal } from "./left-journal";
import { cli, setRemoteStage, setStage, type Stage, type StageOptions } from "./stage";

const GIB = 1024 ** 3;
const MODEL = "qwen3-coder-next:q4_K_M";
const RAISE = "Raise the Limit to 56.0 GiB";
const CAP = "Cap the Context at 64K";
const BUILD = "Lower the Quantization to Q3_K_M";
const VARIANT = `${MODEL}-64k`;
/** Metal's limit of a 64 GB Mac on macOS 26. */
const DEFAULT_BYTES = 55_662_788_608;

async function openList(stage: Stage): Promise<Screen> {
  return renderCommand(<FitModelsToGpuLimit />, { command: "fit-models-to-gpu-limit", system: stage.system });
}

async function openPlanOn(stage: Stage, model = MODEL): Promise<Screen> {
  const screen = await openList(stage);
  await screen.pick(model);
  await showPlan(screen);
  return screen;
}

/** Opens the plan of the selected model: every way, where it needs help. */
async function showPlan(screen: Screen): Promise<void> {
  const titles = ["Show All Ways", "Show Plan", "Show Why It's Unknown"];
  await screen.action(screen.actions().find((title) => titles.includes(title)) ?? "Show Plan");
}

const stageOf = (options: StageOptions = {}) =>
  setStage({ ...options, ollama: { totalVramBytes: DEFAULT_BYTES, ...options.ollama } });

async function openPlan(options: StageOptions = {}): Promise<{ screen: Screen; stage: Stage }> {
  const stage = await stageOf(options);
  return { screen: await openPlanOn(stage), stage };
}

/** Opens the page of an option, as it's agreed to there. */
async function choose(screen: Screen, title: string): Promise<void> {
  await screen.pick(title);
  await screen.action("Make It Fit This Way");
}

/** Applies an option from its page. */
async function agreeTo(screen: Screen, title: string): Promise<void> {
  await choose(screen, title);
  await screen.action("Apply");
}

async function apply(title: string, options: StageOptions = {}) {
  const opened = await openPlan(options);
  await agreeTo(opened.screen, title);
  return opened;
}

/** Back from what came of a change to all the ways. */
async function backToWays(screen: Screen): Promise<void> {
  await screen.back();
  await screen.back();
}

/** Text of the screen in one line. */
const said = (screen: Screen) => screen.text().replace(/\s*\n[│ ]*/g, " ");

const titles = (screen: Screen) => screen.items().map((item) => item.title);
const models = (stage: Stage) => stage.ollama.models().map(({ name }) => name);
const lastToast = (screen: Screen) => screen.toasts().at(-1);
/** Real loads take what was predicted, and spill beyond the limit. */
const spillsBeyond = (limitGib: number) => ({
  totalVramBytes: DEFAULT_BYTES,
  footprint: () => ({ sizeBytes: 54.5 * GIB, vramBytes: Math.min(54.5, limitGib) * GIB }),
});

describe("the plan of a model that spills", () => {
  it("says before and after of each way, least change first", async () => {
    const { screen } = await openPlan();
    expect(screen.items().map(({ title, section }) => [title, section])).toEqual([
      [RAISE, "Recommended"],
      [CAP, "Other Ways"],
      [BUILD, "Other Ways"],
    ]);
    await screen.pick(RAISE);
    const text = screen.text();
    expect(text).toContain("56.0 GiB limit, 256K context: fits with");
    expect(text).toMatch(/Before\s+[█!|]+/);
    expect(text).toContain("An administrator password");
    expect(text).toContain(
      "[picture: Before: 55.4 GiB of 51.8 GiB. After: 55.4 GiB of 56.0 GiB. RAM: 65.6 GiB of 64.0 GiB.]",
    );
  });

  it("copies the same as one line, and opens Terminal with it", async () => {
    const { screen, stage } = await openPlan();
    await screen.pick(RAISE);
    await screen.action("Copy Commands");
    expect(screen.clipboard()).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=57344");
    await screen.pick(CAP);
    await screen.action("Copy Command and Open Terminal");
    expect(screen.clipboard()).toBe(
      `f=$(mktemp) && printf '%s\\n' 'FROM ${MODEL}' 'PARAMETER num_ctx 65536' > "$f" && ${cli(stage.ollama, `create ${VARIANT} -f "$f"`)}`,
    );
    expect(screen.opened()).toEqual(["/System/Applications/Utilities/Terminal.app"]);
  });

  it("copies a way as text, with the picture as bars", async () => {
    const { screen } = await openPlan();
    await screen.pick(RAISE);
    await screen.action("Copy Plan");
    expect(screen.clipboard()).toMatch(new RegExp(`^${MODEL}: ${RAISE}\\n`));
    expect(screen.clipboard()).toMatch(/\nBefore █+\|!+\n {7}55\.4 GiB of 51\.8 GiB\nAfter {2}█+░*\|\n/);
    expect(screen.clipboard()).toContain("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=57344");
  });

  it("counts the RAM that other things use", async () => {
    const { screen, stage } = await openPlan();
    await screen.pick(RAISE);
    screen.says("1.6 GiB short", "other apps use 11.1 GiB");
    stage.mac.addProcess({ path: "/Applications/Blender.app/Contents/MacOS/Blender", footprintMib: 20 * 1024 });
    await screen.action("Refresh");
    await screen.pick(RAISE);
    screen.says("21.6 GiB short", "other apps use 31.1 GiB");
  });
});

describe("the guide's story", () => {
  it("goes from the default limit to a model that is whole on the GPU, with one prompt", async () => {
    const { screen, stage } = await openPlan({ ollama: spillsBeyond(56) });
    await choose(screen, RAISE);
    says(said(screen), "57,344 MiB (56.0 GiB)", "until the Mac restarts", "password");
    says(said(screen), `Load ${MODEL}`, "54.6 GiB by Ollama's count", "on the GPU");
    expect(stage.mac.prompts).toEqual([]);
    await screen.action("Apply");
    expect(screen.alerts()).toEqual([]);
    expect(stage.mac.prompts).toHaveLength(1);
    expect(stage.mac.limitMib()).toBe(57_344);
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: MODEL }, numCtx: 262_144 }]);
    expect(lastToast(screen)).toMatchObject({
      title: "All on the GPU",
      message: expect.stringMatching(/54\.50 GiB.*256K.*54\.59 GiB.*-0\.2%/),
      actions: [],
    });
    screen.says(`Use this name in your editor or app: ${MODEL}`, "GPU limit: 56.0 GiB");
    expect(screen.actions().slice(0, 2)).toEqual(["Copy Name", "Undo"]);
    await backToWays(screen);
    expect(titles(screen)).toEqual(["Nothing to Do"]);
    expect(stage.ollama.pulls).toEqual([]);
    expect(stage.mac.unknownCommands).toEqual([]);
  });

  it("keeps what was predicted and what it was, for the detail of the model", async () => {
    const { screen } = await apply(RAISE, { ollama: spillsBeyond(56) });
    await backToWays(screen);
    await screen.back();
    await screen.action("Show Details");
    expect(screen.metadata().find(({ title }) => title === "Measured Here")?.value).toMatch(
      /^54\.50 GiB by Ollama's count at 256K on \d{4}-\d\d-\d\d; 54\.59 GiB predicted \(-0\.2%\)\.$/,
    );
  });

  it("takes a LaunchDaemon along that keeps the limit in force", async () => {
    const { stage } = await apply("Raise the Limit to 56.0 GiB", {
      mac: { overrideMib: 54_000, daemons: { "local.gpu-limit.wired-limit.plist": daemonOf(54_000) } },
      ollama: { totalVramBytes: 54_000 * 1024 ** 2 },
    });
    expect(stage.mac.prompts).toHaveLength(1);
    expect(stage.mac.daemons.get("local.gpu-limit.wired-limit.plist")).toContain("iogpu.wired_limit_mb=57344<");
    stage.mac.reboot();
    expect(stage.mac.limitMib()).toBe(57_344);
  });

  it("keeps the limit after a restart where the person chooses that, and takes both back", async () => {
    const { screen, stage } = await openPlan({ ollama: spillsBeyond(56) });
    await choose(screen, RAISE);
    await screen.action("Apply and Keep After a Restart");
    expect(stage.mac.prompts).toHaveLength(1);
    expect([...stage.mac.daemons.keys()]).toEqual(["local.gpu-limit.wired-limit.plist"]);
    screen.says("A LaunchDaemon sets the same limit after every restart of the Mac");
    await screen.action("Undo");
    await screen.confirm(true);
    await screen.settle();
    expect(stage.mac.limitMib()).toBe(0);
    expect(stage.mac.daemons.size).toBe(0);
  });

  it("loads anew what is loaded, so that the higher limit counts", async () => {
    const stage = await stageOf();
    const screen = await openList(stage);
    await screen.pick(MODEL);
    await screen.action("Load Model");
    await showPlan(screen);
    await choose(screen, RAISE);
    expect(screen.text()).toContain(`2. Unload ${MODEL}.`);
    await screen.action("Apply");
    const generated = stage.ollama.requests.filter(({ route }) => route === "generate").map(({ body }) => body);
    expect(generated.map((body) => body["keep_alive"] === 0)).toEqual([false, true, false]);
  });

  it("is undone with the limit of before", async () => {
    const { screen, stage } = await apply(RAISE);
    await screen.action("Undo");
    expect(screen.text()).toContain('Undo "Raise the Limit to 56.0 GiB"?');
    await screen.confirm(true);
    await screen.settle();
    expect(stage.mac.limitMib()).toBe(0);
    expect(stage.mac.prompts).toHaveLength(2);
    expect([...screen.toasts().map(({ title }) => title), ...desk.huds].join()).toContain("Undone");
    screen.says(`## ${RAISE}`, "## Steps");
    await screen.back();
    expect(titles(screen)[0]).toBe(RAISE);
  });

  it("is made again where the limit was changed meanwhile, and undone with the one that was in force then", async () => {
    const { screen, stage } = await openPlan({ ollama: spillsBeyond(56) });
    await choose(screen, RAISE);
    stage.mac.sysctls.set("iogpu.wired_limit_mb", "54000");
    await screen.action("Apply");
    expect(lastToast(screen)).toMatchObject({ title: "The Limit Was Changed Meanwhile" });
    expect(stage.mac.prompts).toEqual([]);
    await screen.action("Apply");
    expect(stage.mac.limitMib()).toBe(57_344);
    await screen.action("Undo");
    await screen.confirm(true);
    await screen.settle();
    expect(stage.mac.limitMib()).toBe(54_000);
  });

  it("can be undone later, too", async () => {
    const { screen, stage } = await apply(CAP);
    expect(models(stage)).toContain(VARIANT);
    await backToWays(screen);
    await screen.back();
    await screen.pick(MODEL);
    await showPlan(screen);
    await screen.action("Undo Last Change");
    await screen.confirm(true);
    await screen.settle();
    expect(models(stage)).not.toContain(VARIANT);
    expect(screen.actions()).not.toContain("Undo Last Change");
  });

  it("waits until the one after it is undone, and a cancelled one takes no Undo away", async () => {
    const { screen, stage } = await apply(CAP);
    const other = await openPlanOn(stage);
    stage.mac.faults = { cancel: true };
    await agreeTo(other, RAISE);
    expect(stage.mac.prompts).toHaveLength(1);
    expect(other.actions()).toContain("Undo Last Change");
    stage.mac.faults = {};
    await other.action("Apply");
    await screen.action("Undo");
    expect(lastToast(screen)).toMatchObject({
      style: "FAILURE",
      title: "A Later Change Comes First",
      message: `Nothing changed. Undo "${RAISE}", then this one.`,
    });
    for (const window of [other, screen]) {
      await window.action("Undo");
      await window.confirm(true);
      await window.settle();
    }
    expect(models(stage)).not.toContain(VARIANT);
    expect(stage.mac.limitMib()).toBe(0);
  });
});

function daemonOf(mib: number): string {
  return `<plist><dict><key>Label</key><string>local.gpu-limit.wired-limit</string><key>ProgramArguments</key><array><string>/usr/sbin/sysctl</string><string>iogpu.wired_limit_mb=${mib}</string></array></dict></plist>`;
}

describe("what can go wrong", () => {
  it("changes nothing when the page is left", async () => {
    const { screen, stage } = await openPlan();
    await choose(screen, RAISE);
    await screen.back();
    expect(stage.mac.prompts).toHaveLength(0);
    expect(stage.ollama.loaded()).toEqual([]);
    expect(desk.localStorage.size).toBe(0);
  });

  it("stops at a cancelled prompt, says that nothing changed, and loads nothing", async () => {
    const { screen, stage } = await apply(RAISE, { mac: { faults: { cancel: true } } });
    expect(stage.mac.limitMib()).toBe(0);
    expect(stage.ollama.loaded()).toEqual([]);
    expect(lastToast(screen)).toMatchObject({
      style: "SUCCESS",
      title: "Nothing Changed",
      message: "In force: the macOS default.",
    });
    await backToWays(screen);
    expect(titles(screen)).not.toContain(RAISE);
  });

  it("says what a wrong password did not do", async () => {
    const { screen } = await apply(RAISE, { mac: { faults: { wrongPassword: true } } });
    expect(lastToast(screen)).toMatchObject({
      style: "FAILURE",
      title: "The Limit Wasn't Set",
      message: expect.stringContaining("Wrong Password"),
    });
  });

  it("says that another value is in force than asked for, and takes it back from there", async () => {
    const stage = await stageOf();
    const screen = await openPlanOn({
      ...stage,
      system: {
        ...stage.system,
        run: async (...call) => {
          const result = await stage.system.run(...call);
          if (stage.mac.prompts.length === 1) stage.mac.sysctls.set("iogpu.wired_limit_mb", "50000");
          return result;
        },
      },
    });
    await agreeTo(screen, RAISE);
    expect(lastToast(screen)).toMatchObject({
      style: "FAILURE",
      title: "Changed, but Not as Asked",
      message: expect.stringContaining("In force: 50,000 MiB"),
      actions: ["Continue", "Undo"],
    });
    await screen.toastAction("Undo");
    await screen.confirm(true);
    await screen.settle();
    expect(stage.mac.prompts).toHaveLength(2);
  });

  it("says so when the model still spills, and goes on to the next way under what it got", async () => {
    const { screen, stage } = await apply(RAISE, { ollama: spillsBeyond(50.5) });
    expect(lastToast(screen)).toMatchObject({
      style: "FAILURE",
      title: "4.0 GiB Spilled to the CPU",
      actions: ["Undo"],
    });
    screen.says("## Cap the Context at 32K", "The last load spilled: 50.5 GiB of 54.5 GiB is on the GPU.");
    await screen.action("Apply");
    expect(models(stage)).toContain(`${MODEL}-32k`);
  });

  it.each([
    ["does not list it", [], "Not Verified"],
    [
      "loads it with another context",
      [{ name: MODEL, size: 54 * GIB, size_vram: 54 * GIB, context_length: 32_768 }],
      "On the GPU, but at 32K of context",
    ],
    ["cannot tell its size", [{ name: MODEL, size: 40 * GIB, size_vram: 40 * GIB }], "Loaded, but Not Verified"],
  ])("says so when Ollama %s", async (_, loaded, title) => {
    const { screen, stage } = await openPlan();
    await choose(screen, RAISE);
    stage.ollama.fault("ps", { kind: "answer", body: JSON.stringify({ models: loaded }) });
    await screen.action("Apply");
    expect(lastToast(screen)).toMatchObject({ style: "FAILURE", title });
    screen.says(`# ${title}`);
  });

  it("keeps the limit, and offers to undo it, where the model does not load", async () => {
    const { screen, stage } = await apply(RAISE, {
      ollama: { loadError: () => "llama-server process has terminated: exit status 1" },
    });
    expect(stage.mac.limitMib()).toBe(57_344);
    expect(lastToast(screen)).toMatchObject({
      style: "FAILURE",
      title: `${MODEL} Wasn't Loaded`,
      message: "1 of 2 steps done. Its process ended, usually for lack of memory.",
      actions: ["Continue", "Undo"],
    });
    // The next way needs no undo before it.
    screen.says("## Cap the Context at 128K", "The last load failed.");
    await screen.action("Apply");
    expect(models(stage)).toContain(`${MODEL}-128k`);
  });
});

describe.each([16, 24, 32, 36, 48, 64])("on a Mac with %d GB", (ramGib) => {
  it("what is recommended for a model ends with all of it on the GPU", async () => {
    const mac = createSampleMac({ ramGib });
    const models = sampleModels().filter(({ weights, format }) => weights !== undefined && format === "gguf");
    for (const { name } of models) {
      const stage = await setStage({
        mac: { ramGib },
        ollama: { totalVramBytes: mac.limitBytes(), footprint: (model, numCtx) => placed(model, numCtx) },
      });
      const placed = (model: StandInModel, numCtx: number) =>
        footprintOf(model, numCtx, { limitBytes: stage.mac.limitBytes() });
      const screen = await openPlanOn(stage, name);
      if (screen.actions().includes("Load and Verify")) await screen.action("Load and Verify");
      else if (screen.actions().includes("Make It Fit This Way") && !said(screen).includes("To close:")) {
        await screen.action("Make It Fit This Way");
        await screen.action("Apply");
      } else {
        expect(screen.text()).toMatch(/It Doesn't Fit|A Smaller Model Instead|Lower the Quantization|Close Apps/);
        await screen.close();
        continue;
      }
      expect(stage.mac.prompts.length).toBeLessThanOrEqual(1);
      expect(lastToast(screen)).toMatchObject({ title: "All on the GPU" });
      await screen.close();
      desk.localStorage.clear();
      desk.toasts = [];
    }
  });
});

describe("a limit that leaves macOS less than the person wants to keep", () => {
  it("is offered after everything else, and warns before it is set", async () => {
    const { screen, stage } = await openPlan({ preferences: { reserveGib: "10" } });
    expect(titles(screen)).toEqual([CAP, "Raise to 54.0 GiB and Cap at 128K", BUILD, RAISE]);
    await screen.pick(RAISE);
    expect(screen.text().replace(/\s+/g, " ")).toContain("8.0 GiB is left, less than the 10.0 GiB advised");
    await screen.action("Make It Fit This Way");
    screen.says("**Warning:** That leaves 8.0 GiB for macOS and your apps, less than the 10.0 GiB advised");
    await screen.action("Apply");
    expect(stage.mac.limitMib()).toBe(57_344);
    expect(stage.mac.prompts).toHaveLength(1);
  });
});

describe("a variant with a smaller context", () => {
  it("is made and loaded without a prompt", async () => {
    const { screen, stage } = await apply(CAP);
    expect(stage.mac.prompts).toHaveLength(0);
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: VARIANT }, numCtx: 65_536 }]);
    expect(lastToast(screen)).toMatchObject({ title: "All on the GPU" });
  });

  it("is only made, and nothing said of the GPU, where the person does not want to load it", async () => {
    const { screen, stage } = await openPlan();
    await choose(screen, CAP);
    await screen.action("Apply Without Loading");
    expect(models(stage)).toContain(VARIANT);
    expect(stage.ollama.loaded()).toEqual([]);
    expect(lastToast(screen)).toMatchObject({
      title: "Done",
      message: `${CAP}. ${MODEL} wasn't loaded, so nothing is verified.`,
    });
    screen.says(`Use this name in your editor or app: ${VARIANT}`);
  });

  it("is used as it is where it was made before with the same context", async () => {
    const stage = await stageOf();
    await stage.ollama.put({ ...sampleModel(MODEL), name: VARIANT, parameters: { num_ctx: 65_536 } });
    const screen = await openPlanOn(stage);
    await agreeTo(screen, CAP);
    expect(lastToast(screen)?.message).toContain("at 64K");
    expect(stage.ollama.requests.some(({ route }) => route === "create")).toBe(false);
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: VARIANT } }]);
  });

  it("that somebody made by hand since the plan was made stays theirs: no Undo takes it away", async () => {
    const { screen, stage } = await openPlan();
    await choose(screen, CAP);
    await stage.ollama.put({ ...sampleModel(MODEL), name: VARIANT, parameters: { num_ctx: 65_536 }, system: "Mine." });
    await screen.action("Apply");
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: VARIANT } }]);
    expect(screen.actions()).toContain("Copy Name");
    expect(screen.actions()).not.toContain("Undo");
    expect(stage.ollama.models().find(({ name }) => name === VARIANT)?.system).toBe("Mine.");
  });

  it("replaces another one of its name only after the confirmation says so", async () => {
    const stage = await stageOf();
    await stage.ollama.put({ ...sampleModel(MODEL), name: VARIANT, parameters: { num_ctx: 4096 } });
    const screen = await openPlanOn(stage);
    await choose(screen, CAP);
    says(said(screen), `Replace ${VARIANT}`, "made earlier of the same model", "64K");
    await screen.action("Apply");
    expect(stage.ollama.models().find(({ name }) => name === VARIANT)?.parameters["num_ctx"]).toBe(65_536);
    // What was replaced cannot be brought back.
    expect(screen.actions()).not.toContain("Undo");
  });

  it("does not take a variant of an earlier file for it, though name and context are the same", async () => {
    const stage = await stageOf();
    await stage.ollama.put({
      ...sampleModel("llama3.1:8b"),
      name: VARIANT,
      parentModel: MODEL,
      parameters: { num_ctx: 65_536 },
    });
    const screen = await openPlanOn(stage);
    await choose(screen, CAP);
    says(said(screen), `Replace ${VARIANT}`, "made earlier of the same model");
    await screen.action("Apply");
    expect(stage.ollama.models().find(({ name }) => name === VARIANT)).toMatchObject({ family: "qwen3next" });
  });

  it("takes no name that a model of another file has, whatever its context", async () => {
    const stage = await stageOf();
    await stage.ollama.put({ ...sampleModel("llama3.1:8b"), name: VARIANT, parameters: { num_ctx: 65_536 } });
    const screen = await openPlanOn(stage);
    await choose(screen, CAP);
    says(said(screen), `Create ${VARIANT}-2`, `in the variant ${VARIANT}-2`);
    doesNotSay(said(screen), "Replace");
    await screen.action("Apply");
    const family = (name: string) => stage.ollama.models().find((model) => model.name === name)?.family;
    expect([family(VARIANT), family(`${VARIANT}-2`)]).toEqual(["llama", "qwen3next"]);
    expect(screen.actions()).toContain("Undo");
  });

  it("leaves a model alone that took its name since the plan was made", async () => {
    const { screen, stage } = await openPlan();
    await choose(screen, CAP);
    await stage.ollama.put({ ...sampleModel("llama3.1:8b"), name: VARIANT });
    await screen.action("Apply");
    expect(lastToast(screen)).toMatchObject({
      style: "FAILURE",
      title: "The Variant Wasn't Created",
      message: `By now ${VARIANT} is another model, so it was left alone.`,
    });
    expect(stage.ollama.models().find(({ name }) => name === VARIANT)).toMatchObject({ family: "llama" });
    expect(stage.ollama.loaded()).toEqual([]);
  });
});

/** Short waits pass; those that last so long have no end. */
const withoutEndOf = (endless: number) => (milliseconds: number) =>
  milliseconds === endless ? new Promise<void>(() => {}) : Promise.resolve();

describe("a quantized KV cache", () => {
  const QUANTIZE = "Quantize the KV Cache to q8_0";
  /** Two slots of 128K: a cache too large for the limit, of which half would do. */
  const crowded: StageOptions = {
    ollama: { totalVramBytes: DEFAULT_BYTES, env: { OLLAMA_NUM_PARALLEL: "4", OLLAMA_CONTEXT_LENGTH: "98304" } },
  };

  async function openCrowded(options: StageOptions = {}) {
    const stage = await stageOf({ ...crowded, ...options, ollama: { ...crowded.ollama, ...options.ollama } });
    return { stage, screen: await openPlanOn(stage, "llama3.1:8b") };
  }

  /** What the server that runs now was started with. */
  async function loggedCacheType({ homeFolder, ollama }: Stage): Promise<string | undefined> {
    const log = await readFile(join(homeFolder, ".ollama", "logs", "server.log"), "utf8");
    return parseServerLog(log, { port: ollama.port })?.kvCacheType?.value;
  }

  it("is set for the app, which restarts after saying whom it cuts off", async () => {
    const { screen, stage } = await openCrowded();
    expect(titles(screen)).toContain(QUANTIZE);
    await choose(screen, QUANTIZE);
    expect(screen.text()).toContain("1. Set the KV cache type to q8_0 for Ollama's next start.");
    expect(screen.text()).toContain("2. Restart Ollama.");
    await screen.action("Apply");
    expect(stage.mac.launchctlEnv.get("OLLAMA_KV_CACHE_TYPE")).toBe("q8_0");
    expect(await loggedCacheType(stage)).toBe("q8_0");
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: "llama3.1:8b" } }]);
    await screen.action("Undo");
    await screen.confirm(true);
    await screen.settle();
    expect(stage.mac.launchctlEnv.has("OLLAMA_KV_CACHE_TYPE")).toBe(false);
    expect(await loggedCacheType(stage)).toBe("");
  });

  it("stops in the middle of the restart when told to, and can be continued", async () => {
    const { screen, stage } = await openCrowded({ system: { pause: withoutEndOf(500) } });
    await choose(screen, QUANTIZE);
    await screen.press("Apply");
    await screen.until(() => stage.mac.calls.some(({ file }) => file === "/bin/kill"));
    await screen.toastAction("Stop");
    await screen.settle();
    expect(lastToast(screen)).toMatchObject({
      title: "Ollama Wasn't Restarted",
      message: "1 of 3 steps done. Ollama was told to quit and may still do so. Open it again once it has.",
      actions: ["Continue", "Undo"],
    });
  });

  it("is left before its end where the server does not come back, and says so", async () => {
    const { screen } = await openCrowded({ mac: { faults: { ollamaStaysDown: true } } });
    await agreeTo(screen, QUANTIZE);
    expect(lastToast(screen)).toMatchObject({
      style: "FAILURE",
      title: "Ollama Wasn't Restarted",
      message: "1 of 3 steps done. Ollama stopped, but didn't start again.",
      actions: ["Continue", "Undo"],
    });
  });

  it("is only explained where Ollama runs in a terminal", async () => {
    // A terminal's server has no log: what it was started with is taken from the preferences.
    const stage = await stageOf({
      mac: { ollama: "terminal" },
      preferences: { parallelSlots: "4", judgeContext: "131072" },
    });
    const screen = await openPlanOn(stage, "llama3.1:8b");
    expect(titles(screen)).toContain(QUANTIZE);
    await screen.pick(QUANTIZE);
    expect(screen.actions()).not.toContain("Make It Fit This Way");
    await screen.action("Copy Commands");
    expect(screen.clipboard()).toBe("OLLAMA_KV_CACHE_TYPE=q8_0 ollama serve");
  });
});

describe("a change that was left before its end", () => {
  it("is shown as in progress while somebody is at it, and then with what was done and what was not", async () => {
    let clock = Date.parse("2026-11-24T10:00:00Z");
    const stage = await stageOf({ system: { now: () => new Date(clock) } });
    stage.ollama.fault("create", { kind: "http500" });
    await keepJournal(stage, { states: ["running"], signAt: clock });
    const screen = await openList(stage);
    expect(screen.items()[0]).toMatchObject({ title: "Raise and Cap", section: "In Progress" });
    clock += 60_000;
    // The limit was set before Raycast was closed.
    stage.mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    await screen.action("Refresh");
    expect(screen.items()[0]).toMatchObject({ title: "Raise and Cap", section: "Unfinished Change" });
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    expect(screen.text()).toContain("**Done:** Set the GPU limit to 57,344 MiB (56.0 GiB)");
    expect(screen.text()).toContain(`**To do:** Create ${VARIANT}`);
    expect(screen.actions()).toEqual(["Continue", "Undo", "Dismiss"]);
  });

  it("continues from where it was", async () => {
    const stage = await stageOf();
    stage.mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    await keepJournal(stage, { states: ["done", "running"] });
    const screen = await openList(stage);
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    await screen.action("Continue");
    await screen.settle();
    expect(stage.mac.prompts).toEqual([]);
    expect(models(stage)).toContain(VARIANT);
    expect(lastToast(screen)).toMatchObject({ title: "All on the GPU" });
    expect(titles(screen)).not.toContain("Raise and Cap");
  });

  it("leads on where the load at its end fails", async () => {
    const stage = await stageOf({ ollama: { loadError: () => "llama-server process has terminated: exit status 1" } });
    stage.mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    await keepJournal(stage, { states: ["done", "running"] });
    const screen = await openList(stage);
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    await screen.action("Continue");
    await screen.settle();
    expect(lastToast(screen)?.actions).toEqual(["Make It Fit", "Undo"]);
    await screen.toastAction("Make It Fit");
    screen.says("## Cap the Context", "The last load failed.");
  });

  it("is undone with the old limit and without the variant", async () => {
    const stage = await stageOf();
    stage.mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    const { parameters } = sampleModel(MODEL);
    const variant = { ...sampleModel(MODEL), name: VARIANT, parameters: { ...parameters, num_ctx: 65_536 } };
    await stage.ollama.put(variant);
    await keepJournal(stage, { states: ["done", "running"] });
    const screen = await openList(stage);
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    await screen.action("Undo");
    await screen.confirm(true);
    await screen.settle();
    expect(models(stage)).not.toContain(VARIANT);
    expect(stage.mac.limitMib()).toBe(0);
    expect(titles(screen)).not.toContain("Raise and Cap");
  });

  it("can be dismissed, after asking", async () => {
    const stage = await stageOf();
    await keepJournal(stage, { states: ["done", "failed"] });
    const screen = await openList(stage);
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    await screen.action("Dismiss");
    await screen.confirm(true);
    await screen.settle();
    expect(titles(screen)).not.toContain("Raise and Cap");
    expect([...desk.localStorage.keys()]).toEqual([]);
  });

  it("of another host is neither continued nor undone here", async () => {
    const stage = await stageOf();
    await keepJournal(stage, { states: ["done", "failed"], url: "http://studio.local:11434" });
    const screen = await openList(stage);
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    expect(screen.text()).toContain("http://studio.local:11434");
    expect(screen.actions()).toEqual(["Dismiss"]);
  });

  it("is written down before the prompt, so that closing Raycast loses nothing", async () => {
    let clock = Date.parse("2026-11-24T10:00:00Z");
    const stage = await stageOf({ mac: { faults: { hang: true } }, system: { now: () => new Date(clock) } });
    const closed = await openPlanOn(stage);
    await choose(closed, RAISE);
    await closed.press("Apply");
    await closed.until(() => stage.mac.prompts.length > 0);
    await closed.close();
    clock += 60_000;
    desk.toasts = [];
    const screen = await openList(stage);
    expect(screen.items()[0]).toMatchObject({ title: RAISE, subtitle: MODEL, section: "Unfinished Change" });
    await screen.pick(RAISE);
    await screen.action("Show Steps");
    expect(screen.text()).toContain("**To do:** Set the GPU limit to 57,344 MiB (56.0 GiB)");
    stage.mac.answerPrompt("cancel");
    await screen.back();
    await screen.action("Refresh");
    expect(titles(screen)).not.toContain(RAISE);
  });

  it("says where Stop can't close the password prompt, and stops behind it", async () => {
    const stage = await stageOf({ mac: { faults: { hang: true } } });
    const screen = await openPlanOn(stage);
    await choose(screen, RAISE);
    await screen.press("Apply");
    await screen.until(() => stage.mac.prompts.length > 0);
    await screen.pressToast("Stop");
    await screen.until("password dialog is still open");
    stage.mac.answerPrompt("allow");
    await screen.settle();
    expect(stage.mac.limitMib()).toBe(57_344);
    expect(stage.ollama.loaded()).toEqual([]);
    expect(lastToast(screen)).toMatchObject({
      message: expect.stringContaining("Stopped before this step."),
      actions: ["Continue", "Undo"],
    });
  });

  it("keeps another change from being begun beside it", async () => {
    const clock = Date.parse("2026-11-24T10:00:00Z");
    const stage = await stageOf({ system: { now: () => new Date(clock) } });
    await keepJournal(stage, { states: ["running"], signAt: clock });
    const screen = await openPlanOn(stage);
    await agreeTo(screen, CAP);
    expect(lastToast(screen)).toMatchObject({
      title: "Another Change Isn't Over",
      message: expect.stringContaining("Raise and Cap for"),
    });
    expect(models(stage)).not.toContain(VARIANT);
  });

  it.each([
    ["ahead", 24 * 3_600_000],
    ["behind", -24 * 3_600_000],
  ])("is not taken for one in progress where its last sign of life is a day %s", async (_, ms) => {
    const clock = Date.parse("2026-11-24T10:00:00Z");
    const stage = await stageOf({ system: { now: () => new Date(clock) } });
    stage.mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    await keepJournal(stage, { states: ["running"], signAt: clock + ms });
    const screen = await openList(stage);
    expect(screen.items()[0]).toMatchObject({ title: "Raise and Cap", section: "Unfinished Change" });
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    await screen.action("Undo");
    await screen.confirm(true);
    await screen.settle();
    expect(stage.mac.limitMib()).toBe(0);
    expect(titles(screen)).not.toContain("Raise and Cap");
  });

  it("whose end nobody knows says so, until the server can be asked", async () => {
    const stage = await stageOf();
    await keepJournal(stage, { states: ["waiting", "running"] });
    stage.ollama.fault("show", { kind: "http500" });
    await stage.ollama.put({ ...sampleModel(MODEL), name: VARIANT, parameters: { num_ctx: 65_536 } });
    const screen = await openList(stage);
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    expect(screen.text()).toContain(`**Running or cut off:** Create ${VARIANT}`);
    expect(screen.actions()).toContain("Undo");
  });

  it("is not continued with another model under the name than it was planned for", async () => {
    const stage = await stageOf();
    await keepJournal(stage, { states: ["failed", "failed"] });
    await stage.ollama.put({ ...sampleModel(MODEL), system: "Another one." });
    const screen = await openList(stage);
    await screen.pick("Raise and Cap");
    await screen.action("Show Steps");
    await screen.action("Continue");
    expect(lastToast(screen)).toMatchObject({ title: "The Model Was Replaced Meanwhile" });
    expect(stage.mac.prompts).toEqual([]);
    expect(titles(screen)).toContain("Raise and Cap");
  });

  it("is neither continued nor undone once another window has ended it", async () => {
    const { screen, stage } = await apply(RAISE);
    for (const key of ["journal-1", "journal-2"]) desk.localStorage.delete(key);
    await screen.action("Undo");
    expect(lastToast(screen)).toMatchObject({ title: "Nothing Changed" });
    expect(stage.mac.limitMib()).toBe(57_344);
  });

  it.each([
    ["of a newer version", '{"version":99,"journal":{}}', "Update the extension"],
    ["that is damaged", '{"version":2,"jour', "the record is damaged"],
  ])("%s is said, kept, and in the way of the next until it is dismissed", async (_, text, words) => {
    const stage = await stageOf();
    desk.localStorage.set("journal-1", text);
    const screen = await openList(stage);
    expect(screen.items()[0]).toMatchObject({ title: "An Earlier Change", section: "Unfinished Change" });
    await screen.pick(MODEL);
    await showPlan(screen);
    await agreeTo(screen, CAP);
    expect(lastToast(screen)).toMatchObject({ title: "Another Change Isn't Over" });
    expect(desk.localStorage.get("journal-1")).toBe(text);
    expect(models(stage)).not.toContain(VARIANT);
    await backToWays(screen);
    await screen.pick("An Earlier Change");
    await screen.action("Show Details");
    expect(screen.text().replace(/\s+/g, " ")).toContain(words);
    await screen.action("Dismiss");
    await screen.confirm(true);
    await screen.settle();
    expect(desk.localStorage.has("journal-1")).toBe(false);
    expect(titles(screen)).not.toContain("An Earlier Change");
  });
});

describe("Set GPU Limit", () => {
  it("shows a change that was left before its end, which may have left a limit behind", async () => {
    const stage = await stageOf();
    stage.mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    await keepJournal(stage, { states: ["done", "failed"] });
    const form = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: stage.system });
    form.says("Raise and Cap", MODEL, "1 of 3");
    await form.action("Show Steps");
    await form.action("Undo");
    await form.confirm(true);
    await form.settle();
    expect(stage.mac.limitMib()).toBe(0);
    expect(form.text()).not.toContain("Raise and Cap for");
  });
});

describe("smaller builds", () => {
  /** A model of the list as publishers quantize it. */
  function quantized(name: string, type: string): StandInModel {
    const model = sampleModel(MODEL);
    const metadata = model.weights?.metadata;
    if (metadata === undefined) throw new Error(`${MODEL} has no file.`);
    const tensors = metadata.tensors.map((tensor) => (/^Q\d/.test(tensor.type) ? { ...tensor, type } : tensor));
    const about = { name, parameterSize: "79.7B", quantization: "Q3_K_M", capabilities: model.capabilities };
    return ggufModel({ ...metadata, tensors }, about);
  }

  const opened: StandInRegistry[] = [];
  afterEach(async () => {
    for (const registry of opened.splice(0)) await registry.close();
  });

  /** A stage on which the registries have these builds; everything else is not there. */
  async function withRegistries(published: readonly StandInModel[], firstFault?: "hangs" | "fails") {
    const stage = await stageOf();
    const registry = await startStandInRegistry({ published });
    opened.push(registry);
    const asked: string[] = [];
    let fault = firstFault;
    const system = {
      ...stage.system,
      fetch: (async (input, init) => {
        const url = String(input instanceof Request ? input.url : input);
        if (new URL(url).hostname === "127.0.0.1") return stage.system.fetch(input, init);
        asked.push(url);
        if (fault === "fails") throw new TypeError("fetch failed");
        if (fault === "hangs") await new Promise((_, reject) => init?.signal?.addEventListener("abort", reject));
        return registry.fetch(stage.system.fetch)(input, init);
      }) as typeof fetch,
    };
    const screen = await openPlanOn({ ...stage, system });
    await screen.pick(BUILD);
    return { screen, stage, asked, registry, hangFromNowOn: () => (fault = "hangs") };
  }

  it("are asked for only on request, and then judged by their own header", async () => {
    const { screen, stage, asked } = await withRegistries([quantized("qwen3-coder-next:q3_K_M", "Q3_K")]);
    expect(asked).toEqual([]);
    expect(screen.text().replace(/\s+/g, " ")).toContain("not checked whether this build is published");
    expect(screen.text()).toContain("If this build is published: 51.8 GiB limit");
    expect(screen.metadata().find(({ title }) => title === "After")?.value).toBe("[Fits · 256K, if Published]");
    expect(screen.actions()).not.toContain("Copy Commands");
    await screen.action("Check for Smaller Builds");
    expect(asked).toContain("https://registry.ollama.ai/v2/library/qwen3-coder-next/manifests/q2_K");
    expect(lastToast(screen)).toMatchObject({ style: "SUCCESS", title: "Published: Q3_K_M" });
    expect(titles(screen)).toEqual([RAISE, CAP, "Lower the Quantization to Q3_K_M"]);
    await screen.pick("Lower the Quantization to Q3_K_M");
    expect(screen.metadata().find(({ title }) => title === "After")?.value).toBe("[Fits · 256K]");
    expect(screen.text().replace(/\s+/g, " ")).toContain("qwen3-coder-next:q3_K_M is published");
    await screen.action("Copy Commands");
    expect(screen.clipboard()).toBe(cli(stage.ollama, "pull qwen3-coder-next:q3_K_M"));
  });

  it("are judged by their weights where a header can't be read, and can be asked for again", async () => {
    const { screen, registry, asked } = await withRegistries([quantized("qwen3-coder-next:q3_K_M", "Q3_K")]);
    registry.fault("breaks-off");
    await screen.action("Check for Smaller Builds");
    expect(lastToast(screen)).toMatchObject({ style: "FAILURE", message: "Not every header could be read" });
    await screen.pick("Lower the Quantization to Q3_K_M");
    expect(screen.metadata().find(({ title }) => title === "After")?.value).toBe("[Fits · 256K]");
    registry.fault(undefined);
    await screen.action("Check for Smaller Builds");
    expect(lastToast(screen)).toMatchObject({ style: "SUCCESS", title: "Published: Q3_K_M" });
    await screen.settle();
    expect(screen.actions()).not.toContain("Check for Smaller Builds");
    expect(asked.filter((url) => url.includes("/blobs/")).length).toBeGreaterThan(0);
  });

  it("stay as they were where the person stops while a header is read", async () => {
    const { screen, registry } = await withRegistries([quantized("qwen3-coder-next:q3_K_M", "Q3_K")]);
    registry.fault("stalls");
    await screen.press("Check for Smaller Builds");
    await screen.until("Reading a header");
    await screen.toastAction("Stop");
    await screen.settle();
    expect(screen.toasts()).toEqual([]);
    expect(screen.metadata().find(({ title }) => title === "After")?.value).toBe("[Fits · 256K, if Published]");
  });

  it("are read once: what a header tells is kept by its digest", async () => {
    const first = await withRegistries([quantized("qwen3-coder-next:q3_K_M", "Q3_K")]);
    await first.screen.action("Check for Smaller Builds");
    const second = await withRegistries([quantized("qwen3-coder-next:q3_K_M", "Q3_K")]);
    await second.screen.action("Check for Smaller Builds");
    expect(first.registry.bytesSent()).toBeGreaterThan(1_000_000);
    expect(second.registry.bytesSent()).toBe(0);
    expect(lastToast(second.screen)).toMatchObject({ style: "SUCCESS", title: "Published: Q3_K_M" });
  });

  it("are no longer offered where none is published", async () => {
    const { screen } = await withRegistries([]);
    await screen.action("Check for Smaller Builds");
    expect(lastToast(screen)).toMatchObject({ style: "FAILURE", title: "No Smaller Build Is Published" });
    expect(titles(screen)).toEqual([RAISE, CAP]);
  });

  it("can be asked for again where a registry gave no answer", async () => {
    const { screen, asked } = await withRegistries([], "fails");
    await screen.action("Check for Smaller Builds");
    expect(lastToast(screen)).toMatchObject({
      style: "FAILURE",
      title: "Couldn't Check for Smaller Builds",
      message: "registry.ollama.ai gave no usable answer",
    });
    expect(screen.text().replace(/\s+/g, " ")).toContain("is published (registry.ollama.ai gave no usable answer)");
    const first = asked.length;
    await screen.action("Check for Smaller Builds");
    expect(asked).toHaveLength(2 * first);
  });

  it("stay unchecked where the person does not want to wait", async () => {
    const { screen } = await withRegistries([], "hangs");
    await screen.press("Check for Smaller Builds");
    await screen.until("Asking the Registries");
    await screen.toastAction("Stop");
    await screen.settle();
    expect(screen.toasts()).toEqual([]);
    expect(screen.actions()).toContain("Check for Smaller Builds");
  });

  it("keep what an earlier search found where a later one is stopped", async () => {
    const { screen, hangFromNowOn } = await withRegistries([], "fails");
    await screen.action("Check for Smaller Builds");
    hangFromNowOn();
    await screen.press("Check for Smaller Builds");
    await screen.until("Asking the Registries");
    await screen.toastAction("Stop");
    await screen.settle();
    expect(screen.text().replace(/\s+/g, " ")).toContain("is published (registry.ollama.ai gave no usable answer)");
  });
});

describe("a variant that is loaded", () => {
  it("is not counted beside its parent: Ollama puts one in the place of the other", async () => {
    const stage = await stageOf({ ollama: spillsBeyond(56) });
    await stage.ollama.put({ ...sampleModel("llama3.1:8b"), name: "llama3.1:8b-8k", parameters: { num_ctx: 8192 } });
    const screen = await openList(stage);
    await screen.pick("llama3.1:8b-8k");
    await screen.action("Load Model");
    await screen.pick("llama3.1:8b");
    await showPlan(screen);
    expect(titles(screen)).toEqual(["Nothing to Do"]);
    await screen.back();
    await screen.pick("qwen3:8b");
    await showPlan(screen);
    expect(titles(screen)).toEqual(["Unload llama3.1:8b-8k"]);
    await agreeTo(screen, "Unload llama3.1:8b-8k");
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: "qwen3:8b" } }]);
  });
});

describe("RAM that is short, where the limit is not", () => {
  it("leads to the apps that could be closed", async () => {
    const stage = await stageOf();
    stage.mac.addProcess({ path: "/Applications/Blender.app/Contents/MacOS/Blender", footprintMib: 45 * 1024 });
    const screen = await openPlanOn(stage, "gemma3:27b");
    expect(titles(screen)[0]).toBe("Close Blender");
    expect(screen.text().replace(/\s+/g, " ")).toContain("To close: Blender (45.0 GiB)");
    await choose(screen, "Close Blender");
    expect(screen.actions()).not.toContain("Apply");
    expect(screen.actions()[0]).toBe("Choose Apps to Close…");
    await screen.action("Choose Apps to Close…");
    screen.says("Blender", "45.0 GiB of RAM: enough", "nothing is forced", "asks for each app");
    await screen.fill("Apps to Close", []);
    screen.says(/0 B of RAM, and about \d+\.\d GiB is needed/);
    await screen.fill("Apps to Close", ["/Applications/Blender.app"]);
    await screen.submit();
    expect(stage.mac.processes.map(({ path }) => path).join()).not.toContain("Blender");
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: "gemma3:27b" } }]);
  });
});

describe("the plan of other models", () => {
  it("that fit has nothing to do, names the largest context, and loads on request", async () => {
    const stage = await stageOf();
    const screen = await openPlanOn(stage, "llama3.1:8b");
    expect(titles(screen)).toEqual(["Nothing to Do"]);
    expect(screen.metadata().find(({ title }) => title === "Largest Context")?.value).toBe("128K tokens");
    expect(screen.metadata().find(({ title }) => title === "Spare")?.value).toMatch(/^\d+\.\d GiB$/);
    await screen.action("Load and Verify");
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: "llama3.1:8b" } }]);
    expect(lastToast(screen)).toMatchObject({ title: "All on the GPU", actions: [] });
  });

  it("that take long to load can be left to Ollama", async () => {
    const stage = await stageOf();
    stage.ollama.fault("generate", { kind: "hang" });
    const screen = await openPlanOn(stage, "llama3.1:8b");
    await screen.press("Load and Verify");
    await screen.until("Loading llama3.1:8b");
    await screen.toastAction("Stop");
    await screen.settle();
    expect(lastToast(screen)).toMatchObject({
      style: "SUCCESS",
      title: "Stopped Waiting",
      message: "Ollama may still load llama3.1:8b.",
    });
  });

  it("say what Ollama lists so far while they load", async () => {
    const stage = await stageOf({ ollama: { loadMs: 2_400 } });
    const screen = await openPlanOn(stage, "llama3.1:8b");
    await screen.press("Load and Verify");
    await screen.until(/[\d.]+ GiB so far, \d s/);
    await screen.settle();
    expect(lastToast(screen)).toMatchObject({ title: "All on the GPU" });
  });

  it("that fit only at a chosen context are loaded with that context", async () => {
    const stage = await stageOf();
    const screen = await openList(stage);
    await screen.dropdown("32K");
    await screen.pick(MODEL);
    await showPlan(screen);
    expect(screen.text().replace(/\s+/g, " ")).toContain("Ollama runs the model at 256K");
    await screen.action("Load and Verify");
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: MODEL }, numCtx: 32_768 }]);
  });

  it("whose smallest build would swap are better replaced by a smaller one", async () => {
    const stage = await stageOf({ mac: { ramGib: 18 }, ollama: { totalVramBytes: 14_302_250_000 } });
    const screen = await openPlanOn(stage, "gemma3:27b");
    expect(screen.text()).toContain("It Doesn't Fit");
    expect(screen.text().replace(/\s+/g, " ")).toContain("models of up to about 13 billion parameters");
    expect(screen.actions()).toContain("Check for Smaller Builds");
  });

  it("that cannot fit say by how much, what is comfortable, and the ways out", async () => {
    const stage = await stageOf({ mac: { ramGib: 16 }, ollama: { totalVramBytes: 12_713_115_648 } });
    const screen = await openPlanOn(stage);
    const text = screen.text().replace(/\s+/g, " ");
    expect(text).toContain("# It Doesn't Fit");
    expect(text).toMatch(/Even at 4K it needs 49\.\d GiB; the highest safe limit of this Mac is 12\.0 GiB/);
    expect(text).toContain("exo or llama.cpp's RPC backend");
    expect(screen.actions()).toContain("Check for Smaller Builds");
  });

  it("on a Mac without a limit that can be set are offered none", async () => {
    const stage = await stageOf();
    stage.mac.sysctls.delete("iogpu.wired_limit_mb");
    const screen = await openPlanOn(stage);
    expect(titles(screen).join()).not.toContain("Raise");
  });

  it("of which nothing is known say why nothing can be planned", async () => {
    const stage = await stageOf();
    await stage.ollama.put({ ...sampleModel("llama3.1:8b"), name: "cpu:8b", parameters: { num_gpu: 0 } });
    const screen = await openPlanOn(stage, "cpu:8b");
    screen.says("num_gpu", "It Isn't Known Whether It Fits", "What Would Make It Known");
    expect(screen.actions()[0]).toBe("Load Model");
  });

  it("on another Mac are offered no limit and no password", async () => {
    const stage = await setRemoteStage({
      ollama: { totalVramBytes: DEFAULT_BYTES },
      preferences: { remoteLimitGib: "51.84", judgeContext: "262144" },
    });
    const screen = await openPlanOn(stage);
    expect(titles(screen)).toEqual([CAP, BUILD]);
    await agreeTo(screen, CAP);
    expect(stage.mac.prompts).toEqual([]);
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: VARIANT } }]);
  });
});
