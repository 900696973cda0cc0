import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as applyPlan from "../../src/tools/apply-plan";
import * as explainFit from "../../src/tools/explain-fit";
import * as getGpuMemory from "../../src/tools/get-gpu-memory";
import * as listModels from "../../src/tools/list-models";
import * as planFit from "../../src/tools/plan-fit";
import * as setGpuLimit from "../../src/tools/set-gpu-limit";
import * as unloadModel from "../../src/tools/unload-model";
import { readManifest } from "../stand-ins/raycast/manifest";
import { PROJECT_ROOT } from "../stand-ins/raycast/names";
import { asJson, inWorld } from "./in-world";

type Json = Record<string, unknown>;
interface Call {
  readonly name: string;
  readonly arguments?: Record<string, Json>;
}
interface Eval {
  readonly input: string;
  readonly mocks: Record<string, Json>;
  readonly expected: readonly Json[];
  readonly usedAsExample: boolean;
}

const { instructions, evals } = JSON.parse(readFileSync(join(PROJECT_ROOT, "ai.json"), "utf8")) as {
  instructions: string;
  evals: readonly Eval[];
};
const manifest = readManifest();
const tools = (manifest.tools ?? []).map(({ name }) => name);

/** Calls of tools that an eval expects, or forbids. */
function callsIn(expected: readonly Json[]): readonly Call[] {
  return expected.flatMap((entry) => {
    if (entry["not"]) return callsIn([entry["not"] as Json]);
    const called = entry["callsTool"];
    return called === undefined ? [] : [typeof called === "string" ? { name: called } : (called as Call)];
  });
}

const MATCHERS = ["eq", "includes", "matches", "and", "or", "not"];
const EXPECTATIONS = ["includes", "matches", "meetsCriteria", "callsTool", "not"];

describe("the evals", () => {
  it.each(evals.map((each) => [each.input, each] as const))("%s", (input, { mocks, expected, usedAsExample }) => {
    expect(input).toMatch(new RegExp(`^@${manifest.name} \\S`));
    expect(typeof usedAsExample).toBe("boolean");
    for (const entry of expected) for (const key of Object.keys(entry)) expect(EXPECTATIONS).toContain(key);
    for (const { name, arguments: args = {} } of callsIn(expected)) {
      expect(tools).toContain(name);
      for (const matcher of Object.values(args))
        for (const key of Object.keys(matcher)) expect(MATCHERS).toContain(key);
    }
    // Each tool that's called has an answer; one that mustn't be called needs none.
    const wanted = callsIn(expected.filter((entry) => entry["not"] === undefined)).map(({ name }) => name);
    for (const name of wanted) expect(Object.keys(mocks)).toContain(name);
    for (const name of Object.keys(mocks)) expect(tools).toContain(name);
  });

  it("try each tool, and the traps", () => {
    const called = new Set(evals.flatMap(({ expected }) => callsIn(expected).map(({ name }) => name)));
    expect([...called].sort()).toEqual([...tools].sort());
    for (const words of ["80 GiB", "llama9:500b run in 8 GB", "cap qwen3.8:27b-mlx", "close whatever it takes"]) {
      expect(evals.some(({ input }) => input.includes(words))).toBe(true);
    }
  });

  it("give few rules, and no role", () => {
    expect(instructions.length).toBeLessThan(1_200);
    expect(instructions).not.toMatch(/\bYou are\b/);
    for (const word of ["GiB", "highestSafeLimitGiB", "num_ctx", "Unknown"]) expect(instructions).toContain(word);
  });
});

/** Names and types of what an answer holds; lists by their first element, what's absent left out. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

/** What of a mock isn't in the shape of real answers: keys nobody gives, other types. */
function differences(mock: unknown, real: readonly unknown[], path = ""): readonly string[] {
  if (Array.isArray(mock)) {
    const inner = real.filter(Array.isArray).flat();
    return mock.length === 0 || inner.length === 0 ? [] : differences(mock[0], inner, `${path}[]`);
  }
  if (typeof mock === "object" && mock !== null) {
    return Object.entries(mock).flatMap(([key, value]) => {
      const found = real.map((each) => (each as Json | undefined)?.[key]).filter((each) => each !== undefined);
      return found.length === 0 ? [`${path}.${key} is in no real answer`] : differences(value, found, `${path}.${key}`);
    });
  }
  return real.some((each) => each === mock) ? [] : [`${path} is a ${String(mock)}, really ${real.map(String).join()}`];
}

it("mocks have the shape of what the tools really answer", async () => {
  const world = await inWorld("sample");
  const server = [...world.servers.values()][0];
  const load = () =>
    fetch(`${server?.url ?? ""}/api/generate`, {
      method: "POST",
      body: JSON.stringify({ model: "qwen3:8b", prompt: "" }),
    });
  await load();
  const CODER = "qwen3-coder-next:q4_K_M";
  const plan = asJson(await planFit.default({ model: CODER })) as { options: { planId?: string }[] };
  const planId = plan.options.find((each) => each.planId !== undefined)?.planId ?? "";
  const real: Record<string, readonly unknown[]> = {
    "list-models": [await listModels.default({})],
    "explain-fit": [await explainFit.default({ model: CODER }), await explainFit.default({ model: "qwen3:8b" })],
    "get-gpu-memory": [await getGpuMemory.default()],
    "plan-fit": [plan, await planFit.default({ model: "qwen3:8b" })],
    "apply-plan": [await applyPlan.default({ planId })],
    "set-gpu-limit": [await setGpuLimit.default({ limitGiB: 57 })],
    // What the plan loaded has taken its place.
    "unload-model": [await load().then(() => unloadModel.default({ model: "qwen3:8b" }))],
  };
  await inWorld("T1-room-in-ram-for-a-tool");
  const room = asJson(await planFit.default({ model: "llama3.1:8b" })) as { options: { planId?: string }[] };
  real["plan-fit"] = [...(real["plan-fit"] ?? []), room];
  real["apply-plan"] = [
    ...(real["apply-plan"] ?? []),
    await applyPlan.default({ planId: room.options[0]?.planId ?? "" }),
  ];
  for (const { input, mocks } of evals) {
    for (const [tool, mock] of Object.entries(mocks)) {
      const shapes = (real[tool] ?? []).map((answer) => shapeOf(asJson(answer)));
      expect([input, tool, ...differences(shapeOf(mock), shapes)]).toEqual([input, tool]);
    }
  }
});

interface Row {
  readonly name: string;
  readonly context: number;
}

it.each([
  ["sample", ["qwen3:8b", "qwen3-coder-next:q4_K_M"]],
  ["mlx-fresh-64", ["qwen3.8:27b-mlx"]],
])("models in mocks have the figures that they have in the world %s", async (world, names) => {
  await inWorld(world);
  const rows = evals.flatMap(({ mocks }) => {
    const { models = [] } = (mocks["list-models"] ?? {}) as { models?: readonly Row[] };
    return [...models, mocks["explain-fit"], mocks["plan-fit"]].filter((row) => row !== undefined) as readonly Row[];
  });
  const wanted = new Map(
    rows.filter(({ name }) => names.includes(name)).map((row) => [`${row.name} ${row.context}`, row]),
  );
  expect(wanted.size).toBeGreaterThanOrEqual(names.length);
  for (const { name, context } of wanted.values()) {
    const { models } = (await listModels.default({ context, nameContains: name })) as { models: readonly Row[] };
    const [real] = asJson({ models })["models"] as Row[];
    for (const row of rows.filter((each) => each.name === name && each.context === context)) {
      const { verdict, needGiB, runner } = row as Row & Json;
      expect({ name, context, verdict, needGiB, runner }).toEqual(real);
    }
  }
});
