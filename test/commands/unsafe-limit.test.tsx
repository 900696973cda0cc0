import { says } from "../support/meaning";
import { describe, expect, it } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import CreateCappedVariant from "../../src/create-capped-variant";
import ShowGpuMemory from "../../src/show-gpu-memory";
import { renderCommand, type Screen } from "../support";
import { setStage, type Stage } from "./stage";

const GIB = 1024 ** 3;
const WARNING =
  "32,768 MiB (32.0 GiB) is in force, which leaves nothing of this Mac's 32.0 GiB for macOS: it may freeze or restart. Verdicts rest on 28.0 GiB, the highest safe limit.";

/** A 32 GB Mac whose limit somebody set to all of its RAM, before Ollama was started. */
function unsafeStage(): Promise<Stage> {
  return setStage({ mac: { ramGib: 32, overrideMib: 32_768 }, ollama: { totalVramBytes: 32 * GIB } });
}

const openList = ({ system }: Stage) =>
  renderCommand(<FitModelsToGpuLimit />, { command: "fit-models-to-gpu-limit", system });

function words(screen: Screen): string {
  return screen.text().replace(/\s+/g, " ");
}

describe("a limit above the highest safe one", () => {
  it("stands at the top of the list, and every verdict rests on the highest safe one", async () => {
    const screen = await openList(await unsafeStage());
    expect(screen.items()[0]).toMatchObject({
      section: "Limit Not Safe",
      title: "32.0 GiB of 32.0 GiB",
      subtitle: "Verdicts rest on 28.0 GiB",
    });
    await screen.pick("qwen3-coder:30b");
    const badge = screen.item("qwen3-coder:30b").accessories.find(({ kind }) => kind === "tag");
    says(badge?.tooltip, "of 28.0 GiB", "highest safe", "32.0 GiB is in force");
    expect(badge?.tooltip).toContain(WARNING);
    await screen.action("Show Details");
    expect(screen.metadata()).toContainEqual(expect.objectContaining({ title: "Note", value: WARNING }));
  });

  it("doesn't move Ollama's default context, which follows what is in force", async () => {
    const screen = await openList(await unsafeStage());
    expect(words(screen)).toMatch(/qwen3-coder:30b .*· 32K/);
  });

  it("goes back to the macOS default from its row", async () => {
    const stage = await unsafeStage();
    const screen = await openList(stage);
    await screen.pick("32.0 GiB of 32.0 GiB");
    await screen.press("Reset GPU Limit");
    await screen.settle();
    await screen.confirm(true);
    await screen.settle();
    expect(stage.mac.limitMib()).toBe(0);
    expect(words(screen)).not.toContain("Limit Not Safe");
  });

  it("is warned of in the plan", async () => {
    const screen = await openList(await unsafeStage());
    await screen.pick("qwen3-coder-next:q4_K_M");
    await screen.action("Show All Ways");
    await screen.settle();
    expect(words(screen)).toContain("Verdicts rest on 28.0 GiB, the highest safe limit.");
    expect(words(screen)).not.toContain("Raise the Limit");
  });

  it("is warned of in Show GPU Memory, which shows what is in force", async () => {
    const { system } = await unsafeStage();
    const screen = await renderCommand(<ShowGpuMemory />, { command: "show-gpu-memory", system, boundMs: 30_000 });
    const row = screen.item("Limit in Force");
    expect(row.subtitle).toBe("more than is safe: this Mac may freeze");
    expect(row.accessories).toMatchObject([{ text: "32.0 GiB", tooltip: WARNING }]);
    await screen.pick("Limit in Force");
    expect(screen.actions()).toContain("Reset GPU Limit");
    expect(words(screen)).toContain("Fits Together in 28.0 GiB");
  });

  it("is warned of in Create Capped Variant", async () => {
    const { system } = await unsafeStage();
    const screen = await renderCommand(<CreateCappedVariant />, { command: "create-capped-variant", system });
    expect(words(screen)).toContain(`Limit Not Safe ${WARNING}`);
  });
});
