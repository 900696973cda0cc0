/** What Raycast's schema and Store rules say of package.json; `ray lint` cannot ask for the schema offline. */
import { createRequire } from "node:module";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pngSize } from "../scripts/png-size";
import { type ManifestPreference, readManifest } from "./stand-ins/raycast/manifest";
import { PROJECT_ROOT } from "./stand-ins/raycast/names";

const manifest = readManifest();
const commands = manifest.commands;
const tools = manifest.tools ?? [];
const preferences = [...(manifest.preferences ?? []), ...commands.flatMap((command) => command.preferences ?? [])];

// The linter's own rule, so that what passes here passes there.
const { titleCase } = createRequire(import.meta.url)("@raycast/eslint-plugin/dist/title-case.js") as {
  titleCase: (title: string) => string;
};

const CATEGORIES = [
  "Applications",
  "Communication",
  "Data",
  "Documentation",
  "Design Tools",
  "Developer Tools",
  "Finance",
  "Fun",
  "Media",
  "News",
  "Productivity",
  "Security",
  "System",
  "Web",
  "Other",
];

describe("the extension", () => {
  it("says what the Store needs", () => {
    expect(manifest.name).toBe("gpu-limit");
    expect(manifest.title).toBe("GPU Limit");
    expect(manifest.license).toBe("MIT");
    expect(manifest.platforms).toEqual(["macOS"]);
    expect(manifest.$schema).toBe("https://www.raycast.com/schemas/extension.json");
    expect(manifest.categories).toEqual(["Developer Tools", "System"]);
    for (const category of manifest.categories) expect(CATEGORIES).toContain(category);
  });

  it("names everything in Title Case", () => {
    const titles = [manifest.title, ...[...commands, ...tools].map((each) => each.title)];
    for (const title of titles) expect(title).toBe(titleCase(title));
  });

  it("spells Raycast as Raycast does", () => {
    const words = [manifest, ...commands, ...tools].flatMap((each) => [each.title, each.description]);
    for (const text of words) expect(text.replaceAll("Raycast", "")).not.toMatch(/raycast/i);
  });
});

describe("each command", () => {
  it.each(commands)("$name is complete", (command) => {
    expect(command.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(["view", "no-view", "menu-bar"]).toContain(command.mode);
    expect(command.description).toMatch(/^[A-Z].*\.$/);
    expect(command.description.length).toBeLessThanOrEqual(200);
    expect(command.arguments?.length ?? 0).toBeLessThanOrEqual(3);
    for (const argument of command.arguments ?? []) {
      expect(["text", "password", "dropdown"]).toContain(argument.type);
      expect(argument.placeholder).not.toBe("");
      if (argument.type === "dropdown") expect(argument.data?.length).toBeGreaterThan(0);
    }
    if (command.interval !== undefined) {
      expect(command.mode).not.toBe("view");
      expect(command.interval).toMatch(/^\d+[smhd]$/);
    }
  });

  it.each(commands)("$name is found by the words people search for", (command) => {
    for (const word of ["gpu limit", "vram", "wired limit", "ollama", "llm memory"]) {
      expect(command.keywords).toContain(word);
    }
  });

  it.each(commands)("$name has its file in src", ({ name, mode }) => {
    const files = readdirSync(join(PROJECT_ROOT, "src"));
    const wanted = mode === "no-view" ? [`${name}.ts`, `${name}.tsx`] : [`${name}.tsx`];
    expect(wanted.filter((file) => files.includes(file))).toHaveLength(1);
  });

  it('comes in the order of its use: what "GPU limit" should find first, and Reset last', () => {
    expect(commands.at(0)?.title).toBe("Fit Models to GPU Limit");
    expect(commands.at(-1)?.name).toBe("reset-gpu-limit");
    expect(commands.filter((command) => command.disabledByDefault).map(({ name }) => name)).toEqual([
      "show-gpu-memory-in-menu-bar",
      "copy-gpu-limit-command",
    ]);
  });

  it("is one of a kind", () => {
    // A tool may be called as a command is: it lies in a folder of its own.
    for (const kind of [commands, tools]) expect(new Set(kind.map(({ name }) => name)).size).toBe(kind.length);
  });

  it("is behind every file that looks like one", () => {
    const entries = readdirSync(join(PROJECT_ROOT, "src")).filter((file) => /\.tsx?$/.test(file));
    expect(entries.map((file) => file.replace(/\.tsx?$/, "")).sort()).toEqual(commands.map((each) => each.name).sort());
  });
});

it.each(tools)("tool $name is complete", (tool) => {
  expect(existsSync(join(PROJECT_ROOT, "src", "tools", `${tool.name}.ts`))).toBe(true);
  expect(tool.description).toMatch(/^[A-Z].*\.$/);
});

describe("each preference", () => {
  const TYPES = ["textfield", "password", "checkbox", "dropdown", "appPicker", "file", "directory"];

  it.each(preferences)("$name is sane", (preference: ManifestPreference) => {
    expect(TYPES).toContain(preference.type);
    expect(preference.description).not.toBe("");
    expect(preference.type === "checkbox" ? preference.label : preference.title).toMatch(/\S/);
    // Nothing to set before the first use: every preference has a default or may stay empty.
    expect(preference.required).toBe(false);
    if (preference.type === "textfield") expect(preference.placeholder).toMatch(/\S/);
    if (preference.type === "dropdown") {
      const values = preference.data?.map((choice) => choice.value) ?? [];
      expect(new Set(values).size).toBe(values.length);
      expect(values).toContain(preference.default);
    }
  });

  it("has a name of its own", () => {
    const names = preferences.map((each) => each.name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("the icons", () => {
  const icons = [manifest.icon, ...[...commands, ...tools].flatMap((each) => each.icon ?? [])];
  const files = icons.flatMap((icon) => [icon, icon.replace(/\.png$/, "@dark.png")]);

  it.each([...new Set(files)])("%s is a PNG of 512 by 512", (file) => {
    expect(pngSize(join(PROJECT_ROOT, "assets", file))).toEqual({ width: 512, height: 512 });
  });
});

describe("what the README shows", () => {
  const readme = readFileSync(join(PROJECT_ROOT, "README.md"), "utf8");
  const shown = [...readme.matchAll(/(?:src|srcset)="([^"]+)"|!\[[^\]]*\]\(([^)]+)\)/g)].map(
    ([, inHtml, inMarkdown]) => inHtml ?? inMarkdown ?? "",
  );

  it("is there, in the folder the Store has for it, and small", () => {
    expect(shown.length).toBeGreaterThan(0);
    for (const file of shown) {
      expect(file).toMatch(/^media\//);
      expect(readFileSync(join(PROJECT_ROOT, file)).length).toBeLessThan(100_000);
    }
  });
});

describe("the lock file", () => {
  const lock = JSON.parse(readFileSync(join(PROJECT_ROOT, "package-lock.json"), "utf8")) as {
    lockfileVersion: number;
    packages: Record<string, { resolved?: string; version?: string }>;
  };

  it("names no registry, so that it works with any", () => {
    expect(lock.lockfileVersion).toBeGreaterThanOrEqual(2);
    expect(Object.values(lock.packages).filter((entry) => entry.resolved !== undefined)).toEqual([]);
  });

  it("agrees with the pinned versions", () => {
    const pinned = JSON.parse(readFileSync(join(PROJECT_ROOT, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    for (const [name, version] of Object.entries(pinned.dependencies)) {
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });
});
