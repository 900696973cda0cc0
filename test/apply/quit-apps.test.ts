import { afterEach, expect, it } from "vitest";
import { runStep, type StepOf } from "../../src/apply/steps";
import { createSampleMac, type StandInMacOptions } from "../stand-ins/mac";
import { startStandInOllama, type StandInOllama } from "../stand-ins/ollama";
import { changeSystemOf } from "./changes";

let server: StandInOllama;
afterEach(() => server.close());

async function close(
  names: readonly string[],
  mostUsedBytes?: number,
  gpuBytes?: number,
  faults: StandInMacOptions["faults"] = {},
) {
  server = await startStandInOllama({ models: [] });
  const mac = createSampleMac({ faults });
  const step: StepOf<"close-apps"> = {
    kind: "close-apps",
    apps: names.map((name) => ({ name, bundlePath: `/Applications/${name}.app` })),
    mostUsedBytes,
    gpuBytes,
  };
  const outcome = await runStep(changeSystemOf(mac, server), step);
  return { outcome, open: mac.processes.map(({ path }) => path).join("\n") };
}

it("asks each app to quit, and says nothing where there's room then", async () => {
  const { outcome, open } = await close(["Firefox", "Xcode"], 64 * 1024 ** 3);
  expect(outcome).toEqual({ kind: "done", note: undefined });
  expect(open).not.toMatch(/Firefox|Xcode/);
});

it("never asks Raycast or Ollama, whoever ticked them, and goes on", async () => {
  const { outcome, open } = await close(["Raycast", "Ollama"]);
  expect(outcome).toMatchObject({ kind: "done", note: { kind: "remark", title: "2 Apps Are Still Open" } });
  expect(open).toMatch(/Raycast\.app[^]*Ollama\.app/);
});

it("measures again, and says what is still short", async () => {
  const { outcome } = await close(["Firefox"], 1024 ** 3);
  expect(outcome).toMatchObject({
    kind: "done",
    note: {
      kind: "swaps",
      title: "RAM Is Still Short",
      message: expect.stringMatching(/^RAM is still \d+\.\d GiB short\.$/),
    },
  });
});

it("says of an app that stays open whether the Mac swaps, compresses or has room", async () => {
  const USED = 11.1 * 1024 ** 3;
  const noteAt = async (short: number) => {
    const { outcome } = await close(["Raycast"], USED - short * 1024 ** 3);
    await server.close();
    return outcome.kind === "done" ? outcome.note : undefined;
  };
  expect(await noteAt(3)).toMatchObject({ kind: "swaps", title: "Raycast Is Still Open" });
  expect(await noteAt(2)).toMatchObject({ kind: "remark", message: expect.stringContaining("macOS compresses") });
  expect(await noteAt(-1)).toMatchObject({ kind: "remark", message: "There's enough RAM all the same." });
});

it("says of an app that stays open what it likely holds of the GPU's memory", async () => {
  const { outcome } = await close(["Raycast"], 64 * 1024 ** 3, 30 * 1024 ** 3);
  expect(outcome).toMatchObject({
    note: { kind: "trouble", message: "30.0 GiB of the GPU's memory is likely still held." },
  });
});

it("says where macOS doesn't let Raycast ask", async () => {
  const { outcome } = await close(["Firefox"], undefined, undefined, { automationDenied: true });
  expect(outcome).toMatchObject({
    note: { title: "Firefox Is Still Open", more: expect.stringContaining("Automation") },
  });
});

it("leaves alone what isn't running any more", async () => {
  expect((await close(["Keynote"])).outcome).toEqual({ kind: "done", note: undefined });
});
