/** Every picture that the commands draw in a world. */
import { basename } from "node:path";
import type { Screen } from "../../support/screen";
import { inWorld, open } from "./every-screen";

export interface Picture {
  /** What it's of, as the name of a file: "sample-qwen3-8b-details-1". */
  readonly name: string;
  readonly svg: string;
  /** The lines of metadata beside it. */
  readonly beside: readonly string[];
}

/** What is pressed on each model; each opens a view with pictures. */
const MODEL_ACTIONS = ["Make It Fit", "Show All Ways", "Show Plan"];
/** More than one load of a model, so that there's something to compare. */
const LOADS = ["Load Model", "Unload Model", "Load Model", "Unload Model", "Load Model"];

/** Each picture once, world after world: the models' details and plans, and this Mac. */
export async function* allPictures(worlds: readonly string[]): AsyncGenerator<Picture> {
  const seen = new Set<string>();
  for (const world of worlds) {
    for (const picture of await picturesIn(world)) {
      if (seen.has(picture.svg)) continue;
      seen.add(picture.svg);
      yield picture;
    }
  }
}

async function picturesIn(name: string): Promise<readonly Picture[]> {
  return inWorld(name, async (world) => {
    const pictures: Picture[] = [];
    const note = (screen: Screen, about: readonly string[]) => {
      const beside = screen.metadata().map(({ title, value }) => `${title}: ${value}`);
      screen.pictures().forEach((svg, index) => {
        const file = [basename(name), ...about, String(index + 1)].join("-").replaceAll(/[^\w.@]+/g, "-");
        pictures.push({ name: file, svg, beside });
      });
    };
    const macOf = async (command: string) => {
      const screen = await open(command, world);
      if (screen.actions().includes("Show Picture")) {
        await screen.action("Show Picture");
        note(screen, [command]);
      }
      await screen.close();
    };
    await macOf("set-gpu-limit");
    const list = await open("fit-models-to-gpu-limit", world);
    const models = list.items().map(({ title }) => title);
    for (const model of models) await plansOf(list, model, note);
    for (const model of models) await detailOf(list, model, note);
    await list.close();
    // Models are loaded by now.
    await macOf("show-gpu-memory");
    return pictures;
  });
}

type Note = (screen: Screen, about: readonly string[]) => void;

async function plansOf(list: Screen, model: string, note: Note): Promise<void> {
  for (const action of MODEL_ACTIONS) {
    if (!(await has(list, model)) || !list.actions().includes(action)) continue;
    const depth = list.depth();
    await list.action(action);
    if (list.isList()) {
      for (const { title } of list.items()) {
        await list.pick(title);
        note(list, [model, title]);
      }
    } else note(list, [model, action.toLowerCase()]);
    while (list.depth() > depth) await list.back();
  }
}

async function detailOf(list: Screen, model: string, note: Note): Promise<void> {
  if (!(await has(list, model)) || !list.actions().includes("Show Details")) return;
  for (const action of LOADS) if (list.actions().includes(action)) await list.action(action);
  await list.pick(model);
  await list.action("Show Details");
  note(list, [model, "details"]);
  await list.action("Hide Details");
}

/** Selects a model, where it's one and is still there. */
async function has(list: Screen, title: string): Promise<boolean> {
  if (list.items().filter((item) => item.title === title).length !== 1) return false;
  await list.pick(title);
  return true;
}
