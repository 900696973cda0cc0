/** What is loaded has one size, one place and one sum, wherever it's shown: the list, Show GPU Memory, the menu bar, an assistant. */
import { expect, it } from "vitest";
import getGpuMemory from "../src/tools/get-gpu-memory";
import { desk } from "./support";
import { asJson, inWorld } from "./tools/in-world";
import { open } from "./worlds/support/every-screen";
import type { BuiltWorld } from "./worlds/support/build";

const LIST = "fit-models-to-gpu-limit";
const MEMORY = "show-gpu-memory";
const MENU = "show-gpu-memory-in-menu-bar";

/** Counts that are right, short, above the limit; models that spill, grow, and run without a GPU or on another machine. */
const WORLDS = [
  "H2-spilled-at-a-clients-context",
  "C7-context-of-a-client",
  "C31-count-short-of-a-cache",
  "C31-count-within-the-band",
  "C43-mlx-loaded-above-the-limit",
  "N7-mlx-may-grow",
  "mlx-grows-past-the-limit",
  "E56-limit-of-a-remote-mac",
  "N6-docker",
  "A7-another-port",
  "A7-own-name",
] as const;

interface Answer {
  readonly loaded: readonly { name: string; sizeGiB: number; onCpuPercent: number; growsToGiB?: number }[] | "Unknown";
}

/** "31.2 of 51.8 GiB" of "2 loaded · at least 31.2 of 51.8 GiB" and of the other way round. */
const figuresOf = (subtitle: string | null | undefined) =>
  subtitle
    ?.split(" · ")
    .map((part) => part.replace(/^at least /, ""))
    .toSorted();

/** Sizes in a text, as bytes rounded to what is shown. */
const sizesIn = (text: string): readonly string[] => text.match(/\d[\d.]* [GM]iB/g) ?? [];

const shown = (gib: number) => (gib < 1 ? `${Math.round(gib * 1024)} MiB` : `${gib.toFixed(1)} GiB`);

async function subtitlesIn(world: BuiltWorld) {
  for (const command of [LIST, MEMORY, MENU]) await (await open(command, world)).close();
  return [LIST, MEMORY, MENU].map((command) => figuresOf(desk.subtitles.get(command)));
}

it.each(WORLDS)("in the world %s", async (name) => {
  const world = await inWorld(name);
  const [list, memory, menu] = await subtitlesIn(world);
  expect(memory).toEqual(list);
  expect(menu).toEqual(list);

  const rows = await open(MEMORY, world);
  const items = rows.items().filter(({ section }) => section === "Loaded Models");
  await rows.close();
  const bar = await open(MENU, world);
  const lines = bar.text().split("\n");
  await bar.close();
  const { loaded } = asJson(await getGpuMemory()) as unknown as Answer;
  if (loaded === "Unknown") return expect(list).toBeUndefined();
  expect(loaded.map((model) => model.name).sort()).toEqual(items.map(({ title }) => title).sort());
  for (const model of loaded) {
    const item = items.find(({ title }) => title === model.name);
    const line = lines.find((each) => each.includes(`▸ ${model.name} · `)) ?? "";
    const tags = item?.accessories.map((accessory) => accessory.text).join(" ") ?? "";
    expect(sizesIn(line)[0]).toBe(shown(model.sizeGiB));
    expect(sizesIn(tags)[0]).toBe(shown(model.sizeGiB));
    const [, grows] = sizesIn(line);
    expect(grows).toBe(model.growsToGiB === undefined ? undefined : shown(model.growsToGiB));
    if (grows !== undefined) expect(item?.tooltips.join("\n")).toContain(`to ${grows}`);
    expect(line.includes("on the CPU")).toBe(model.onCpuPercent > 0);
    expect(/Spilled|On the CPU/.test(tags)).toBe(model.onCpuPercent > 0);
  }
});

it("a list that's judged at another context for the moment leaves the menu bar what it has", async () => {
  const world = await inWorld("N7-mlx-may-grow");
  const list = await open(LIST, world);
  await list.dropdown("256K");
  await list.close();
  const bar = await open(MENU, world);
  bar.says("17.0 GiB, grows to 26.0 GiB");
  await bar.close();
});
