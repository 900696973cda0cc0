/**
 * Runs the real commands without Raycast and prints them as text: `npm run -s preview -- set-gpu-limit submit`.
 * On a Mac they act on that Mac and its Ollama, anywhere else on an embedded sample.
 */
import type { LaunchProps } from "@raycast/api";
import { createElement, type FunctionComponent } from "react";
import { getSystem, type System } from "../src/app/system";
import { desk, setPreferences } from "../test/stand-ins/raycast/desk";
import { readManifest } from "../test/stand-ins/raycast/manifest";
import { deskView } from "../test/support/desk-view";
import { ansi, plain, widthOf, wrap } from "../test/support/layout";
import { runNoView } from "../test/support/no-view";
import { renderCommand, type Screen } from "../test/support/screen";
import { alertLines, toastLines } from "../test/support/screen-text";
import { parseRequest, type PreviewRequest, type Step, STEP_HELP, type Visit } from "./preview/steps";
import { sampleWorld } from "./preview/sample-world";

const commands = readManifest().commands;
const terminal = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
const paint = terminal ? ansi : plain;
const width = Math.min(100, process.stdout.columns ?? 100);

/** Long enough for a person at a password prompt; the sample never needs it. */
const BOUND_MS = 600_000;

const ALERT_HINT = 'The alert waits: add the step "confirm yes" or "confirm no".';

const USAGE = `Usage: npm run -s preview -- [--sample|--local] [COMMAND] [STEP...]

Commands: ${commands.map((command) => command.name).join(", ")}

Steps:
${STEP_HELP}`;

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  if (words.includes("--help")) return print(USAGE);
  const request = parseRequest(
    words,
    commands.map((command) => command.name),
  );
  const local = (request.world ?? (process.platform === "darwin" ? "local" : "sample")) === "local";
  if (local) {
    print(paint("LOCAL: this machine and its Ollama; what you confirm here is really done", "faint"));
    await run(request, getSystem());
    return;
  }
  const sample = await sampleWorld();
  try {
    print(paint(`SAMPLE: ${sample.label}`, "faint"));
    await run(request, sample.system);
  } finally {
    await sample.close();
  }
}

async function run(request: PreviewRequest, system: System): Promise<void> {
  setPreferences(request.preferences);
  for (const [index, visit] of request.visits.entries()) {
    if (index > 0) print("");
    // What an earlier command left on screen is gone when the next one opens; what it stored stays.
    Object.assign(desk, { toasts: [], huds: [], alerts: [], opened: [], launched: [], clipboard: [] });
    const name = visit.command ?? "check-model-fit";
    const mode = commands.find((command) => command.name === name)?.mode;
    if (mode === "no-view") await runWithoutView(name, system, visit);
    else await runView(name, system, visit);
    if (desk.answers.length > 0) print(paint("\nNothing asked for the last answer.", "faint"));
    desk.answers = [];
  }
}

async function runWithoutView(name: string, system: System, { steps, arguments: args }: Visit) {
  const { default: command } = (await import(`../src/${name}.ts`)) as { default: (props: LaunchProps) => unknown };
  const answers = steps.flatMap((step) => (step.kind === "confirm" ? [step.answer] : []));
  if (answers.length < steps.length) throw new Error(`${name} has no view: it takes confirm and argument only`);
  let failure: unknown;
  await runNoView(command, { command: name, system, arguments: args, answers, spareAnswers: "keep" }).catch(
    (error: unknown) => {
      failure = error;
    },
  );
  for (const alert of desk.alerts) {
    print(alertLines(alert, { width, paint }).join("\n"));
    if (alert.answer === undefined) return print(paint(`\n${ALERT_HINT}`, "faint"));
    print(`→ ${alert.answer ? alert.primary : alert.dismiss}`);
  }
  if (failure !== undefined) throw failure;
  for (const toast of desk.toasts) print(toastLines(toast, { width, paint }).join("\n"));
  for (const hud of desk.huds) print(wrap(`HUD: ${hud}`, width).join("\n"));
  if (deskView.clipboard() !== undefined) print(`Clipboard: ${deskView.clipboard()}`);
}

async function runView(name: string, system: System, { steps, arguments: args }: Visit) {
  const { default: Command } = (await import(`../src/${name}.tsx`)) as { default: FunctionComponent<LaunchProps> };
  const props = { launchType: "userInitiated", arguments: args } as unknown as LaunchProps;
  const screen = await renderCommand(createElement(Command, props), { command: name, system, boundMs: BOUND_MS });
  const report = reporter(screen);
  try {
    report();
    for (const step of steps) {
      print(`\n${paint(`› ${describe(step)}`, "selected")}\n`);
      await take(screen, step);
      report();
    }
  } catch (error) {
    // A view that stays open may go on reading for ever. What it leaves undone follows from the step that failed.
    await screen.close().catch(() => undefined);
    throw error;
  }
  if (desk.openAlert !== undefined) {
    print(paint(`\n${ALERT_HINT}`, "faint"));
    desk.openAlert = undefined;
  }
  const spare = desk.answers.splice(0);
  await screen.close();
  desk.answers = spare;
}

/** Prints the screen, and what happened outside it since the last time. */
function reporter(screen: Screen): () => void {
  const seen = { huds: 0, opened: 0, launched: 0, copied: 0 };
  return () => {
    print(screen.text({ width, paint, tooltips: "selected" }));
    if (desk.navigation !== undefined && desk.openAlert === undefined && !screen.closed()) {
      const actions = screen.actions();
      if (actions.length > 0) print("");
      for (const line of actionLines(actions)) print(paint(line, "faint"));
    }
    for (const hud of desk.huds.slice(seen.huds)) print(wrap(`HUD: ${hud}`, width).join("\n"));
    for (const { target } of desk.opened.slice(seen.opened)) print(`Opened: ${target}`);
    for (const launch of desk.launched.slice(seen.launched)) print(`Launched: ${launch.name}`);
    if (desk.clipboard.length > seen.copied) print(`Clipboard: ${screen.clipboard()}`);
    Object.assign(seen, {
      huds: desk.huds.length,
      opened: desk.opened.length,
      launched: desk.launched.length,
      copied: desk.clipboard.length,
    });
  };
}

/** The actions at hand, broken between two of them. */
function actionLines(actions: readonly string[]): string[] {
  const lines: string[] = [];
  for (const action of actions) {
    const longer = lines.length === 0 ? `Actions: ${action}` : `${lines.at(-1)} · ${action}`;
    if (widthOf(longer) <= width) lines.splice(-1, 1, longer);
    else lines.push(`         ${action}`);
  }
  return lines;
}

function describe(step: Step): string {
  if ("text" in step) return `${step.kind} "${step.text}"`;
  if ("name" in step) return `${step.kind} "${step.name}=${step.value}"`;
  return step.kind === "confirm" ? `confirm ${step.answer ? "yes" : "no"}` : step.kind;
}

async function take(screen: Screen, step: Step): Promise<void> {
  switch (step.kind) {
    case "pick":
      return screen.pick(step.text);
    case "action":
      return screen.action(step.text);
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
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return screen.settle();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

// A reader that has seen enough (head, less) must not keep the sample from being cleared away.
process.stdout.on("error", () => undefined);

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
