/** Does what a person would do, command after command, in a world or on this Mac. Free of the test runner. */
import type { LaunchProps } from "@raycast/api";
import { createElement, type FunctionComponent } from "react";
import type { System } from "../../../src/app/system";
import { desk } from "../../stand-ins/raycast/desk";
import { readManifest } from "../../stand-ins/raycast/manifest";
import { runNoView } from "../../support/no-view";
import { renderCommand, type RenderOptions, type Screen } from "../../support/screen";
import type { Event, Step, Visit } from "./steps";

export const COMMANDS = readManifest().commands;
export const COMMAND_NAMES = COMMANDS.map(({ name }) => name);
const FIRST_COMMAND = COMMAND_NAMES[0] ?? "";

/** Where the commands run. */
export interface Place {
  readonly system: System;
  /** What comes about there; only time passes on a Mac of one's own. */
  readonly happen: (event: Event) => Promise<void>;
  /** How long a screen may take to settle. */
  readonly boundMs?: number;
}

/** Who looks on; asked after every step, while what is described can be read. */
export interface Onlooker {
  readonly opens?: (command: string) => void;
  readonly does?: (step: Step) => void;
  /** What the command shows after it was opened and after each step. */
  readonly sees: (command: string, screen: Screen) => void;
  /** A command without a view has ended; what it said is on the desk. */
  readonly hears: (command: string) => void;
  /** An alert was left open at the end of a command. */
  readonly leavesAlert?: () => void;
}

/**
 * Plays visits one after the other in the same place; what a command has Raycast start in the background comes right after
 * it. @throws what a step throws; the views are closed then, too.
 */
export async function play(visits: readonly Visit[], place: Place, onlooker: Onlooker): Promise<void> {
  const left = [...visits];
  for (let visit = left.shift(); visit !== undefined; visit = left.shift()) {
    // What an earlier command left on screen is gone when the next one opens; what it stored stays.
    Object.assign(desk, { toasts: [], huds: [], alerts: [], opened: [], launched: [], clipboard: [] });
    const name = visit.command ?? FIRST_COMMAND;
    onlooker.opens?.(name);
    const mode = COMMANDS.find((command) => command.name === name)?.mode;
    if (mode === "no-view") await playWithoutView(name, visit, place, onlooker);
    else await playView(name, visit, place, onlooker);
    left.unshift(...startedInBackground());
  }
}

function startedInBackground(): readonly Visit[] {
  return desk.launched
    .filter(({ type }) => String(type) === "background")
    .map(({ name, context }) => ({ command: name, arguments: {}, launchType: "background", context, steps: [] }));
}

async function playWithoutView(name: string, { steps, arguments: args }: Visit, place: Place, onlooker: Onlooker) {
  const { default: command } = (await import(`../../../src/${name}.ts`)) as {
    default: (props: LaunchProps) => unknown;
  };
  const answers: boolean[] = [];
  for (const step of steps) {
    if (step.kind === "confirm") answers.push(step.answer);
    else if (isEvent(step)) await place.happen(step);
    else throw new Error(`${name} has no view: it takes confirm and argument only`);
  }
  let failure: unknown;
  await runNoView(command, {
    command: name,
    system: place.system,
    arguments: args,
    answers,
    spareAnswers: "keep",
  }).catch((error: unknown) => {
    failure = error;
  });
  onlooker.hears(name);
  if (desk.alerts.some(({ answer }) => answer === undefined)) onlooker.leavesAlert?.();
  else if (failure !== undefined) throw failure;
}

async function playView(
  name: string,
  {
    steps,
    arguments: args,
    context: launchContext,
    launchType = "userInitiated",
  }: Omit<Visit, "launchType"> & Pick<RenderOptions, "launchType">,
  place: Place,
  onlooker: Onlooker,
) {
  const { default: Command } = (await import(`../../../src/${name}.tsx`)) as {
    default: FunctionComponent<LaunchProps>;
  };
  const props = { launchType, arguments: args, launchContext } as unknown as LaunchProps;
  const { system, boundMs } = place;
  // What a person has run once is switched on.
  desk.enabledCommands.add(name);
  const screen = await renderCommand(createElement(Command, props), { command: name, system, boundMs, launchType });
  try {
    onlooker.sees(name, screen);
    for (const step of steps) {
      onlooker.does?.(step);
      await take(screen, step, place);
      onlooker.sees(name, screen);
    }
  } catch (error) {
    // A view that stays open may go on reading for ever. What it leaves undone follows from the step that failed.
    await screen.close().catch(() => undefined);
    throw error;
  }
  if (desk.openAlert !== undefined) {
    onlooker.leavesAlert?.();
    desk.openAlert = undefined;
  }
  const spare = desk.answers.splice(0);
  await screen.close();
  desk.answers = spare;
}

function isEvent(step: Step): step is Event {
  return ["wait", "sysctl", "client", "restart-mac"].includes(step.kind);
}

async function take(screen: Screen, step: Step, place: Place): Promise<void> {
  switch (step.kind) {
    case "pick":
      return screen.pick(step.text);
    case "action":
      return screen.action(step.text);
    case "enter":
      return screen.enter();
    case "search":
      return screen.search(step.text);
    case "dropdown":
      return screen.dropdown(step.text);
    case "toast":
      return screen.toastAction(step.text);
    case "fill":
      return screen.fill(step.name, step.value);
    case "choose":
      return screen.choose(step.name, step.value);
    case "confirm":
      return screen.confirm(step.answer);
    case "submit":
      return screen.submit();
    case "back":
      return screen.back();
    case "wait":
    case "sysctl":
    case "client":
    case "restart-mac":
      await place.happen(step);
      return screen.settle();
  }
}
