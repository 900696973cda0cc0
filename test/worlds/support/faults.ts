/** The table of docs/faults.md, made from the world files that prove its rows. */
import manifest from "../../../package.json";
import { visitsOf, worldNames, worldPath } from "./run-world";
import { type Expectation, readWorld, type Say, type World } from "./schema";

const HEAD = "| Fault | Command | What is seen | State afterwards | Bounded | |\n| --- | --- | --- | --- | --- | --- |";

/** A row for each world file with a fault, by file name. */
function faultTable(names: readonly string[] = worldNames()): string {
  const rows = names.flatMap((name) => {
    const path = worldPath(name);
    const world = readWorld(path);
    const { fault, expect = {}, fails } = world;
    if (fault === undefined) return [];
    const cells = [
      `[${cell(fault.what)}](../test/worlds/${name}.json)`,
      commandsOf(world, path),
      seenIn(expect),
      stateAfter(expect),
      cell(fault.bounded),
      fails ? "**not yet**" : "right",
    ];
    return [`| ${cells.join(" | ")} |`];
  });
  return [HEAD, ...rows].join("\n");
}

const cell = (words: string) => words.replaceAll("|", "\\|").replace(/\s+/g, " ");

function commandsOf(world: World, path: string): string {
  const titles = visitsOf(world, path).map(
    ({ command }) =>
      manifest.commands.find(({ name }) => name === (command ?? manifest.commands[0]?.name))?.title ?? "",
  );
  return [...new Set(titles)].join(", then ");
}

/** What a person reads, as the file demands it. */
function seenIn({ screen, screens = {}, rows = {}, shown, toasts, huds, alerts, clipboard }: Expectation): string {
  const parts = [
    ...Object.entries(rows).map(([row, say]) => words(say, `${row}: `)),
    ...[screen, ...Object.values(screens), shown, alerts, toasts, huds].map((say) => words(say)),
    words(clipboard, "on the clipboard: "),
  ];
  return parts.filter(Boolean).join("; ");
}

/** What is left on the Mac and the servers, as the file demands it. */
function stateAfter({ mac = {}, servers = {}, actions }: Expectation): string {
  const { limitMib, prompts, daemons, launchctl, ran, processes } = mac;
  const parts = [
    limitMib === undefined ? "" : limitMib === 0 ? "limit: macOS decides" : `limit: ${limitMib} MiB`,
    prompts === undefined ? "" : `${prompts} password ${prompts === 1 ? "prompt" : "prompts"}`,
    daemons === undefined ? "" : `LaunchDaemons: ${Object.keys(daemons).join(", ") || "none"}`,
    launchctl === undefined ? "" : `variables: ${Object.keys(launchctl).join(", ") || "none"}`,
    words(ran, "ran: "),
    words(processes, "running: "),
    ...Object.values(servers).flatMap(({ models, loaded, requests, starts }) => [
      words(models, "models: "),
      words(loaded, "loaded: "),
      words(requests, "asked: "),
      starts === undefined ? "" : `started ${starts} times`,
    ]),
    words(actions, "at hand: "),
  ];
  return parts.filter(Boolean).join("; ") || "nothing changed";
}

function words(say: Say | undefined, before = ""): string {
  if (say === undefined) return "";
  const { says, never } =
    typeof say === "string" ? { says: [say], never: [] } : Array.isArray(say) ? { says: say, never: [] } : say;
  const quoted = (all: readonly string[]) => all.map((one) => (one === "" ? "nothing" : `“${cell(one)}”`)).join(", ");
  const parts = [quoted(says), ...(never.length > 0 ? [`never ${quoted(never)}`] : [])].filter(Boolean);
  return parts.length === 0 ? "" : `${before}${parts.join("; ")}`;
}

const BEGIN = "<!-- faults: npm run -s world-docs -->\n";
const END = "<!-- end of faults -->\n";

/** The page with its table as it is now. @throws where the marks are missing. */
export function withFaultTable(page: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/faults.md has no ${BEGIN.trim()} and ${END.trim()}`);
  return `${page.slice(0, from + BEGIN.length)}\n${faultTable()}\n\n${page.slice(to)}`;
}
