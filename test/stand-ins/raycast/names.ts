/**
 * Names and values of Raycast's enums, read from the type file of the installed `@raycast/api`.
 * The package has no code to run, and a list kept by hand would drift: a name that is not in the file must fail.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Root of the checkout: tests and scripts are started there. */
export const PROJECT_ROOT = process.cwd();

const types = readFileSync(
  join(PROJECT_ROOT, "node_modules", "@raycast", "api", "types", "index.d.ts"),
  "utf8",
).replaceAll("\r", "");

/** Reads `export declare enum NAME { A = "a" }` of the type file. @throws if there is no such enum. */
export function readEnum(name: string): Record<string, string> {
  const body = new RegExp(`^export declare enum ${name} \\{\\n([\\s\\S]*?)^\\}`, "m").exec(types)?.[1];
  if (body === undefined) throw new Error(`@raycast/api declares no enum ${name}`);
  const members: Record<string, string> = {};
  for (const [, member, value] of body.matchAll(/^\s*"?([\w.-]+)"? = "([^"]*)"/gm)) {
    if (member !== undefined && value !== undefined) members[member] = value;
  }
  return members;
}

/** Names that `@raycast/api` exports as values (functions, classes, enums, constants), deprecated aliases left out. */
export function exportedValueNames(): string[] {
  const names: string[] = [];
  const declaration =
    /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*)?^\s?export declare (?:function|class|enum|const|namespace) (\w+)/gm;
  for (const [, comment, name] of types.matchAll(declaration)) {
    if (name !== undefined && !comment?.includes("@deprecated") && !names.includes(name)) names.push(name);
  }
  return names;
}

/** Asked for by React, the test runner and promises of any object: not a misspelt name. */
const PROBED = new Set(["then", "toJSON", "prototype", "asymmetricMatch", "nodeType", "tagName", "default", "length"]);

/** The same members, but a name that is not there throws instead of giving undefined. */
export function strict<T extends object>(label: string, members: T): T {
  return new Proxy(members, {
    get(target, key, receiver) {
      if (typeof key === "string" && !(key in target) && !PROBED.has(key) && !key.startsWith("$$")) {
        throw new Error(`${label}.${key} does not exist`);
      }
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
}

export interface Shortcut {
  readonly modifiers: readonly string[];
  readonly key: string;
}

/** Raycast's common shortcuts on macOS, as its ESLint plugin lists them. */
export const COMMON_SHORTCUTS: Readonly<Record<string, Shortcut>> = {
  Copy: { modifiers: ["cmd", "shift"], key: "c" },
  CopyDeeplink: { modifiers: ["cmd", "shift"], key: "c" },
  CopyName: { modifiers: ["cmd", "opt"], key: "c" },
  CopyPath: { modifiers: ["cmd", "ctrl"], key: "c" },
  Save: { modifiers: ["cmd"], key: "s" },
  Duplicate: { modifiers: ["cmd", "shift"], key: "s" },
  Edit: { modifiers: ["cmd"], key: "e" },
  MoveDown: { modifiers: ["cmd", "shift"], key: "arrowDown" },
  MoveUp: { modifiers: ["cmd", "shift"], key: "arrowUp" },
  New: { modifiers: ["cmd"], key: "n" },
  Open: { modifiers: ["cmd"], key: "o" },
  OpenWith: { modifiers: ["cmd", "shift"], key: "o" },
  Pin: { modifiers: ["cmd"], key: "." },
  Refresh: { modifiers: ["cmd"], key: "r" },
  Remove: { modifiers: ["ctrl"], key: "d" },
  RemoveAll: { modifiers: ["ctrl", "shift"], key: "d" },
  ToggleQuickLook: { modifiers: ["cmd"], key: "y" },
};

/** Shortcuts that Raycast keeps for itself: it ignores an action's claim to them. */
export const RESERVED_SHORTCUTS: readonly Shortcut[] = [
  { modifiers: ["cmd"], key: "w" },
  { modifiers: ["cmd"], key: "q" },
  { modifiers: ["cmd"], key: "a" },
  { modifiers: ["cmd"], key: "k" },
  { modifiers: ["cmd"], key: "p" },
  { modifiers: ["cmd"], key: "," },
  { modifiers: ["cmd", "shift"], key: "/" },
  { modifiers: [], key: "enter" },
  { modifiers: ["cmd"], key: "enter" },
  { modifiers: [], key: "return" },
  { modifiers: ["cmd"], key: "return" },
  { modifiers: [], key: "escape" },
  { modifiers: ["cmd"], key: "escape" },
  { modifiers: [], key: "delete" },
  { modifiers: ["cmd"], key: "delete" },
  { modifiers: ["opt"], key: "delete" },
  { modifiers: [], key: "deleteForward" },
];
