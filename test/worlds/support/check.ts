import type { BuiltWorld } from "./build";
import type { Expectation, Say } from "./schema";
import type { Seen } from "./seen";

/** What of an expectation is not met, a sentence each. */
export function problemsOf(expect: Expectation, seen: Seen, world: BuiltWorld): readonly string[] {
  const problems: string[] = [];
  const say = (where: string, say: Say | undefined, text: string | undefined) => {
    if (say !== undefined) problems.push(...unsaid(where, say, text, world.homeFolder));
  };
  const all = (texts: Iterable<string>) => [...texts].join("\n");
  const views = seen.views.map(({ text }) => text);
  say("the screen", expect.screen, views.at(-1));
  for (const [command, words] of Object.entries(expect.screens ?? {})) {
    say(`the screen of ${command}`, words, seen.views.findLast((view) => view.command === command)?.text);
  }
  for (const [title, words] of Object.entries(expect.rows ?? {})) {
    say(`the row ${title}`, words, seen.rows.get(title));
  }
  const rows = [...seen.rows.values()];
  say("what was shown", expect.shown, all([...views, ...rows, ...seen.alerts, ...seen.toasts, ...seen.huds]));
  say("the actions", expect.actions, all(seen.actions));
  say("the clipboard", expect.clipboard, seen.clipboard);
  say("the alerts", expect.alerts, all(seen.alerts));
  say("the toasts", expect.toasts, all(seen.toasts));
  say("the HUDs", expect.huds, all(seen.huds));
  say("what was opened", expect.opened, all(seen.opened));
  if (expect.mac) problems.push(...macProblems(expect.mac, world));
  for (const [address, wanted] of Object.entries(expect.servers ?? {})) {
    problems.push(...serverProblems(address, wanted, world));
  }
  return problems;
}

function macProblems(expect: NonNullable<Expectation["mac"]>, { mac, homeFolder }: BuiltWorld): readonly string[] {
  const problems: string[] = [];
  if (expect.limitMib !== undefined) problems.push(...differs("the limit in MiB", expect.limitMib, mac.limitMib()));
  if (expect.prompts !== undefined)
    problems.push(...differs("the password prompts", expect.prompts, mac.prompts.length));
  if (expect.daemons !== undefined) {
    const wanted = Object.keys(expect.daemons).map((label) => `${label}.plist`);
    problems.push(...differs("the LaunchDaemons", wanted.sort().join(), [...mac.daemons.keys()].sort().join()));
    for (const [label, words] of Object.entries(expect.daemons)) {
      problems.push(...unsaid(`the daemon ${label}`, words, mac.daemons.get(`${label}.plist`), homeFolder));
    }
  }
  if (expect.launchctl !== undefined) {
    const variables = (of: Iterable<[string, string]>) =>
      [...of]
        .map((pair) => pair.join("="))
        .sort()
        .join();
    problems.push(
      ...differs(
        "the variables of the session",
        variables(Object.entries(expect.launchctl)),
        variables(mac.launchctlEnv),
      ),
    );
  }
  if (expect.processes !== undefined) {
    const running = mac.processes.map(({ command }) => command).join("\n");
    problems.push(...unsaid("the processes", expect.processes, running, homeFolder));
  }
  if (expect.ran !== undefined) {
    const ran = mac.calls.map(({ file, args }) => [file, ...args].join(" ").replaceAll("\n", " ")).join("\n");
    problems.push(...unsaid("the command lines that were run", expect.ran, ran, homeFolder));
  }
  return problems;
}

function serverProblems(
  address: string,
  expect: NonNullable<Expectation["servers"]>[string],
  world: BuiltWorld,
): readonly string[] {
  const server = world.servers.get(address);
  if (server === undefined) return [`There is no server at ${address}.`];
  const at = (what: string) => `${what} of ${address}`;
  const problems: string[] = [];
  if (expect.models !== undefined) {
    const names = server.models().map(({ name }) => name);
    problems.push(...unsaid(at("the models"), expect.models, names.join("\n"), world.homeFolder));
  }
  if (expect.loaded !== undefined) {
    const loaded = server.loaded().map(({ model, numCtx, sizeBytes, vramBytes, expiresAt }) => {
      const onGpu = sizeBytes === 0 ? 0 : Math.round((vramBytes / sizeBytes) * 100);
      const minutes = Math.round((expiresAt.getTime() - world.mac.clock.now().getTime()) / 60_000);
      const until = expiresAt.getUTCFullYear() > 2300 ? "for ever" : `for ${minutes} min`;
      return `${model.name} at ${numCtx}, ${onGpu}% GPU, ${until}`;
    });
    problems.push(...unsaid(at("what is loaded"), expect.loaded, loaded.join("\n"), world.homeFolder));
  }
  if (expect.requests !== undefined) {
    const lines = server.requests.map(({ method, path, body }) =>
      [method, path, body["model"] ?? body["name"]].filter(Boolean).join(" "),
    );
    problems.push(...unsaid(at("the requests"), expect.requests, lines.join("\n"), world.homeFolder));
  }
  if (expect.starts !== undefined) {
    problems.push(...differs(at("the starts"), expect.starts, world.starts.get(address) ?? 0));
  }
  return problems;
}

function differs(what: string, wanted: string | number, found: string | number): readonly string[] {
  return wanted === found ? [] : [`${what}: expected ${wanted || "none"}, found ${found || "none"}`];
}

function unsaid(where: string, say: Say, text: string | undefined, homeFolder: string): readonly string[] {
  const { says, never } =
    typeof say === "string" ? { says: [say], never: [] } : Array.isArray(say) ? { says: say, never: [] } : say;
  if (text === undefined) return [`${where}: never seen`];
  const found = plainWords(text, homeFolder);
  const shown = `\n${brief(text.replaceAll(homeFolder, HOME))}`;
  return [
    ...says.filter((words) => !isIn(words, found)).map((words) => `${where}: "${words}" is missing in:${shown}`),
    ...never.filter((words) => isIn(words, found)).map((words) => `${where}: "${words}" must not be in:${shown}`),
  ];
}

const HOME = "/Users/sam";
const MOST_LINES = 40;

/** Each line once, and no more of them than one reads. */
function brief(text: string): string {
  const lines = [...new Set(text.split("\n"))];
  const more = lines.length - MOST_LINES;
  return [...lines.slice(0, MOST_LINES), ...(more > 0 ? [`… ${more} more lines`] : [])].join("\n");
}

/** Text as it reads aloud: without the frame of alerts, line breaks and columns. */
function plainWords(text: string, homeFolder: string): string {
  return text
    .replaceAll(homeFolder, HOME)
    .replace(/^[│┌└] /gm, "")
    .replace(/\s+/g, " ");
}

function isIn(words: string, text: string): boolean {
  const [, pattern, flags] = /^\/(.+)\/([imsu]*)$/.exec(words) ?? [];
  return pattern === undefined ? text.includes(words.replace(/\s+/g, " ")) : new RegExp(pattern, flags).test(text);
}
