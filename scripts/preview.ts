/**
 * Runs the real commands without Raycast and prints them as text: `npm run -s preview -- set-gpu-limit submit`.
 * On a Mac they act on that Mac and its Ollama, anywhere else on the sample, or in the world of a file.
 */
import { getSystem } from "../src/app/system";
import { desk, setPreferences } from "../test/stand-ins/raycast/desk";
import { deskView } from "../test/support/desk-view";
import { ansi, plain, widthOf } from "../test/support/layout";
import type { Screen } from "../test/support/screen";
import { alertLines, hudLines, toastLines } from "../test/support/screen-text";
import { buildWorld } from "../test/worlds/support/build";
import { problemsOf } from "../test/worlds/support/check";
import { COMMAND_NAMES, type Onlooker, play } from "../test/worlds/support/play";
import { visitsOf, worldPath } from "../test/worlds/support/run-world";
import { readWorld } from "../test/worlds/support/schema";
import { nothingSeen, watcher } from "../test/worlds/support/seen";
import { type Event, parseRequest, type PreviewRequest, type Step, STEP_HELP } from "../test/worlds/support/steps";

const terminal = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
const paint = terminal ? ansi : plain;
const width = Math.min(100, process.stdout.columns ?? 100);

/** Long enough for a person at a password prompt; a world never needs it. */
const BOUND_MS = 600_000;

const ALERT_HINT = 'The alert waits: add the step "confirm yes" or "confirm no".';

const USAGE = `Usage: npm run -s preview -- [--sample|--local|--world FILE.json] [COMMAND] [STEP...]

Commands: ${COMMAND_NAMES.join(", ")}

Steps:
${STEP_HELP}

Without a command and steps, --world takes those of the file and says whether what it expects is met (docs/worlds.md).`;

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  if (words.includes("--help")) return print(USAGE);
  const request = parseRequest(words, COMMAND_NAMES);
  const where = request.world ?? (process.platform === "darwin" ? "local" : "sample");
  if (where === "local") return showLocal(request);
  if (where === "sample") return showWorld(worldPath("sample"), request, "SAMPLE");
  return showWorld(where.file, request, "WORLD");
}

async function showLocal({ visits, preferences }: PreviewRequest): Promise<void> {
  print(paint("LOCAL: this machine and its Ollama; what you confirm here is really done", "faint"));
  setPreferences(preferences);
  const happen = (event: Event) => {
    if (event.kind !== "wait") throw new Error(`${event.kind} is for worlds: this Mac is left as it is`);
    return new Promise<void>((resolve) => setTimeout(resolve, event.seconds * 1000));
  };
  await play(visits, { system: getSystem(), happen, boundMs: BOUND_MS }, printer());
}

async function showWorld(path: string, request: PreviewRequest, kind: "SAMPLE" | "WORLD"): Promise<void> {
  const world = readWorld(path);
  const own = kind === "WORLD" && isBare(request) ? visitsOf(world, path) : [];
  const built = await buildWorld(world, path);
  try {
    print(paint(`${kind}: ${world.about}`, "faint"));
    setPreferences({ ...world.preferences, ...request.preferences });
    const seen = nothingSeen();
    await play(own.length > 0 ? own : request.visits, built, both(printer(), watcher(seen)));
    if (own.length === 0 || world.expect === undefined) return;
    const problems = problemsOf(world.expect, seen, built);
    print(["", ...(problems.length === 0 ? ["✓ All that this world expects is met."] : problems)].join("\n"));
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    await built.close();
  }
}

/** Neither a command nor steps were given. */
function isBare({ visits }: PreviewRequest): boolean {
  return visits.every(({ command, steps }) => command === undefined && steps.length === 0);
}

function both(first: Onlooker, second: Onlooker): Onlooker {
  return {
    opens: (command) => [first, second].forEach((one) => one.opens?.(command)),
    does: (step) => [first, second].forEach((one) => one.does?.(step)),
    sees: (command, screen) => [first, second].forEach((one) => one.sees(command, screen)),
    hears: (command) => [first, second].forEach((one) => one.hears(command)),
    leavesAlert: () => [first, second].forEach((one) => one.leavesAlert?.()),
  };
}

/** Prints each screen, and what happened outside it since the last time. */
function printer(): Onlooker {
  let seen = { huds: 0, opened: 0, launched: 0, copied: 0 };
  let isFirst = true;
  return {
    opens: () => {
      if (!isFirst) print("");
      isFirst = false;
      seen = { huds: 0, opened: 0, launched: 0, copied: 0 };
    },
    does: (step) => print(`\n${paint(`› ${describe(step)}`, "selected")}\n`),
    sees: (_, screen) => {
      printScreen(screen);
      for (const hud of desk.huds.slice(seen.huds)) print(hudLines(hud, { width }).join("\n"));
      for (const { target } of desk.opened.slice(seen.opened)) print(`Opened: ${target}`);
      for (const launch of desk.launched.slice(seen.launched)) print(`Launched: ${launch.name}`);
      if (desk.clipboard.length > seen.copied) print(`Clipboard: ${screen.clipboard()}`);
      const { huds, opened, launched, clipboard } = desk;
      seen = { huds: huds.length, opened: opened.length, launched: launched.length, copied: clipboard.length };
    },
    hears: () => {
      for (const alert of desk.alerts) {
        print(alertLines(alert, { width, paint }).join("\n"));
        if (alert.answer !== undefined) print(`→ ${alert.answer ? alert.primary : alert.dismiss}`);
      }
      for (const toast of desk.toasts) print(toastLines(toast, { width, paint }).join("\n"));
      for (const hud of desk.huds) print(hudLines(hud, { width }).join("\n"));
      if (deskView.clipboard() !== undefined) print(`Clipboard: ${deskView.clipboard()}`);
    },
    leavesAlert: () => print(paint(`\n${ALERT_HINT}`, "faint")),
  };
}

function printScreen(screen: Screen): void {
  print(screen.text({ width, paint, tooltips: "selected" }));
  if (desk.navigation === undefined || desk.openAlert !== undefined || screen.closed()) return;
  const actions = screen.actions();
  if (actions.length > 0) print("");
  for (const line of actionLines(actions)) print(paint(line, "faint"));
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
  if (step.kind === "wait") return `wait ${step.seconds}`;
  if (step.kind === "client") return `client "${step.model}${step.context === undefined ? "" : ` at ${step.context}`}"`;
  return step.kind === "confirm" ? `confirm ${step.answer ? "yes" : "no"}` : step.kind;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

// A reader that has seen enough (head, less) must not keep the world from being cleared away.
process.stdout.on("error", () => undefined);

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
