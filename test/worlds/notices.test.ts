import { describe, expect, it } from "vitest";
import type { NoticeKind } from "../../src/fit/guard/notice";
import { CHECKBOXES } from "../../src/ui/menu-bar/menu-bar-preferences";
import { playWorld, worldPath } from "./support/run-world";
import type { World } from "./support/schema";

const TICK = "show-gpu-memory-in-menu-bar background";

/** For each kind a world that ends with it in the menu, and one in which it must not be there. */
const WORLDS: Readonly<Record<NoticeKind, { readonly there: string; readonly not: string; readonly title: string }>> = {
  criticalPressure: {
    there: "N2-critical-pressure-idle-model",
    not: "N2-critical-pressure-model-in-use",
    title: "Memory Pressure Is Critical: qwen3:8b Seems Idle",
  },
  mlxGrows: {
    there: "N1-mlx-grows-into-swap",
    not: "N1-mlx-grows-with-room",
    title: "big:mlx Outgrows the GPU Limit",
  },
  limitMoved: {
    there: "N5-limit-set-by-another-tool",
    not: "H6-limit-set-here",
    title: "GPU Limit Changed by Another Tool",
  },
  spilled: { there: "H2-spilled-at-a-clients-context", not: "H3-nothing-to-say", title: "qwen3-coder:30b Spilled" },
  unplannedContext: {
    there: "N4-larger-context-than-planned",
    not: "N4-context-as-planned",
    title: "qwen3:8b Has a Larger Context",
  },
  tierMoved: {
    there: "N3-default-context-moved",
    not: "N3-default-context-stays",
    title: "Ollama's Default Context Will Be 32K",
  },
};

/** What the world shows with other steps at its end and other preferences. */
async function shown(name: string, steps: readonly string[] = [], off?: string) {
  const change = (world: World): World => ({
    ...world,
    // What's done with the notice comes after it was said.
    steps: [...world.steps.filter((step) => !step.includes("›")), ...steps],
    preferences: off === undefined ? world.preferences : { ...world.preferences, [off]: false },
  });
  const { seen } = await playWorld(worldPath(name), { change });
  const views = seen.views.map(({ text }) => text);
  return { views, last: views.at(-1) ?? "", all: [...views, ...seen.huds].join("\n"), huds: seen.huds };
}

describe.each(Object.entries(WORLDS))("%s", (kind, { there, not, title }) => {
  it("is said where there's reason, and stays in the menu as long as there is", async () => {
    const { views, last } = await shown(there, [TICK]);
    expect(views.filter((text) => text.includes(title)).length).toBeGreaterThan(1);
    expect(last).toContain(title);
  });

  it("isn't said again once it's dismissed", async () => {
    const dismissed = ["show-gpu-memory-in-menu-bar", `action '${escaped(title)} › Dismiss'`, TICK, TICK];
    expect((await shown(there, dismissed)).last).not.toContain(title);
  });

  it("isn't said where there's no reason", async () => {
    expect((await shown(not)).all).not.toContain("Needs Attention");
  });

  it("isn't said where the person switched it off", async () => {
    expect((await shown(there, [], CHECKBOXES[kind as NoticeKind])).all).not.toContain(title);
  });
});

/** In single quotes of a step. */
const escaped = (text: string): string => text.replaceAll("'", `'"'"'`);

it("a HUD comes once, and only after one's own change", async () => {
  const again = ["set-gpu-limit", "choose 'New Limit=Custom'", "fill 'Limit=38912'", "submit", "confirm yes", TICK];
  const { huds } = await shown("N3-default-context-moved", again);
  expect(huds.filter((text) => text.includes("see the menu bar"))).toEqual([
    "Ollama's Default Context Will Be 32K: see the menu bar",
  ]);
  for (const { there } of [WORLDS.mlxGrows, WORLDS.limitMoved, WORLDS.spilled]) {
    expect((await shown(there)).huds).toEqual([]);
  }
});
