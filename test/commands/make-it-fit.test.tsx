/** From a model that spills to one that runs, on the page that is its own confirmation. */
import { describe, expect, it } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import { sampleModel } from "../stand-ins/ollama";
import { renderCommand, type Screen } from "../support";
import { setStage, type Stage, type StageOptions } from "./stage";

const GIB = 1024 ** 3;
const MODEL = "qwen3-coder-next:q4_K_M";
const VARIANT = `${MODEL}-64k`;
/** Metal's limit of a 64 GB Mac on macOS 26. */
const DEFAULT_BYTES = 55_662_788_608;

const stageOf = (options: StageOptions = {}) =>
  setStage({ ...options, ollama: { totalVramBytes: DEFAULT_BYTES, ...options.ollama } });

const openList = ({ system }: Stage): Promise<Screen> =>
  renderCommand(<FitModelsToGpuLimit />, { command: "fit-models-to-gpu-limit", system });

describe("the list", () => {
  it("begins with the model that needs help, and Enter makes it fit", async () => {
    const stage = await stageOf();
    await stage.ollama.put({ ...sampleModel("llama3.1:8b"), name: "cpu:8b", parameters: { num_gpu: 0 } });
    const screen = await openList(stage);
    expect(screen.items()[0]?.title).toBe(MODEL);
    expect(screen.actions().slice(0, 2)).toEqual(["Make It Fit", "Show All Ways"]);
    await screen.pick("qwen3:8b");
    expect(screen.actions().slice(0, 2)).toEqual(["Show Plan", "Show Details"]);
    await screen.pick("cpu:8b");
    expect(screen.actions()[0]).toBe("Show Why It's Unknown");
  });
});

describe("Make It Fit", () => {
  it("takes five keys from the root search to the name, and asks for nothing but the password", async () => {
    const footprint = () => ({ sizeBytes: 54.5 * GIB, vramBytes: 54.5 * GIB });
    const stage = await stageOf({ ollama: { footprint } });
    const screen = await openList(stage); // 1: Enter in the root search
    await screen.enter(); // 2: on the row
    screen.says("Raise the Limit to 56.0 GiB", "Before: 55.4 GiB of 51.8 GiB", "1. Set the GPU limit to 57,344 MiB");
    screen.says("What It Costs", "An administrator password", "4.2 GiB less for macOS and apps");
    expect(stage.mac.prompts).toEqual([]);
    expect(screen.actions().slice(0, 2)).toEqual(["Apply", "Apply and Keep After a Restart"]);
    await screen.enter(); // 3: Apply; 4: in macOS's own dialog
    expect(screen.alerts()).toEqual([]);
    expect(stage.mac.prompts).toHaveLength(1);
    expect(stage.mac.limitMib()).toBe(57_344);
    screen.says("All on the GPU", `Use this name in your editor or app: ${MODEL}`, "GPU limit: 56.0 GiB");
    await screen.enter(); // 5: Copy Name
    expect(screen.clipboard()).toBe(MODEL);
    expect(stage.mac.unknownCommands).toEqual([]);
  });

  it("keeps the limit after a restart where that is chosen, and takes both back", async () => {
    const stage = await stageOf();
    const screen = await openList(stage);
    await screen.enter();
    await screen.action("Apply and Keep After a Restart");
    expect([...stage.mac.daemons.keys()]).toEqual(["local.gpu-limit.wired-limit.plist"]);
    await screen.action("Undo");
    await screen.confirm(true);
    expect(stage.mac.limitMib()).toBe(0);
    expect(stage.mac.daemons.size).toBe(0);
    screen.says("Raise the Limit to 56.0 GiB", "Steps");
  });

  it("changes nothing where the password is refused, and stays open", async () => {
    const stage = await stageOf({ mac: { faults: { cancel: true } } });
    const screen = await openList(stage);
    await screen.enter();
    await screen.enter();
    screen.toast("SUCCESS", "Nothing Changed");
    expect(stage.ollama.loaded()).toEqual([]);
    expect(screen.actions()[0]).toBe("Apply");
  });

  it("shows the steps again where they changed since they were read", async () => {
    const stage = await stageOf();
    const screen = await openList(stage);
    await screen.enter();
    (stage.mac.daemons as Map<string, string>).set(
      "local.gpu-limit.wired-limit.plist",
      "<plist><dict><key>Label</key><string>local.gpu-limit.wired-limit</string><key>ProgramArguments</key><array><string>/usr/sbin/sysctl</string><string>iogpu.wired_limit_mb=54000</string></array></dict></plist>",
    );
    await screen.enter();
    screen.toast("FAILURE", "The Steps Changed Meanwhile");
    expect(stage.mac.prompts).toEqual([]);
    screen.says("when the LaunchDaemon sets 54,000 MiB (52.7 GiB) again");
  });

  it("stays where the model still spills, with the next way on screen", async () => {
    const footprint = () => ({ sizeBytes: 54.5 * GIB, vramBytes: 50.5 * GIB });
    const screen = await openList(await stageOf({ ollama: { footprint } }));
    await screen.enter();
    await screen.enter();
    screen.toast("FAILURE", "4.0 GiB Spilled to the CPU", "50.5 GiB of 54.5 GiB is on the GPU");
    screen.says("## Cap the Context at 32K", "The last load spilled: 50.5 GiB of 54.5 GiB is on the GPU.");
    expect(screen.actions()[0]).toBe("Apply");
  });

  it("says why nothing makes it fit, and what helps instead", async () => {
    const stage = await stageOf({ mac: { ramGib: 16 }, ollama: { totalVramBytes: 12_713_115_648 } });
    const screen = await openList(stage);
    await screen.pick(MODEL);
    await screen.enter();
    screen.says("It Doesn't Fit", "Ways Out");
    expect(screen.actions()).not.toContain("Apply");
  });
});

describe("a model whose variant fits", () => {
  it("has it below, says so, and offers it instead of making another", async () => {
    const stage = await stageOf();
    await stage.ollama.put({
      ...sampleModel(MODEL),
      name: VARIANT,
      parentModel: MODEL,
      parameters: { num_ctx: 65_536 },
    });
    const screen = await openList(stage);
    const [parent, variant] = screen.items();
    expect(parent).toMatchObject({ title: MODEL, section: "Spills" });
    expect(parent?.accessories.map(({ text }) => text)).toContain("64K variant fits");
    expect(variant).toMatchObject({ title: VARIANT, section: "Spills", subtitle: `64K variant of ${MODEL}` });
    expect(screen.actions().slice(0, 2)).toEqual(["Use the Variant That Fits", "Show All Ways"]);
    await screen.enter();
    screen.says("The 64K Variant Fits", `Use this name in your editor or app: ${VARIANT}`);
    await screen.enter();
    expect(screen.clipboard()).toBe(VARIANT);
  });

  it("leads on from the variant, where that fails to load after all", async () => {
    const stage = await stageOf({ ollama: { loadError: () => "error: Insufficient Memory (00000008)" } });
    await stage.ollama.put({ ...sampleModel(MODEL), name: VARIANT, parameters: { num_ctx: 65_536 } });
    const screen = await openList(stage);
    await screen.enter();
    await screen.action("Load Model");
    expect(screen.toast("FAILURE", "Not Enough GPU Memory", "GPU ran out").actions).toEqual([
      "Make It Fit",
      "Copy Details",
    ]);
    await screen.toastAction("Make It Fit");
    screen.says("## Cap the Context at 32K", "The last load failed. The GPU ran out of memory while it worked.");
  });
});
