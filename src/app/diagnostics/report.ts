import { withoutUnseen } from "../../fit/one-line";
import { createOllamaClient } from "../../ollama/client";
import { hostOf } from "../snapshot";
import type { Settings } from "../preferences";
import type { System } from "../system";
import { MAC_PROBES } from "./mac-probes";
import type { Finding, Probe } from "./probe";
import { type Call, type Exchange, record } from "./recorder";
import { redactor } from "./redact";
import { SERVER_PROBES } from "./server-probes";

/** Everything that's read of a Mac and its Ollama; none of it needs a password or changes anything. */
export const PROBES = { ...MAC_PROBES, ...SERVER_PROBES } as const;

export type ProbeName = keyof typeof PROBES;

/** What a probe found, with what it ran and asked for that. */
export interface Checked {
  readonly title: string;
  readonly finding: Finding;
  readonly calls: readonly Call[];
  readonly exchanges: readonly Exchange[];
  readonly shows?: RegExp;
}

/** A probe that doesn't end is a finding, too. */
const MOST_MS = 30_000;

/** Runs probes one after the other; what one throws is its failure. `onChecked` hears of each as it ends. */
export async function check(
  system: System,
  settings: Settings,
  probes: Readonly<Record<string, Probe>> = PROBES,
  onChecked: (one: Checked) => void = () => {},
): Promise<readonly Checked[]> {
  const checked: Checked[] = [];
  for (const { title, look, shows } of Object.values(probes)) {
    const recorder = record(system);
    const host = hostOf(system, settings);
    const client = host.kind === "ok" ? createOllamaClient({ url: host.url, fetch: recorder.system.fetch }) : undefined;
    const found = await bounded(
      look({ system: recorder.system, settings, host, client, exchanges: recorder.exchanges }),
    );
    const { calls, exchanges } = recorder;
    const one: Checked = { title, finding: found, calls, exchanges, shows };
    checked.push(one);
    onChecked(one);
  }
  return checked;
}

async function bounded(looking: Promise<Finding>): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => resolve({ kind: "fail", made: "no end", wrong: ["It took too long."] }), MOST_MS);
  });
  try {
    return await Promise.race([looking, late]);
  } catch (error) {
    return { kind: "fail", made: "an error", wrong: [error instanceof Error ? error.message : String(error)] };
  } finally {
    clearTimeout(timer);
  }
}

const MARKS: Readonly<Record<Finding["kind"], string>> = { pass: "PASS", fail: "FAIL", skip: "skipped" };

/** "21 PASS, 1 FAIL, 3 skipped". */
export function countText(checked: readonly Checked[]): string {
  const count = (kind: Finding["kind"]) => checked.filter(({ finding }) => finding.kind === kind).length;
  return `${count("pass")} PASS, ${count("fail")} FAIL, ${count("skip")} skipped`;
}

/** One line of a finding: "PASS  Disk Throttle: 1". */
export function findingText({ title, finding }: Checked): string {
  const text = finding.kind === "skip" ? finding.why : finding.made;
  const wrong = finding.kind === "fail" ? finding.wrong : [];
  return cut(`${MARKS[finding.kind]}  ${[`${title}: ${text}`, ...wrong].map(withoutUnseen).join(" — ")}`, 600);
}

export interface ReportOptions {
  readonly title: string;
  /** Lines about where it was made. */
  readonly about: readonly string[];
  /** With what the programs printed, cut. */
  readonly isRaw: boolean;
}

/**
 * Findings as Markdown, to be attached to an issue. The home folder, the user's name and the Mac's are replaced; nothing
 * in a raw text can end its block.
 */
export function reportMarkdown(
  system: Pick<System, "homeFolder" | "network">,
  checked: readonly Checked[],
  { title, about, isRaw }: ReportOptions,
): string {
  const redact = redactor(system);
  const lines = checked.map((one) => `- ${findingText(one)}`);
  const head = [`# ${title}`, [...about, countText(checked)].join("\n\n"), lines.join("\n")];
  return `${redact([...head, ...(isRaw ? checked.flatMap(rawOf) : [])].join("\n\n"))}\n`;
}

/** A finding with what its probe ran, as text for a terminal: the same that the report holds. */
export function checkedText(system: Pick<System, "homeFolder" | "network">, checked: Checked): string {
  return redactor(system)([findingText(checked), ...outputsOf(checked).map(indented)].join("\n"));
}

const indented = (text: string) => text.replace(/^/gm, "      ");

const MOST_LINES = 30;
const MOST_CHARACTERS = 2_000;

function rawOf(checked: Checked): readonly string[] {
  const outputs = outputsOf(checked);
  return outputs.length === 0 ? [] : [`## ${checked.title}`, ...outputs.map(block)];
}

/** Each program with what it printed, and the requests, cut. */
function outputsOf({ calls, exchanges, shows }: Checked): readonly string[] {
  const programs = calls.map(({ file, args, result }) =>
    [
      `$ ${cut([file, ...args].join(" ").replace(/\s+/g, " "), 200)}`,
      ...excerpt(result.stdout, shows),
      ...excerpt(result.stderr, undefined).map((line) => `stderr: ${line}`),
      `status ${result.missing ? "none, it isn't there" : result.timedOut ? "none, no answer in time" : result.exitCode}`,
    ].join("\n"),
  );
  const requests = exchanges.map(({ request, status, bytes }) => `${request} → ${status}, ${bytes} bytes`);
  return requests.length === 0 ? programs : [...programs, requests.join("\n")];
}

/** What of an output is worth a look, without control characters. */
function excerpt(output: string, shows: RegExp | undefined): readonly string[] {
  const lines = output
    .replace(/[^\P{Cc}\n\t]/gu, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const chosen = shows === undefined ? lines : lines.filter((line) => shows.test(line));
  const shown = cut(chosen.slice(0, MOST_LINES).join("\n"), MOST_CHARACTERS).split("\n").filter(Boolean);
  const left = lines.length - Math.min(chosen.length, MOST_LINES);
  return left > 0 ? [...shown, `(${left} more lines)`] : shown;
}

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}…` : text);

/** A block that ends where it should, whatever is in it. */
function block(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
