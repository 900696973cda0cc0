/** Every screen of every command as text: on the sample by trying what there is to press, in the worlds by their steps. */
import type { LaunchProps } from "@raycast/api";
import { createElement, type FunctionComponent } from "react";
import { desk, resetRaycast, setPreferences } from "../../stand-ins/raycast/desk";
import { hudLines } from "../../support/screen-text";
import { renderCommand, type Screen } from "../../support/screen";
import { buildWorld, type BuiltWorld } from "./build";
import { COMMANDS, type Onlooker, play } from "./play";
import { furnish, visitsOf, worldNames, worldPath } from "./run-world";
import { readWorld } from "./schema";
import { nothingSeen, watcher } from "./seen";

/** All screens of one command in one world, one below the other. */
export interface ShownScreens {
  /** "sample fit-models-to-gpu-limit", "A2-docker". */
  readonly name: string;
  readonly text: string;
}

/** Deeper than a list, its plan and the form below that nothing goes. */
const MOST_VIEWS = 3;
const RULE = `\n\n${"═".repeat(100)}\n`;

/** Walks through the sample and then through the worlds, or through the worlds named. */
export async function* everyScreen(worlds: readonly string[] = worldNames()): AsyncGenerator<ShownScreens> {
  if (worlds.includes("sample")) {
    for (const { name, mode } of COMMANDS) {
      const text = mode === "no-view" ? await withoutView(name) : await explored(name);
      yield { name: `sample ${name}`, text };
    }
  }
  for (const name of worlds) yield { name, text: await playedAndOpened(name) };
}

/** A world with nothing opened yet, for as long as the work takes. */
export async function inWorld<T>(name: string, work: (world: BuiltWorld) => Promise<T>): Promise<T> {
  const path = worldPath(name);
  const world = readWorld(path);
  const built = await buildWorld(world, path);
  try {
    resetRaycast();
    setPreferences(world.preferences);
    furnish(world);
    return await work(built);
  } finally {
    resetRaycast();
    await built.close();
  }
}

async function withoutView(command: string): Promise<string> {
  return inWorld("sample", async (world) => {
    const seen = nothingSeen();
    await play([{ command, arguments: {}, steps: [{ kind: "confirm", answer: true }] }], world, watcher(seen));
    return textOf(
      seen.views.map(({ text }) => text),
      world,
    );
  });
}

/** The steps of a world, then each command as it opens there. */
async function playedAndOpened(name: string): Promise<string> {
  return inWorld(name, async (world) => {
    const seen = nothingSeen();
    const path = worldPath(name);
    await play(visitsOf(readWorld(path), path), world, watcher(seen)).catch((error: unknown) => {
      seen.views.push({ command: "", step: undefined, text: String(error) });
    });
    await openEach(world, watcher(seen));
    return textOf([...seen.views.map(({ text }) => text), ...seen.alerts], world);
  });
}

/** Opens each command that has a view, and does nothing there. */
export async function openEach(world: BuiltWorld, onlooker: Onlooker): Promise<void> {
  desk.answers = [];
  for (const { name: command } of COMMANDS.filter(({ mode }) => mode !== "no-view")) {
    await play([{ command, arguments: {}, steps: [] }], world, onlooker);
  }
}

/** A command with every row selected and every action of a section pressed once; questions are answered with no. */
async function explored(command: string): Promise<string> {
  return inWorld("sample", async (world) => {
    // What an administrator changes would change the screens that come after it.
    world.mac.faults = { cancel: true };
    const texts: string[] = [];
    const pressed = new Set<string>();
    // An action may end the command: it is opened anew until none is left to press.
    for (let isDone = false; !isDone;) {
      const screen = await open(command, world);
      isDone = await explore(screen, texts, pressed);
      desk.openAlert = undefined;
      desk.answers = [];
      await screen.close();
    }
    return textOf(texts, world);
  });
}

/** Opens a command that has a view. */
export async function open(command: string, { system }: BuiltWorld): Promise<Screen> {
  const module = (await import(`../../../src/${command}.tsx`)) as { default: FunctionComponent<LaunchProps> };
  const props = { launchType: "userInitiated", arguments: {} } as unknown as LaunchProps;
  return renderCommand(createElement(module.default, props), { command, system, boundMs: 60_000 });
}

/** Tries what the view on top offers. @returns whether there is nothing left to press, false where the view is gone. */
async function explore(screen: Screen, texts: string[], pressed: Set<string>): Promise<boolean> {
  const depth = screen.depth();
  note(screen, texts);
  // Rows of one section offer the same: each action is pressed once there.
  const sections = new Map(screen.isList() ? screen.items().map(({ title, section }) => [title, section]) : []);
  for (const [row, section] of sections.size > 0 ? sections : [[undefined, ""] as const]) {
    const select = async () => {
      if (row !== undefined && screen.items().some(({ title }) => title === row)) await screen.pick(row);
    };
    await select();
    note(screen, texts);
    for (const action of screen.actions()) {
      const mark = `${depth} ${section} ${action.replaceAll(/\d[\d.,]*/g, "#")}`;
      if (pressed.has(mark)) continue;
      pressed.add(mark);
      if (!screen.actions().includes(action)) continue;
      await screen.action(action);
      note(screen, texts);
      for (; desk.openAlert !== undefined; note(screen, texts)) await screen.confirm(false);
      if (screen.closed() || screen.depth() < depth) return false;
      if (screen.depth() > depth) {
        if (depth < MOST_VIEWS) await explore(screen, texts, pressed);
        else note(screen, texts);
        while (!screen.closed() && screen.depth() > depth) await screen.back();
        if (screen.closed()) return false;
      }
      desk.toasts = [];
      await select();
    }
  }
  return true;
}

function note(screen: Screen, texts: string[]): void {
  const huds = desk.huds.splice(0).flatMap((hud) => hudLines(hud));
  const actions =
    desk.openAlert !== undefined || screen.closed() ? [] : ["", `Actions: ${screen.actions().join(" · ")}`];
  texts.push([screen.text(), ...actions, ...huds].join("\n"));
}

/** Each screen once, one below the other. */
function textOf(texts: readonly string[], { homeFolder }: BuiltWorld): string {
  return [...new Set(texts)].join(RULE).replaceAll(homeFolder, "/Users/sam");
}
