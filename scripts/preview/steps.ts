/** What a person does in the preview, one step per word: `pick "qwen3:8b" action "Copy Name"`. */
export type Step =
  | { readonly kind: "pick" | "action" | "search" | "dropdown" | "toast"; readonly text: string }
  | { readonly kind: "fill" | "choose"; readonly name: string; readonly value: string }
  | { readonly kind: "confirm"; readonly answer: boolean }
  | { readonly kind: "submit" | "back" | "wait" };

/** One command from its start to its end. */
export interface Visit {
  /** Default: the first command. */
  readonly command: string | undefined;
  readonly arguments: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

export interface PreviewRequest {
  /** One after the other, in the same world. */
  readonly visits: readonly Visit[];
  readonly preferences: Readonly<Record<string, string>>;
  /** Default: this Mac on macOS, the sample anywhere else. */
  readonly world?: "local" | "sample";
}

export const STEP_HELP = `  pick "ITEM"            select a list item
  action "TITLE"         run an action of the view (a submenu's as "Menu › Title")
  search "WORDS"         type into the search bar
  dropdown "CHOICE"      choose from the dropdown of the search bar
  fill "FIELD=VALUE"     type into a form item, or tick a checkbox (yes, no)
  choose "FIELD=CHOICE"  choose from a dropdown of the form
  submit                 submit the form
  confirm yes|no         answer the alert on screen, or the next one
  toast "BUTTON"         press a button of the toast
  back                   go back
  wait                   wait a second and look again
  COMMAND                go on with another command, in the same world
  argument "NAME=VALUE", preference "NAME=VALUE"   given before the command starts`;

/** Reads the words of a command line. @throws with a sentence for people when they make no sense. */
export function parseRequest(words: readonly string[], commands: readonly string[]): PreviewRequest {
  const rest = [...words];
  let world: PreviewRequest["world"];
  while (rest[0] === "--sample" || rest[0] === "--local") world = rest.shift() === "--local" ? "local" : "sample";
  const visits: { command: string | undefined; arguments: Record<string, string>; steps: Step[] }[] = [];
  const preferences: Record<string, string> = {};
  for (let word = rest.shift(); word !== undefined || visits.length === 0; word = rest.shift()) {
    const named = word !== undefined && commands.includes(word);
    if (named || visits.length === 0) visits.push({ command: named ? word : undefined, arguments: {}, steps: [] });
    const visit = visits.at(-1);
    if (named || word === undefined || visit === undefined) continue;
    if (word === "argument" || word === "preference") {
      const { name, value } = takePair(word, rest);
      (word === "argument" ? visit.arguments : preferences)[name] = value;
    } else {
      visit.steps.push(takeStep(word, rest, commands));
    }
  }
  return { visits, preferences, ...(world === undefined ? {} : { world }) };
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
    case "submit":
    case "back":
    case "wait":
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
