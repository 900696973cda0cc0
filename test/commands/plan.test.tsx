import { describe, expect, it } from "vitest";
import CheckModelFit from "../../src/check-model-fit";
import { sampleModel } from "../stand-ins/ollama";
import { desk, renderCommand, type Screen } from "../support";
import { setStage, type Stage, type StageOptions } from "./stage";

const MODEL = "qwen3-coder-next:q4_K_M";
const RAISE = "Raise the Limit to 56.0 GiB";
const CAP = "Cap the Context at 64K";
const VARIANT = `${MODEL}-64k`;

async function openPlan(options: StageOptions = {}): Promise<{ screen: Screen; stage: Stage }> {
  const stage = await setStage({
    ...options,
    ollama: { totalVramBytes: 55_662_788_608, ...options.ollama },
  });
  const screen = await renderCommand(<CheckModelFit />, { command: "check-model-fit", world: stage.world });
  await screen.pick(MODEL);
  await screen.action("Show Plan");
  await screen.settle();
  return { screen, stage };
}

async function apply(title: string, options: StageOptions = {}) {
  const opened = await openPlan(options);
  await opened.screen.pick(title);
  await opened.screen.press("Apply");
  await opened.screen.confirm(true);
  await opened.screen.settle();
  return opened;
}

describe("the plan of a model that spills", () => {
  it("says before and after of each way, least change first", async () => {
    const { screen } = await openPlan();
    expect(screen.items().map((item) => item.title)).toEqual([RAISE, CAP, "Lower the Quantization to IQ4_XS"]);
    await screen.pick(RAISE);
    const text = screen.text();
    expect(text).toContain("56.0 GiB limit, 256K context: fits with");
    expect(text).toMatch(/Before\s+[█!|]+/);
    expect(text).toMatch(/\[picture: Before: [\d.]+ GiB of 51\.8 GiB\. After: [\d.]+ GiB of 56\.0 GiB\.\]/);
    expect(text).toContain("An administrator password");
  });

  it("copies the same as commands", async () => {
    const { screen } = await openPlan();
    await screen.pick(RAISE);
    await screen.action("Copy Commands");
    expect(screen.clipboard()).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=57344");
    await screen.pick(CAP);
    await screen.action("Copy Commands");
    expect(screen.clipboard()).toBe(
      `printf '%s\\n' 'FROM ${MODEL}' 'PARAMETER num_ctx 65536' | ollama create ${VARIANT} -f /dev/stdin`,
    );
  });

  it("is carried out with one prompt and verified on the GPU", async () => {
    const { screen, stage } = await apply(RAISE);
    expect(stage.mac.prompts).toHaveLength(1);
    expect(stage.mac.limitMib()).toBe(57_344);
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: MODEL } }]);
    expect(screen.toasts().at(-1)).toMatchObject({ title: "All on the GPU" });
    expect(screen.items().map((item) => item.title)).toEqual(["Nothing to Do"]);
    expect(stage.ollama.pulls).toEqual([]);
    expect(stage.mac.unknownCommands).toEqual([]);
  });

  it("makes a variant without a prompt where a smaller context is enough", async () => {
    const { screen, stage } = await apply(CAP);
    expect(stage.mac.prompts).toHaveLength(0);
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: VARIANT } }]);
    expect(screen.toasts().at(-1)).toMatchObject({ title: "All on the GPU" });
  });

  it("asks before it replaces a model of the variant's name", async () => {
    const { screen, stage } = await openPlan();
    await stage.ollama.put({ ...sampleModel("llama3.1:8b"), name: VARIANT });
    await screen.pick(CAP);
    await screen.press("Apply");
    await screen.confirm(true, false);
    await screen.settle();
    expect(stage.ollama.loaded()).toEqual([]);
    expect(stage.ollama.models().find(({ name }) => name === VARIANT)).toMatchObject({ family: "llama" });
  });

  it("changes nothing when the confirmation is refused", async () => {
    const { screen, stage } = await openPlan();
    await screen.pick(RAISE);
    await screen.press("Apply");
    await screen.confirm(false);
    await screen.settle();
    expect(stage.mac.prompts).toHaveLength(0);
    expect(stage.ollama.models().some(({ name }) => name === VARIANT)).toBe(false);
  });

  it("stops at a cancelled prompt and loads nothing", async () => {
    const { screen, stage } = await apply(RAISE, { mac: { faults: { cancel: true } } });
    expect(stage.mac.limitMib()).toBe(0);
    expect(stage.ollama.loaded()).toEqual([]);
    expect([...screen.toasts().map(({ title }) => title), ...desk.huds].join()).toContain("Nothing Changed");
  });

  it("says so when the model still spills", async () => {
    const { screen } = await apply(RAISE, {
      ollama: {
        totalVramBytes: 55_662_788_608,
        footprint: () => ({ sizeBytes: 55 * 1024 ** 3, vramBytes: 51 * 1024 ** 3 }),
      },
    });
    expect(screen.toasts().at(-1)).toMatchObject({ title: "4.0 GiB still spill to the CPU" });
  });
});

describe("the plan of a model that fits", () => {
  it("has nothing to do and names the largest context", async () => {
    const stage = await setStage({ ollama: { totalVramBytes: 55_662_788_608 } });
    const screen = await renderCommand(<CheckModelFit />, { command: "check-model-fit", world: stage.world });
    await screen.pick("llama3.1:8b");
    await screen.action("Show Plan");
    await screen.settle();
    expect(screen.items().map((item) => item.title)).toEqual(["Nothing to Do"]);
    expect(screen.text()).toContain("128K tokens");
  });
});
