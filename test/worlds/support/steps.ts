/** What a person does in a world or in the preview: `pick "qwen3:8b" action "Copy Name"`. */
export type Step =
  | { readonly kind: "pick" | "action" | "search" | "dropdown" | "toast"; readonly text: string }
  | { readonly kind: "fill" | "choose"; readonly name: string; readonly value: string }
  | Event
  | { readonly kind: "confirm"; readonly answer: boolean }
  | { readonly kind: "enter" | "submit" | "back" };

/** What comes about meanwhile, whatever is on screen. */
export type Event =
  | { readonly kind: "wait"; readonly seconds: number }
  /** Another program sets a kernel value. */
  | { readonly kind: "sysctl"; readonly name: string; readonly value: string }
  /** Another program asks a model something, at a context of its own where there's one. */
  | { readonly kind: "client"; readonly model: string; readonly context?: number }
  | { readonly kind: "restart-mac" };

/** One command from its start to its end. */
export interface Visit {
  /** Default: the first command. */
  readonly command: string | undefined;
  readonly arguments: Readonly<Record<string, string>>;
  /** Who starts it. Default: the person. */
  readonly launchType?: "background";
  /** What the command that starts it hands over. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
}

export interface PreviewRequest {
  /** One after the other, in the same world. */
  readonly visits: readonly Visit[];
  readonly preferences: Readonly<Record<string, string>>;
  /** Default: this Mac on macOS, the sample anywhere else. */
  readonly world?: "local" | "sample" | { readonly file: string };
}

export const STEP_HELP = `  pick "ITEM"            select a list item
  action "TITLE"         run an action of the view (a submenu's as "Menu › Title")
  enter                  press Enter: the first action of what is on screen
  search "WORDS"         type into the search bar
  dropdown "CHOICE"      choose from the dropdown of the search bar
  fill "FIELD=VALUE"     type into a form item, or tick a checkbox (yes, no)
  choose "FIELD=CHOICE"  choose from a dropdown of the form
  submit                 submit the form
  confirm yes|no         answer the alert on screen, or the next one
  toast "BUTTON"         press a button of the toast
  back                   go back
  wait [SECONDS]         let time pass (by default a second) and look again
  sysctl "NAME=VALUE"    another program sets a kernel value
  client "MODEL [at N]"  another program asks a model something, at a context of N tokens
  restart-mac            restart the Mac of the world
  background             given before the command starts: Raycast starts it, as it does every minute
  COMMAND                go on with another command, in the same world
  argument "NAME=VALUE", preference "NAME=VALUE"   given before the command starts`;

/** Reads the words of a command line. @throws with a sentence for people when they make no sense. */
export function parseRequest(words: readonly string[], commands: readonly string[]): PreviewRequest {
  const rest = [...words];
  let world: PreviewRequest["world"];
  while (rest[0]?.startsWith("--")) world = takeWorld(rest);
  const visits: {
    command: string | undefined;
    arguments: Record<string, string>;
    launchType?: "background";
    steps: Step[];
  }[] = [];
  const preferences: Record<string, string> = {};
  for (let word = rest.shift(); word !== undefined || visits.length === 0; word = rest.shift()) {
    const named = word !== undefined && commands.includes(word);
    if (named || visits.length === 0) visits.push({ command: named ? word : undefined, arguments: {}, steps: [] });
    const visit = visits.at(-1);
    if (named || word === undefined || visit === undefined) continue;
    if (word === "background") visit.launchType = word;
    else if (word === "argument" || word === "preference") {
      const { name, value } = takePair(word, rest);
      (word === "argument" ? visit.arguments : preferences)[name] = value;
    } else {
      visit.steps.push(takeStep(word, rest, commands));
    }
  }
  return { visits, preferences, world };
}

/** Splits a line into words as a shell does: `pick 'qwen3 coder'` are two. @throws where a quote does not end. */
export function wordsOf(line: string): readonly string[] {
  const words = [...line.matchAll(/\s*((?:'[^']*'|"[^"]*"|[^\s'"])+)\s*/gy)];
  if (words.map(([whole]) => whole).join("") !== line) throw new Error(`A quote does not end: ${line}`);
  return words.map(([, word = ""]) => word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}

function takeWorld(rest: string[]): PreviewRequest["world"] {
  const flag = rest.shift();
  if (flag === "--sample" || flag === "--local") return flag === "--sample" ? "sample" : "local";
  if (flag === "--world") return { file: take("--world", rest) };
  throw new Error(`There is no ${flag}, only --sample, --local and --world FILE.json`);
}

function takeStep(kind: string, rest: string[], commands: readonly string[]): Step {
  switch (kind) {
    case "pick":
    case "action":
    case "search":
    case "dropdown":
    case "toast":
      return { kind, text: take(kind, rest) };
    case "fill":
    case "choose":
      return { kind, ...takePair(kind, rest) };
    case "confirm": {
      const answer = take(kind, rest);
      if (answer !== "yes" && answer !== "no") throw new Error(`confirm takes yes or no, not "${answer}"`);
      return { kind, answer: answer === "yes" };
    }
    case "sysctl":
      return { kind, ...takePair(kind, rest) };
    case "client": {
      const [, model, context] = /^(\S+)(?: at (\d+))?$/.exec(take(kind, rest)) ?? [];
      if (model === undefined) throw new Error('client takes "MODEL" or "MODEL at TOKENS"');
      return { kind, model, context: context === undefined ? undefined : Number(context) };
    }
    case "wait":
      return { kind, seconds: /^\d+$/.test(rest[0] ?? "") ? Number(rest.shift()) : 1 };
    case "enter":
    case "submit":
    case "back":
    case "restart-mac":
      return { kind };
    default:
      throw new Error(`"${kind}" is neither a command (${commands.join(", ")}) nor a step`);
  }
}

function takePair(kind: string, rest: string[]): { name: string; value: string } {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(take(kind, rest)) ?? [];
  if (name === undefined || value === undefined) throw new Error(`${kind} takes NAME=VALUE`);
  return { name: name.trim(), value: value.trim() };
}

function take(kind: string, rest: string[]): string {
  const word = rest.shift();
  if (word === undefined) throw new Error(`${kind} needs a word after it`);
  return word;
}
