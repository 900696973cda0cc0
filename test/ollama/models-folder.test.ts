import { describe, expect, it } from "vitest";
import { findForbidden, readModelsFolder } from "../../src/ollama/models-folder";
import { createSampleMac, type StandInMacOptions } from "../stand-ins/mac";

const USUAL = "/Users/sam/.ollama/models";

function read(used: string | undefined, there: readonly string[], mac: Partial<StandInMacOptions> = {}) {
  const system = { ...createSampleMac(mac).system(), lookFor: async (path: string) => there.includes(path) };
  return readModelsFolder(system, {
    modelsFolder: used === undefined ? undefined : { value: used, source: "server log" },
  });
}

describe("the models folder of a server without models", () => {
  it("is what it logs, or the usual one", async () => {
    expect(await read("/Volumes/Disk/models", [])).toEqual({ used: "/Volumes/Disk/models", isThere: false });
    expect(await read(undefined, [USUAL])).toEqual({ used: USUAL, isThere: true });
  });

  it("differs from one that the app's settings or the session name for the next start", async () => {
    const launchctlEnv = { OLLAMA_MODELS: "/Volumes/Disk/models" };
    expect((await read(USUAL, [USUAL], { launchctlEnv })).other).toEqual({
      path: "/Volumes/Disk/models",
      by: "launchctl",
    });
    expect((await read(USUAL, [USUAL], { launchctlEnv, appModelsFolder: "/Volumes/Other" })).other).toEqual({
      path: "/Volumes/Other",
      by: "the app's settings",
    });
    expect((await read("/Volumes/Disk/models", [], { launchctlEnv })).other).toBeUndefined();
    expect((await read(USUAL, [USUAL], { appModelsFolder: "" })).other).toBeUndefined();
  });

  it("is looked for on the disk", async () => {
    const system = createSampleMac().system();
    expect(await readModelsFolder(system, { modelsFolder: { value: "/", source: "server log" } })).toMatchObject({
      isThere: true,
    });
    expect(await readModelsFolder(system, { modelsFolder: { value: "/nowhere", source: "server log" } })).toMatchObject(
      {
        isThere: false,
      },
    );
  });
});

describe("a folder that macOS keeps Raycast from", () => {
  const find = (codes: Readonly<Record<string, string>>, used?: string, preferred?: string) =>
    findForbidden(
      {
        homeFolder: "/Users/sam",
        env: {},
        openFolder: async (path) => {
          const code = codes[path];
          if (code !== undefined) throw Object.assign(new Error(code), { code });
        },
      },
      { modelsFolder: used === undefined ? undefined : { value: used, source: "server log" } },
      preferred,
    );

  it("is the server's, that of the preferences or the usual one", async () => {
    expect(await find({ "/Volumes/A": "EPERM" }, "/Volumes/A")).toBe("/Volumes/A");
    expect(await find({ "/Volumes/B": "EPERM" }, "/Volumes/A", "/Volumes/B")).toBe("/Volumes/B");
    expect(await find({ [USUAL]: "EPERM" })).toBe(USUAL);
  });

  it("is none that isn't there or that this user may not read", async () => {
    expect(await find({ "/Volumes/A": "ENOENT", [USUAL]: "EACCES" }, "/Volumes/A")).toBeUndefined();
    expect(await find({}, "/Volumes/A")).toBeUndefined();
  });
});
