import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

/** Lowest first: a file imports from its own room and from those before it. Files right in src are the doors. */
const ROOMS = ["memory", "fit", "mac", "ollama", "registry", "apply", "app", "ui", "tools"] as const;

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => join("src", name))
  .toSorted();
const importsIn = (file: string) =>
  [...readFileSync(file, "utf8").matchAll(/\bfrom "([^"]+)"/g)].map(([, path = ""]) => path);
const importsOf = new Map(files.map((file) => [file, importsIn(file)]));

function resolve(file: string, path: string): string {
  const target = join(dirname(file), path);
  const found = [`${target}.ts`, `${target}.tsx`, join(target, "index.ts")].find((name) => importsOf.has(name));
  if (found === undefined) throw new Error(`${file} imports ${path}, which isn't there`);
  return found;
}

const local = new Map(
  [...importsOf].map(([file, paths]) => [
    file,
    paths.filter((path) => path.startsWith(".")).map((path) => resolve(file, path)),
  ]),
);

const roomOf = (file: string): string => /^src\/([^/]+)\//.exec(file)?.[1] ?? "door";
const rank = (file: string): number => {
  const place = ROOMS.findIndex((room) => room === roomOf(file));
  return place < 0 ? ROOMS.length : place;
};

/** The way from `file` back to itself, if there is one. */
function circle(file: string, next = file, way: readonly string[] = [], seen = new Set<string>()): readonly string[] {
  for (const target of local.get(next) ?? []) {
    if (target === file) return [...way, next, file];
    if (seen.has(target)) continue;
    seen.add(target);
    const found = circle(file, target, [...way, next], seen);
    if (found.length > 0) return found;
  }
  return [];
}

/** Read by its test alone so far. */
const NOT_USED_YET: readonly string[] = ["src/ollama/mlx-peak-log.ts"];

/** What scripts use of src. */
const usedByScripts = readdirSync("scripts", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join("scripts", name))
  .flatMap((file) =>
    importsIn(file)
      .filter((path) => path.startsWith(".") && join(dirname(file), path).startsWith("src/"))
      .map((path) => resolve(file, path)),
  );

const offenders = (rooms: readonly string[], isBad: (path: string) => boolean) =>
  files.filter((file) => rooms.includes(roomOf(file)) && importsOf.get(file)?.some(isBad));

describe("the rooms of src", () => {
  it("are all in the order", () => {
    expect([...new Set(files.map(roomOf))].filter((room) => room !== "door").toSorted()).toEqual(
      ROOMS.filter((room) => files.some((file) => roomOf(file) === room)).toSorted(),
    );
  });

  it("import downwards only", () => {
    const upwards = [...local].flatMap(([file, targets]) =>
      targets.filter((target) => rank(target) > rank(file)).map((target) => `${file} -> ${target}`),
    );
    expect(upwards).toEqual([]);
  });

  it("have no circle", () => {
    expect(files.map((file) => circle(file)).filter((way) => way.length > 0)).toEqual([]);
  });

  it("have no file that no door and no script leads to: a step or a proposal that isn't in its table", () => {
    const doors = files.filter((file) => ["door", "tools"].includes(roomOf(file)));
    const reached = new Set([...doors, ...usedByScripts, ...NOT_USED_YET]);
    for (const file of reached) for (const target of local.get(file) ?? []) reached.add(target);
    expect(files.filter((file) => !reached.has(file))).toEqual([]);
  });

  it("know Raycast only from app upwards, and Node only from the adapters upwards", () => {
    const below = ROOMS.slice(0, ROOMS.indexOf("app"));
    expect(offenders(below, (path) => path.startsWith("@raycast/"))).toEqual([]);
    expect(offenders(["memory", "fit"], (path) => path.startsWith("node:"))).toEqual([]);
  });

  it("share no file name", () => {
    const names = files.filter((file) => roomOf(file) !== "door" && !file.endsWith("/index.ts"));
    const twice = names.filter((file) =>
      names.some(
        (other) =>
          other !== file && roomOf(other) !== roomOf(file) && other.split("/").at(-1) === file.split("/").at(-1),
      ),
    );
    expect(twice).toEqual([]);
  });
});
