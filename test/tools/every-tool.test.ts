/** Every tool in every kind of world: what a tool answers there, what it asks before it changes something, and what it refuses. */
import type { Tool } from "@raycast/api";
import { describe, expect, it } from "vitest";
import applyPlan, { confirmation as confirmPlan } from "../../src/tools/apply-plan";
import explainFit from "../../src/tools/explain-fit";
import getGpuMemory from "../../src/tools/get-gpu-memory";
import listModels from "../../src/tools/list-models";
import planFit from "../../src/tools/plan-fit";
import setGpuLimit, { confirmation as confirmLimit } from "../../src/tools/set-gpu-limit";
import { ToolRefusal } from "../../src/tools/shared/refusal";
import unloadModel, { confirmation as confirmUnload } from "../../src/tools/unload-model";
import type { BuiltWorld } from "../worlds/support/build";
import { asJson, inWorld } from "./in-world";

const WORLDS = {
  sample: "sample",
  busy: "T1-room-in-ram-for-a-tool",
  "a busy client's": "C7-context-of-a-client",
  MLX: "C43-mlx-loaded-above-the-limit",
  "MLX with its metadata": "mlx-beyond-safe",
  remote: "E56-limit-of-a-remote-mac",
  "remote MLX": "mlx-remote",
} as const;

/** All that a tool could change. */
function pictureOf({ mac, servers, starts }: BuiltWorld): string {
  return JSON.stringify({
    limitMib: mac.limitMib(),
    prompts: mac.prompts.length,
    variables: [...mac.launchctlEnv],
    daemons: [...mac.daemons.keys()],
    processes: mac.processes.map(({ command }) => command).sort(),
    servers: [...servers].map(([address, server]) => [
      address,
      starts.get(address),
      server.models().map(({ name }) => name),
      server.loaded().map(({ model, numCtx }) => [model.name, numCtx]),
    ]),
  });
}

const SENTENCE = /^[A-Z\d].*[.!?]$/s;

interface Outcome {
  readonly asked: Awaited<ReturnType<Tool.Confirmation<unknown>>>;
  readonly answer?: Record<string, unknown>;
  readonly refusal?: string;
}

/**
 * Uses a tool that changes something as Raycast does: the question first. Whatever comes of it, asking changes nothing,
 * what isn't asked changes nothing, and a refusal is a sentence.
 */
async function use<T>(
  world: BuiltWorld,
  confirmation: Tool.Confirmation<T>,
  tool: (input: T) => Promise<unknown>,
  input: T,
): Promise<Outcome> {
  const before = pictureOf(world);
  const refused = (error: unknown): Outcome => {
    expect(error).toBeInstanceOf(ToolRefusal);
    const { message } = error as ToolRefusal;
    expect(message).toMatch(SENTENCE);
    return { asked: undefined, refusal: message };
  };
  let asked: Outcome["asked"];
  try {
    asked = await confirmation(input);
  } catch (error) {
    expect(pictureOf(world)).toBe(before);
    return refused(error);
  }
  expect(pictureOf(world)).toBe(before);
  for (const { value } of asked?.info ?? []) if (value !== undefined) expect(value).not.toMatch(/undefined|NaN/);
  try {
    const answer = asJson(await tool(input));
    if (asked === undefined) expect(pictureOf(world)).toBe(before);
    return { asked, answer };
  } catch (error) {
    return { ...refused(error), asked };
  }
}

async function names(): Promise<readonly string[]> {
  const { models } = asJson(await listModels({})) as { models: { name: string }[] };
  return models.map(({ name }) => name);
}

interface Planned {
  readonly options?: { title: string; planId?: string; steps: string[]; leftToThePerson?: string; byHand?: string[] }[];
}

describe.each(Object.entries(WORLDS))("in the %s world", (_, name) => {
  it("each tool that reads answers in short JSON and changes nothing", async () => {
    const world = await inWorld(name);
    const before = pictureOf(world);
    for (const model of await names()) {
      for (const answer of [await explainFit({ model }), await planFit({ model }), await getGpuMemory()]) {
        expect(JSON.stringify(answer).length).toBeLessThan(12_000);
        expect(JSON.stringify(answer)).not.toMatch(/undefined|NaN|\[object/);
      }
    }
    expect(pictureOf(world)).toBe(before);
  });

  it("set-gpu-limit asks, sets this Mac's limit and gives it back", async () => {
    const world = await inWorld(name);
    const { thisMac } = asJson(await getGpuMemory()) as { thisMac: { highestSafeLimitGiB: number } };
    const limitGiB = Math.floor(thisMac.highestSafeLimitGiB);
    const wasMib = world.mac.limitMib();
    const { asked, answer } = await use(world, confirmLimit, setGpuLimit, { limitGiB });
    if (wasMib !== limitGiB * 1024) expect(asked?.message).toMatch(/^Set the GPU limit to /);
    expect(answer?.["result"]).toMatch(SENTENCE);
    expect(world.mac.limitMib()).toBe(limitGiB * 1024);
    const isRemote = world.servers.keys().next().value?.startsWith("studio.local") ?? false;
    expect(JSON.stringify(asked).includes("Ollama runs on another machine")).toBe(isRemote);
    const back = await use(world, confirmLimit, setGpuLimit, { limitGiB: 0 });
    expect(back.asked?.message).toBe("Give the GPU limit back to macOS?");
    expect(world.mac.limitMib()).toBe(0);
    // Nothing would change: nothing is asked.
    expect((await use(world, confirmLimit, setGpuLimit, { limitGiB: 0 })).asked).toBeUndefined();
    const tooMuch = await use(world, confirmLimit, setGpuLimit, { limitGiB: limitGiB + 1 });
    expect(tooMuch.refusal).toMatch(/Nothing changed/);
  });

  it("unload-model asks where something is loaded, and says where nothing is", async () => {
    const world = await inWorld(name);
    const [server] = world.servers.values();
    const loaded = server?.loaded().map(({ model }) => model.name) ?? [];
    for (const model of loaded) {
      const { asked, answer } = await use(world, confirmUnload, unloadModel, { model });
      expect(asked?.message).toContain(`Unload ${model}?`);
      expect(answer?.["result"]).toBe("Unloaded.");
    }
    expect(server?.loaded()).toEqual([]);
    const [model = ""] = await names();
    expect((await use(world, confirmUnload, unloadModel, { model })).answer?.["result"]).toContain("Nothing changed.");
  });

  it("apply-plan does what it asked for and judges again; what has no id says who does it", async () => {
    const world = await inWorld(name);
    for (const model of (await names()).slice(0, 3)) {
      const { options = [] } = asJson(await planFit({ model })) as unknown as Planned;
      for (const option of options) {
        if (option.planId !== undefined) continue;
        expect(option.leftToThePerson ?? option.byHand?.join() ?? "").not.toBe("");
      }
      const first = options.find(({ planId }) => planId !== undefined);
      if (first?.planId === undefined) continue;
      const { asked, answer } = await use(world, confirmPlan, applyPlan, { planId: first.planId });
      expect(asked?.message).toContain(`${first.title} for ${model.split("@")[0]}?`);
      const shown = asked?.info?.map(({ value }) => value).join("\n");
      for (const step of first.steps) expect(shown).toContain(step);
      expect(answer?.["plan"]).toBe(first.title);
      expect(answer?.["judgedAgain"]).toMatchObject({ verdict: expect.stringMatching(/\S/) });
      // Done is done: its id is of no more use.
      const again = await use(world, confirmPlan, applyPlan, { planId: first.planId });
      expect(again.refusal ?? again.answer?.["plan"]).toBeDefined();
    }
    const unknown = await use(world, confirmPlan, applyPlan, { planId: "qwen3:8b@0123456789ab~now~0123456789ab" });
    expect(unknown.refusal).toMatch(SENTENCE);
  });
});

it("what's left to the person is all of it", async () => {
  await inWorld("mlx-grows-past-the-limit");
  const [model = ""] = await names();
  const { options = [] } = asJson(await planFit({ model })) as unknown as Planned;
  const both = options.find(({ title }) => /^Close Apps.* Tokens in the Client$/.test(title));
  expect(both?.planId).toBeUndefined();
  expect(both?.leftToThePerson).toMatch(/sets this in the client.* closes apps that use about/);
});

it("apply-plan closes no app: the question and the answer say so, and it's judged again", async () => {
  const world = await inWorld(WORLDS.busy);
  const [model = ""] = await names();
  const { options = [] } = asJson(await planFit({ model })) as unknown as Planned;
  const closing = options.find(({ title }) => title.startsWith("Close Apps"));
  expect(closing?.leftToThePerson).toMatch(/^The person closes apps that use about [\d.]+ GiB: no tool does\./);
  const apps = world.mac.processes.map(({ command }) => command).filter((command) => command.includes("Blender"));
  const { asked, answer } = await use(world, confirmPlan, applyPlan, { planId: closing?.planId ?? "" });
  expect(asked?.message).toMatch(/Closing apps is left to you\.$/);
  expect(asked?.info).toContainEqual({
    name: "Left to You",
    value: expect.stringMatching(/^Close apps that use about/),
  });
  expect(answer?.["leftToThePerson"]).toBe(closing?.leftToThePerson);
  expect(answer?.["judgedAgain"]).toMatchObject({ name: "llama3.1:8b-64k", verdict: expect.stringContaining("Swaps") });
  // It's neither loaded into swap nor is anything closed.
  expect([...world.servers.values()].flatMap((server) => server.loaded())).toEqual([]);
  expect(world.mac.processes.map(({ command }) => command)).toEqual(expect.arrayContaining(apps));
});
