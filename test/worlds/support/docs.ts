/** The tables of docs/worlds.md, made from the one description of world files. */
import { z } from "zod";
import { WORLD } from "./schema";

interface Json {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Json[];
  readonly items?: Json;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly additionalProperties?: Json | boolean;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
}

interface Place {
  readonly key: string;
  readonly value: Json;
}

/** Markdown: a section with a table of keys for the file and for each object in it. */
function worldKeyTables(): string {
  const root = z.toJSONSchema(WORLD, { io: "input", reused: "inline", unrepresentable: "any" }) as Json & {
    readonly $defs?: Readonly<Record<string, Json>>;
  };
  const resolve = (json: Json): Json => {
    const target = json.$ref?.replace("#/$defs/", "");
    return target === undefined ? json : { ...root.$defs?.[target], ...json };
  };
  const sections: string[] = [];
  const queue: Place[] = [{ key: "", value: root }];
  const known = new Set<string>();
  for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
    const { key, value } = place;
    const properties = Object.entries(value.properties ?? {}).map(([name, json]) => [name, resolve(json)] as const);
    const table = properties
      .map(([name, json]) => {
        const isRequired = value.required?.includes(name) ?? false;
        return `| \`${name}\` | ${kindOf(json, resolve)} | ${defaultOf(json, isRequired)} | ${cell(json.description ?? "")} |`;
      })
      .join("\n");
    // The same object elsewhere, such as the children of a process, is described once.
    if (table === "" || known.has(table)) continue;
    known.add(table);
    for (const [name, json] of properties) {
      for (const inner of objectsIn(json, resolve)) {
        queue.push({ key: `${key}${dot(key)}${name}${inner.key}`, value: inner.value });
      }
    }
    const title = key === "" ? "The file" : `\`${key}\``;
    sections.push(`### ${title}\n\n| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |\n${table}\n`);
  }
  return sections.join("\n");
}

const dot = (key: string) => (key === "" ? "" : ".");
const cell = (text: string) => text.replaceAll("|", "\\|");

/** Objects with keys of their own inside a value. */
function objectsIn(json: Json, resolve: (json: Json) => Json): readonly Place[] {
  if (json.properties) return [{ key: "", value: json }];
  if (json.items) return objectsIn(resolve(json.items), resolve).map(({ key, value }) => ({ key: `[]${key}`, value }));
  if (typeof json.additionalProperties === "object") {
    return objectsIn(resolve(json.additionalProperties), resolve).map(({ key, value }) => ({ key: `.*${key}`, value }));
  }
  return (json.anyOf ?? []).flatMap((one) => objectsIn(resolve(one), resolve));
}

function kindOf(json: Json, resolve: (json: Json) => Json): string {
  if (json.const !== undefined) return `\`${JSON.stringify(json.const)}\``;
  if (json.enum) return json.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (json.anyOf) return [...new Set(json.anyOf.map((one) => kindOf(resolve(one), resolve)))].join(" or ");
  if (json.items) return `list of ${kindOf(resolve(json.items), resolve)}`;
  if (json.properties) return "object";
  if (typeof json.additionalProperties === "object") {
    return `${kindOf(resolve(json.additionalProperties), resolve)} by name`;
  }
  return [json.type ?? "anything"]
    .flat()
    .map((type) => TYPES[type] ?? type)
    .join(" or ");
}

const TYPES: Readonly<Record<string, string>> = { string: "text", integer: "whole number", boolean: "yes or no" };

function defaultOf(json: Json, isRequired: boolean): string {
  if (isRequired) return "required";
  if (json.default === undefined) return "";
  const value = JSON.stringify(json.default);
  return value === '""' ? "none" : `\`${value}\``;
}

const BEGIN = "<!-- keys: npm run -s world-docs -->\n";
const END = "<!-- end of keys -->\n";

/** The page with its tables as they are now. @throws where the marks are missing. */
export function withKeyTables(page: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/worlds.md has no ${BEGIN.trim()} and ${END.trim()}`);
  return `${page.slice(0, from + BEGIN.length)}\n${worldKeyTables()}\n${page.slice(to)}`;
}
