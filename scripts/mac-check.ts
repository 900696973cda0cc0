/**
 * Looks whether this Mac is what the extension takes it for: `npm run mac-check`, and with `-- --ask` also what needs a
 * person. Every probe is the product's own reading; the report is one Markdown file to attach to an issue.
 */
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { check, type Checked, checkedText, countText, PROBES, reportMarkdown } from "../src/app/diagnostics/report";
import { type Settings, USUAL_HOST } from "../src/app/preferences";
import { getSystem, type System } from "../src/app/system";
import { buildWorld } from "../test/worlds/support/build";
import { worldPath } from "../test/worlds/support/run-world";
import { readWorld } from "../test/worlds/support/schema";
import { ASKING_PROBES, TEXT_PROBES } from "./mac-check-probes";

const USAGE = `Usage: npm run mac-check [-- [--ask] [--host URL] [--out FILE.md]]

Reads everything the extension reads of a Mac and of Ollama, and says PASS or FAIL. It changes nothing, asks for no
password and controls no other app. --ask adds, after a question each: the password prompt, cancelling it, and a restart
of Ollama.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ask: { type: "boolean" },
      host: { type: "string", default: USUAL_HOST },
      out: { type: "string", default: "mac-check.md" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return print(USAGE);
  const settings: Settings = { host: values.host, judge: { context: "effective" }, faults: [] };
  const work = async (system: System, where: string, person: Person = () => {}) => {
    const say = (one: Checked) => print(checkedText(system, one));
    const checked = [
      ...(await check(system, settings, PROBES, say)),
      ...(await check(system, settings, TEXT_PROBES, say)),
    ];
    if (values.ask) checked.push(...(await ask(system, settings, person, say)));
    const about = [where, `Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`];
    await writeFile(values.out, reportMarkdown(system, checked, { title: "GPU Limit: Mac Check", about, isRaw: true }));
    print(`\n${countText(checked)}\nWritten to ${values.out}: attach it to the issue.`);
    if (checked.some(({ finding }) => finding.kind === "fail")) process.exitCode = 1;
  };
  if (process.platform === "darwin") return work(getSystem(), "This Mac");
  print("This is for a Mac with Apple Silicon: it looks whether that Mac is what the extension takes it for.");
  print("There's none here, so it looks at the stand-in Mac of the tests.\n");
  const path = worldPath("mac-check");
  const world = await buildWorld(readWorld(path), path);
  try {
    const where = "The stand-in Mac of the tests: this says nothing of a real one";
    await work(world.system, where, (name) => {
      world.mac.faults = { cancel: name === "cancel" };
    });
  } finally {
    await world.close();
  }
}

/** Makes the stand-in Mac answer as a person would. */
type Person = (name: string) => void;

/** The probes that need a person, each after a question. */
async function ask(
  system: System,
  settings: Settings,
  person: Person,
  say: (one: Checked) => void,
): Promise<readonly Checked[]> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answers = lines[Symbol.asyncIterator]();
  const checked: Checked[] = [];
  for (const [name, { question, ...probe }] of Object.entries(ASKING_PROBES)) {
    process.stdout.write(`\n${question} [y/N] `);
    const { value = "" } = (await answers.next()) as { readonly value?: string };
    person(name);
    if (/^y(?:es)?$/i.test(value.trim())) checked.push(...(await check(system, settings, { [name]: probe }, say)));
  }
  lines.close();
  return checked;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
