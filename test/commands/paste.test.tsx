import { createElement, type FunctionComponent } from "react";
import type { LaunchProps } from "@raycast/api";
import { afterAll, describe, expect, it } from "vitest";
import {
  kvCacheCommands,
  ollamaCreateCommand,
  ollamaRunCommand,
  ollamaStopCommand,
  restartCommands,
  asOneLine,
} from "../../src/fit/commands";
import { sampleModel, type StandInModel } from "../stand-ins/ollama";
import { desk, renderCommand, type Screen } from "../support";
import { hasShell, openTerminal, SHELLS, type Terminal } from "../support/pty";
import { setStage } from "./stage";

/** Names that Ollama itself would refuse; a server can send them all the same. */
const HOSTILE = [
  "x\u0015touch hit\r:1b",
  "x\u001b[201~\rtouch hit\r:1b",
  "x\ntouch hit\n:1b",
  "x;touch hit:1b",
  "$(touch hit):1b",
  "`touch hit`:1b",
  "x'; touch hit; ':1b",
  "x\u202etouch\u202c:1b",
  "-x && touch hit:1b",
];

const COPIES = /^(?:Copy |Run in Terminal)/;
const VIEWS = /^(?:Show (?:All Ways|Plan)|All Ways|Make It Fit|Create Capped Variant|Show Details)/;
/** Texts that are kept in a file or sent to somebody, in several lines. */
const DOCUMENTS = /^Copy (?:Plan|Modelfile|Diagnostics)/;

interface Copied {
  readonly action: string;
  readonly text: string;
}

/** Everything that can be copied in the views that show models, of a server with hostile names beside honest ones. */
async function copiedTexts(): Promise<readonly Copied[]> {
  const named = (name: string): StandInModel => ({ ...sampleModel("qwen3:8b"), name });
  const stage = await setStage({
    ollama: { models: ["qwen3-coder-next:q4_K_M", "llama3.1:8b"].map((name) => sampleModel(name)) },
    mac: { ollama: "user-app" },
  });
  for (const name of HOSTILE) await stage.ollama.put(named(name));
  const copied: Copied[] = [];
  for (const command of ["fit-models-to-gpu-limit", "show-gpu-memory", "set-gpu-limit", "create-capped-variant"]) {
    const { default: Command } = (await import(`../../src/${command}.tsx`)) as {
      default: FunctionComponent<LaunchProps>;
    };
    const props = { launchType: "userInitiated", arguments: {} } as unknown as LaunchProps;
    const pressed = new Set<string>();
    for (let isDone = false; !isDone;) {
      const screen = await renderCommand(createElement(Command, props), {
        command,
        system: stage.system,
        boundMs: 30_000,
      });
      isDone = await sweep(screen, pressed, copied, 0);
      await screen.close();
    }
  }
  return copied;
}

/** Presses each action that copies once; false where that closed the window and there is more. */
async function sweep(screen: Screen, pressed: Set<string>, copied: Copied[], depth: number): Promise<boolean> {
  // Rows of one section offer the same.
  const sections = new Map(screen.isList() ? screen.items().map(({ title, section }) => [section, title]) : []);
  for (const row of sections.size > 0 ? sections.values() : [undefined]) {
    const select = async () => {
      if (row !== undefined && screen.items().some(({ title }) => title === row)) await screen.pick(row);
    };
    await select();
    for (const action of screen.actions()) {
      const mark = `${depth} ${action} ${row ?? ""}`;
      const isView = VIEWS.test(action);
      if (pressed.has(mark) || !(isView ? depth < 2 : COPIES.test(action))) continue;
      pressed.add(mark);
      const depthBefore = screen.depth();
      desk.clipboard = [];
      await screen.action(action);
      const text = screen.closed() || desk.clipboard.length > 0 ? screen.clipboard() : undefined;
      if (!isView && typeof text === "string") copied.push({ action, text });
      if (screen.closed()) return false;
      if (screen.depth() > depthBefore) {
        if (!(await sweep(screen, pressed, copied, depth + 1))) return false;
        while (screen.depth() > depthBefore) await screen.back();
      }
      await select();
    }
  }
  return true;
}

/** What the functions that make commands do with text that isn't ours. */
function builtFromHostileParts(): readonly Copied[] {
  const app = "/Users/sam/App's $(touch hit) `touch hit`; touch hit/Ollama.app";
  const from = (action: string, make: () => string): Copied[] => {
    try {
      return [{ action, text: make() }];
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return [];
    }
  };
  return [
    ...from("restart", () => asOneLine(restartCommands({ kind: "app", pid: 1, appPid: 2, appPath: app }))),
    ...from("restart", () =>
      asOneLine(restartCommands({ kind: "agent", pid: 1, label: "a;touch hit$(touch hit)", domain: "session" })),
    ),
    ...from("kv cache", () => asOneLine(kvCacheCommands("q8_0'; touch hit; '", { kind: "terminal", pid: 1 }))),
    ...HOSTILE.flatMap((name) => [
      ...from("run", () => ollamaRunCommand(name)),
      ...from("stop", () => ollamaStopCommand(name)),
      ...from("create", () => ollamaCreateCommand(name, `${name}-8k`, 8192)),
      ...from("host", () => ollamaRunCommand("qwen3:8b", `http://h/${name}`)),
    ]),
  ];
}

const terminals: Terminal[] = [];
afterAll(() => terminals.forEach((terminal) => terminal.close()));

let texts: Promise<readonly Copied[]> | undefined;
const allTexts = () => (texts ??= copiedTexts().then((copied) => [...copied, ...builtFromHostileParts()]));

describe("what is copied", () => {
  it("holds nothing that acts at a terminal, and one line unless it's a document", { timeout: 180_000 }, async () => {
    const all = await allTexts();
    expect(new Set(all.map(({ action }) => action)).size).toBeGreaterThan(8);
    for (const { action, text } of all) {
      expect(text, action).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
      if (!DOCUMENTS.test(action)) expect(text, action).not.toContain("\n");
    }
  });
});

describe.concurrent.each(SHELLS)("a paste in %s", (shell) => {
  const cases = it.skipIf(!hasShell(shell));
  cases.each(["bracketed", "plain"] as const)(
    "runs nothing before Return (%s)",
    { timeout: 180_000 },
    async (paste) => {
      const all = await allTexts();
      const terminal = await openTerminal(shell, paste);
      terminals.push(terminal);
      // Of texts that differ in a figure or a name of the sample, one.
      const distinct = new Map(
        all.map((copied) => [`${copied.action} ${copied.text}`.replace(/\d[\d.,]*|qwen\S*|llama\S*/g, "#"), copied]),
      );
      for (const { action, text } of distinct.values()) {
        const ran = await terminal.paste(text);
        // Without bracketed paste the lines of a document are commands that no machine has; no program may be among them.
        const counts = paste === "plain" && DOCUMENTS.test(action) ? ran.filter((line) => /^program/.test(line)) : ran;
        expect(counts, `${action}: ${JSON.stringify(text)}`).toEqual([]);
      }
      // The terminal would have seen it.
      expect(await terminal.enter("touch hit")).toEqual(["command touch hit", "program touch"]);
      if (paste === "plain") expect(await terminal.paste("touch hit\n")).toContain("program touch");
    },
  );
});
