import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const texts = ["docs", "src"]
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)))
  .filter((name) => name.endsWith(".md"));

/** Files and folders that a text names in backticks with a slash, as seen from the clone, from src or from the text. */
function missing(text: string): readonly string[] {
  const named = readFileSync(text, "utf8").matchAll(/`([\w.-]+\/[\w./-]*(?:\.(?:tsx?|mjs|json|md)|\/))`/g);
  return [...named]
    .map(([, path = ""]) => path)
    .filter((path) => ![path, join("src", path), join(dirname(text), path)].some((place) => existsSync(place)));
}

describe("what is written for those who change the code", () => {
  it.each(["CONTRIBUTING.md", ...texts])("%s names only files that are there", (text) => {
    expect(missing(text)).toEqual([]);
  });
});
