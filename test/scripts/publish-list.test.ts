import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { leftToPublish } from "../../scripts/publish-list";

const FILES = ["package.json", "CHANGELOG.md", "docs/store.md"];

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "publish-"));
  for (const file of FILES) cpSync(file, join(root, file), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function change(file: string, pattern: RegExp, by: string): void {
  const path = join(root, file);
  const before = readFileSync(path, "utf8");
  const after = before.replaceAll(pattern, by);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

function screenshot(name: string, width: number, height: number): void {
  mkdirSync(join(root, "metadata"), { recursive: true });
  const header = Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\0", "latin1");
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  writeFileSync(join(root, "metadata", name), header);
}

describe("what's left before it's published", () => {
  it("is the handle, the screenshots and what only a Mac shows", () => {
    const left = leftToPublish(root).join("\n");
    expect(left).toMatch(/Raycast handle/);
    expect(left).toMatch(/at least 3 screenshots .* there are 0/);
    expect(left).toMatch(/By hand: `npm run build`/);
    expect(left).not.toMatch(/CHANGELOG/);
  });

  it("is nothing once all of it is there", () => {
    change("package.json", /"author": "[^"]*"/g, '"author": "somebody"');
    change("docs/store.md", /- \[ \]/g, "- [x]");
    for (const name of ["1.png", "2.png", "3.png"]) screenshot(name, 2000, 1250);
    expect(leftToPublish(root)).toEqual([]);
  });

  it("names a screenshot of another size, one that isn't a PNG, and too many", () => {
    for (let index = 1; index <= 7; index += 1) screenshot(`${index}.png`, index === 2 ? 1000 : 2000, 1250);
    writeFileSync(join(root, "metadata", "3.png"), "GIF89a");
    const left = leftToPublish(root).join("\n");
    expect(left).toMatch(/metadata\/2\.png again: it's 1000 by 1250/);
    expect(left).toMatch(/metadata\/3\.png again: it isn't a PNG/);
    expect(left).toMatch(/at most 6 screenshots .* there are 7/);
  });

  it("names a change without the Store's date", () => {
    change("CHANGELOG.md", /\{PR_MERGE_DATE\}/g, "2026-11-25");
    expect(leftToPublish(root).join("\n")).toMatch(/CHANGELOG/);
  });
});

describe("what goes to the Store", () => {
  it("is said of every entry of the repository, once", () => {
    const tracked = execFileSync("git", ["ls-files", "--cached"], { encoding: "utf8" }).split("\n").filter(Boolean);
    const entries = new Set(tracked.map((file) => file.split("/")[0] ?? ""));
    entries.delete("metadata");
    const [, lists = ""] = /## What stays here([^]*?)\n## /.exec(readFileSync("docs/store.md", "utf8")) ?? [];
    const named = [...lists.matchAll(/^- `([^`]+)`$/gm)].map(([, name = ""]) => name);
    expect(named.toSorted()).toEqual([...entries].toSorted());
  });
});
