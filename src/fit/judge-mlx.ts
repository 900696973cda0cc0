import type { MlxModel } from "../memory/mlx/estimate";
import type { InstalledModel, MlxModelDescription } from "./facts";
import { type GpuLimit, inForceBytes, leastLimitText } from "./limit-policy";
import { shownContext } from "./mlx-peaks";
import { type MlxRun, resolveMlxRun } from "./mlx-run";
import { type JudgedMlx, judgeMlx } from "./mlx-verdict";
import { fusingText } from "./mlx-verdict-text";
import { balanceRam, mostWithoutSwap, RAM_UNREAD, ramText, type RamUse } from "./ram";
import { serverCautions } from "./run-settings";
import { formatBytes, MIB } from "./units";
import type { JudgeInput, Verdict } from "./verdict-types";

/**
 * The verdict on a model that MLX runs. Ollama's check before it loads one is exact and needs the weights alone, so that
 * it's told even where nothing else is known.
 */
export function judgeByMlx(input: JudgeInput): Verdict {
  const { model, description, limit, server, ram, chip, peaks = [], cuts = [], options } = input;
  const described = "kind" in description && description.kind === "mlx" ? description : undefined;
  const reason = "reason" in description ? description.reason : NOT_MLX;
  const weights = described?.model.weights ?? model.sizeBytes;
  if (limit.kind === "unknown") {
    return { kind: "unknown", reason: `MLX model with about ${formatBytes(weights)} of weights. ${limit.reason}` };
  }
  const { model: mlxModel, cautions: unsure, weightsAboveBytes } = described ?? weightsAlone(model);
  const cautions = [
    ...(limit.estimated ? [`The limit is ${limit.sourceText}.`] : []),
    ...unsure,
    ...serverCautions(server),
  ];
  const shownTokens = input.loaded.find(({ digest }) => digest === model.digest)?.contextLength;
  const shown = shownContext(peaks, cuts, shownTokens);
  const run = resolveMlxRun({ model: mlxModel, options, peaks, shown, cautions });
  const mlx = judgeMlx({
    model: mlxModel,
    tokens: run.context.value,
    chip,
    isFusingUnsure: true,
    limitBytes: limit.bytes,
    checkedBytes: inForceBytes(limit),
    overheadBytes: server.gpuOverheadBytes?.value,
    carriableBytes: ram && mostWithoutSwap(ram),
    weightsAboveBytes,
    peaks,
    cautions,
    savesNothing: options.keepsStates === false,
  });
  if (mlx.kind === "unknown") return mlx;
  if (described === undefined && mlx.kind !== "wont-load") {
    const checked = `Its weights, about ${formatBytes(weights)}, pass Ollama's check before a load.`;
    const isMissing = "kind" in description && description.kind === "missing-files";
    return { kind: "unknown", reason: isMissing ? reason : `${reason} ${checked}` };
  }
  if (limit.isLeast && mlx.kind !== "fits" && !(mlx.kind === "tight" && mlx.cause === "caution")) {
    return { kind: "unknown", reason: leastLimitText(mlx.estimate.total, limit) };
  }
  return withRam(mlx, run, limit, ram);
}

const NOT_MLX = "Its server runs it with MLX, but its files are those of llama.cpp.";

/** By how much the size that a server lists may be above the weights: vocabularies and configs have 10 to 30 MB. */
export const LISTED_ABOVE_WEIGHTS = 64 * MIB;

/** An MLX model of which nothing is known but the size in the list. */
function weightsAlone({ sizeBytes, family = "" }: InstalledModel): Omit<MlxModelDescription, "kind"> {
  const shape: MlxModel["shape"] = { modelType: family, layers: [], elementBytes: 2 };
  return {
    model: { kind: "known", shape, weights: sizeBytes },
    cautions: [],
    weightsAboveBytes: LISTED_ABOVE_WEIGHTS,
  };
}

function withRam(mlx: JudgedMlx, run: MlxRun, limit: GpuLimit, use: RamUse | undefined): Verdict {
  const { estimate } = mlx;
  const ram = use && balanceRam(use, estimate.high);
  const shortage = ram && ramText(ram);
  const fusing = fusingText(mlx);
  const cautions = [
    ...run.cautions,
    ...(fusing === undefined ? [] : [fusing]),
    ...(limit.excess ? [limit.excess.warning] : []),
    ...(limit.disagreement ? [limit.disagreement] : []),
    ...(shortage === undefined ? [] : [shortage]),
    ...(ram !== undefined && ram.othersBytes === undefined ? [RAM_UNREAD] : []),
  ];
  const judged = {
    engine: "mlx",
    run,
    estimate,
    mlx,
    limit,
    spareBytes: limit.bytes - estimate.total,
    ram,
    cautions,
  } as const;
  switch (mlx.kind) {
    case "fits":
      return { kind: "fits", ...judged };
    case "tight": {
      const because = mlx.cause === "swap" ? (shortage ?? mlx.because) : mlx.because;
      return { kind: "tight", cause: mlx.cause, because, ...judged };
    }
    case "fails":
      return { kind: "fails", missingBytes: mlx.missingBytes, ...judged };
    case "wont-load": {
      const { allowedBytes } = mlx;
      const missingBytes = estimate.weights - allowedBytes;
      return { kind: "wont-load", allowedBytes, missingBytes, ...judged, spareBytes: -missingBytes };
    }
  }
}
