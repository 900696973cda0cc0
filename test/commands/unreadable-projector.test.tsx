import { readdir, rename, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import { describeModel } from "../../src/ollama/model-source";
import { storeDescription } from "../../src/app/description-store";
import { readSettings } from "../../src/app/preferences";
import { connect } from "../../src/app/snapshot";
import { sampleModel, type StandInModel } from "../stand-ins/ollama";
import { renderCommand, type Screen } from "../support";
import { asked, setRemoteStage, setStage, type Stage } from "./stage";

const PROJECTOR = "e".repeat(64);

/** A model that sees: its projector lies in a file of its own. */
function seeing(): StandInModel {
  const model = sampleModel("llama3.1:8b");
  if (model.weights === undefined) throw new Error("The sample has no weights");
  const tensors = [{ name: "v.patch_embd.weight", type: "F16", shape: [1024, 1024] }];
  const metadata = { values: new Map([["general.architecture", "clip"]]), tensors };
  return { ...model, weights: { ...model.weights, projector: { digest: PROJECTOR, metadata } } };
}

function stageOf(): Promise<Stage> {
  return setStage({ ollama: { models: [seeing()], files: true } });
}

function openList({ system }: Stage): Promise<Screen> {
  return renderCommand(<FitModelsToGpuLimit />, { command: "fit-models-to-gpu-limit", system });
}

const badge = (screen: Screen) => screen.items()[0]?.accessories.find(({ kind }) => kind === "tag")?.text;

/** Takes the projector's file away; what it gives puts it back. */
async function hideProjector({ ollama }: Stage): Promise<() => Promise<void>> {
  const file = join(ollama.modelsFolder, "blobs", `sha256-${PROJECTOR}`);
  await rename(file, `${file}-partial`);
  return () => rename(`${file}-partial`, file);
}

describe("a file that's cut off", () => {
  it("makes its model Unknown until it's whole, though its digest stays the same", async () => {
    const stage = await setStage({ ollama: { models: [sampleModel("llama3.1:8b")], files: true } });
    const folder = join(stage.ollama.modelsFolder, "blobs");
    const [name = ""] = (await readdir(folder)).filter((file) => file.startsWith("sha256-"));
    const { size } = await stat(join(folder, name));
    await truncate(join(folder, name), size - 1024 ** 3);
    const first = await openList(stage);
    expect(badge(first)).toBe("Unknown");
    await truncate(join(folder, name), size);
    await first.action("Refresh");
    expect(badge(first)).toBe("Fits · 128K");
    await first.close();
    expect(badge(await openList(stage))).toBe("Fits · 128K");
  });
});

describe("a projector that a disk has lost since", () => {
  it.each(["gone", "cut short"])(
    "makes its model Unknown where it's %s, and no longer once it's whole",
    async (how) => {
      const stage = await stageOf();
      const badgeNow = async () => {
        const screen = await openList(stage);
        const shown = badge(screen);
        await screen.close();
        return shown;
      };
      expect(await badgeNow()).toBe("Fits · 128K");
      const file = join(stage.ollama.modelsFolder, "blobs", `sha256-${PROJECTOR}`);
      const { size } = await stat(file);
      const giveBack = how === "gone" ? await hideProjector(stage) : () => truncate(file, size);
      if (how !== "gone") await truncate(file, size - 1024);
      expect([await badgeNow(), await badgeNow()]).toEqual(["Unknown", "Unknown"]);
      await giveBack();
      expect([await badgeNow(), await badgeNow()]).toEqual(["Fits · 128K", "Fits · 128K"]);
    },
  );
});

describe("a projector that cannot be read", () => {
  it("makes its model Unknown until it can be, though its digest stays the same", async () => {
    const stage = await stageOf();
    const putBack = await hideProjector(stage);
    const first = await openList(stage);
    expect(badge(first)).toBe("Unknown");
    await putBack();
    await first.action("Refresh");
    expect(badge(first)).toBe("Fits · 128K");
    await first.close();

    const before = asked(stage.ollama, "show");
    expect(badge(await openList(stage))).toBe("Fits · 128K");
    expect(asked(stage.ollama, "show")).toBe(before);
  });

  it("is read anew where an earlier version stored it without a size", async () => {
    const stage = await stageOf();
    const client = connect(stage.system, readSettings());
    const [model] = (await client?.models()) ?? [];
    if (client === undefined || model === undefined) throw new Error("The server has no model");
    const needsArrays = () => false;
    const withoutSize = await describeModel({ client, model, isLocal: false, modelsFolders: [], needsArrays });
    storeDescription(model, client.url, withoutSize);
    expect(badge(await openList(stage))).toBe("Fits · 128K");
  });

  it("is sized by the list on a remote server, and not asked for again and again", async () => {
    const stage = await setRemoteStage({ ollama: { models: [seeing()] }, preferences: { remoteLimitGib: "48" } });
    const first = await openList(stage);
    expect(badge(first)).toBe("Fits · 128K");
    await first.close();
    const before = asked(stage.ollama, "show");
    expect(badge(await openList(stage))).toBe("Fits · 128K");
    expect(asked(stage.ollama, "show")).toBe(before);
  });
});
