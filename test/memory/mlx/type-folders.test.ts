import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { judgeMlx, usualContext } from "../../../src/fit/mlx-verdict";
import { mlxBadgeText, mlxVerdictSentence } from "../../../src/fit/mlx-verdict-text";
import { makePlan } from "../../../src/fit/plan/make-plan";
import { GIB } from "../../../src/fit/units";
import { judge } from "../../../src/fit/verdict";
import { estimateMlx, openMlxModel } from "../../../src/memory/mlx/estimate";
import { readMlxManifest } from "../../../src/ollama/mlx-manifest";
import type { MlxReading } from "../../../src/ollama/mlx-reading";
import { readSafetensorsFolder } from "../../../src/ollama/safetensors-folder";
import { limitOf } from "../../fit/inputs";
import { mlxPlanFor } from "../../fit/mlx-plan";
import { writeMlxFolder, writeMlxManifest } from "./folder";
import { ALL_MLX_TYPES, mlxModelOfType } from "./type-folders";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "types-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

function open(reading: MlxReading) {
  const model = reading.kind === "read" ? openMlxModel(reading.files) : reading;
  if (model.kind === "unknown") throw new Error(model.reason);
  return model;
}

it.each(ALL_MLX_TYPES)("a folder and a manifest of %s are read, estimated and judged alike", async (type) => {
  const files = mlxModelOfType(type);
  const folder = join(home, type);
  await writeMlxFolder(folder, files, 2);
  await writeMlxManifest(join(folder, "models"), "manifests/registry.ollama.ai/library/small/latest", files);
  const [fromFolder, fromOllama] = [
    open(await readSafetensorsFolder(folder)),
    open(await readMlxManifest("small", [join(folder, "models")])),
  ];
  const direct = open({ kind: "read", files, cautions: [] });
  const tokens = usualContext(direct);
  const sum = estimateMlx(direct, { tokens });
  if (sum.kind === "unknown") throw new Error(sum.reason);
  expect(estimateMlx(fromFolder, { tokens })).toEqual(sum);
  expect(estimateMlx(fromOllama, { tokens })).toEqual(sum);
  // Something is kept of every token, or at least of the first.
  expect(sum.kvCache + sum.recurrentState).toBeGreaterThan(0);

  const verdicts = [sum.weights, sum.low - 1, sum.high - 1, 100 * GIB].map((limitBytes) =>
    judgeMlx({ model: fromFolder, tokens, limitBytes }),
  );
  expect(verdicts.map(({ kind }) => kind)).toEqual(["wont-load", "fails", "tight", "fits"]);
  // The same through the list's verdict and a plan, which offers nothing that MLX ignores.
  for (const limitBytes of [sum.weights, sum.low - 1, sum.high - 1, 100 * GIB]) {
    const planned = mlxPlanFor(64, { limit: limitOf(limitBytes) });
    const description = { kind: "mlx", model: fromOllama, cautions: [], weightsAboveBytes: 0 } as const;
    const plan = makePlan({ ...planned, input: { ...planned.input, description } });
    expect(plan.before).toEqual(judge({ ...planned.input, description }));
    expect(plan.before.kind).not.toBe("unknown");
    const changes = plan.kind === "options" ? plan.options.map((option) => option.changes) : [];
    for (const change of changes) expect([change.numCtx, change.kvCacheType]).toEqual([undefined, undefined]);
  }
  for (const verdict of verdicts) {
    expect(mlxBadgeText(verdict)).toMatch(/^(Won't Load: .+ of .+|(Fails|Tight)( above \d+K)?|Fits to \d+K)$/);
    expect(mlxVerdictSentence(verdict)).not.toContain("NaN");
  }
});
