import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { withKeyTables } from "./docs";
import { withFaultTable } from "./faults";
import { readWorld } from "./schema";

function worldOf(value: unknown): () => unknown {
  const folder = mkdtempSync(join(tmpdir(), "gpu-limit-world-file-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "a.json");
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return () => readWorld(path);
}

describe("a world file", () => {
  it("needs no more than what it stands for", () => {
    expect(worldOf({ about: "a Mac" })()).toMatchObject({
      mac: { chip: "Apple M4 Pro", ramGib: 64, faults: {} },
      servers: [{ version: "0.33.0", start: "app", address: "127.0.0.1:11434", loaded: [] }],
      steps: [],
    });
  });

  it.each([
    [{}, /a\.json is no world:\n- about: .*expected string/],
    ["{", /a\.json can't be read: .*JSON/],
    [{ about: "", mac: { ram: 64 } }, /- mac: unknown key "ram"\n/],
    [
      { about: "", mac: { processes: [{ path: "/a", children: [{ path: "/b", pid: 3 }] }] } },
      /children\[0\]: unknown key "pid"/,
    ],
    [{ about: "", servers: [{ start: "docker" }] }, /- servers\[0\]\.start: .*"behind"/],
    [
      { about: "", servers: [{ models: [{ sample: "a", num_ctx: 3 }] }] },
      /- servers\[0\]\.models\[0\]: unknown key "num_ctx"/,
    ],
    [
      { about: "", servers: [{ models: [{ name: "a" }] }] },
      /- servers\[0\]\.models\[0\]: takes one of sample, measured/,
    ],
    [{ about: "", servers: [{ faults: { pull: "hang" } }] }, /- servers\[0\]\.faults: unknown key "pull"|faults\.pull/],
    [{ about: "", preferences: { host: "x" } }, /- preferences: unknown key "host"|preferences\.host/],
    [{ about: "", expect: { screens: { "fit-models": "x" } } }, /- expect\.screens: unknown key "fit-models"|screens/],
    [{ about: "", expect: { screen: { say: ["x"] } } }, /- expect\.screen: unknown key "say"/],
    [{ about: "", fails: false }, /- fails: /],
  ])("is refused where it makes no sense: %j", (value, words) => {
    expect(worldOf(value)).toThrow(words);
  });

  it("is described in docs/worlds.md as it is", () => {
    const page = readFileSync("docs/worlds.md", "utf8");
    const cells = (text: string) => text.replace(/ +\|/g, " |").replace(/-{3,}/g, "---");
    expect(cells(page), "npm run -s world-docs").toBe(cells(withKeyTables(page)));
  });

  it("that proves a fault has its row in docs/faults.md, and each row is right", () => {
    const page = readFileSync("docs/faults.md", "utf8");
    const cells = (text: string) => text.replace(/ +\|/g, " |").replace(/-{3,}/g, "---");
    expect(cells(page), "npm run -s world-docs").toBe(cells(withFaultTable(page)));
    expect(page).not.toContain("not yet**");
  });
});
