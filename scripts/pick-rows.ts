import { ROUND_CONTEXTS } from "../src/fit/largest-context";
import type { PickRow } from "../src/fit/picks/pick-row";
import { GIB } from "../src/fit/units";
import { judgeAtContext, needBytes, needRange } from "../src/fit/verdict";
import { described, inputFor, measured } from "../test/fit/inputs";

/** When the models below were chosen. */
export const DATE = "November 2026";

/** Smallest context that is worth a row. */
const CONTEXTS = [...ROUND_CONTEXTS].reverse().filter((tokens) => tokens >= 8192);

interface Candidate extends Omit<PickRow, "needs"> {
  /** The measured model with the same dimensions. */
  readonly basis: string;
  /** Bytes of its projector, where it's in the download. */
  readonly projectorBytes?: number;
}

/** The best first; a model is only here if the metadata of one with its dimensions is committed. Sizes: the registry's manifests as others read them between March and September 2026. */
const CANDIDATES: readonly Candidate[] = [
  {
    name: "qwen3.8:27b-q8_0",
    runner: "ggml",
    downloadBytes: 29_980_000_000,
    projectorBytes: 931_146_016,
    denseBillions: 27.8,
    leastContext: 131_072,
    purposes: ["code", "chat", "vision"],
    basis: "qwen3.5-27b",
  },
  {
    name: "qwen3.8:27b-q4_K_M",
    runner: "ggml",
    downloadBytes: 17_740_000_000,
    projectorBytes: 931_146_016,
    denseBillions: 27.8,
    purposes: ["code", "chat", "vision"],
    basis: "qwen3.5-27b",
  },
  {
    name: "gemma4:31b",
    runner: "ggml",
    downloadBytes: 19_868_981_791,
    projectorBytes: 1_200_000_000,
    denseBillions: 31.3,
    purposes: ["chat", "vision"],
    basis: "gemma4-31b",
  },
  {
    name: "qwen3-coder-next:q4_K_M",
    runner: "ggml",
    downloadBytes: 52_000_000_000,
    purposes: ["code"],
    basis: "qwen3-coder-next",
  },
  {
    name: "qwen3.6:35b-a3b-q4_K_M",
    runner: "ggml",
    downloadBytes: 23_940_000_000,
    projectorBytes: 902_822_624,
    purposes: ["code", "chat", "vision"],
    basis: "qwen3.5-35b-a3b",
  },
  {
    name: "gemma4:26b-a4b-it-q4_K_M",
    runner: "ggml",
    downloadBytes: 17_990_000_000,
    projectorBytes: 1_207_000_000,
    purposes: ["chat", "vision"],
    basis: "gemma4-26b-a4b",
  },
  {
    name: "gpt-oss:20b",
    runner: "ggml",
    downloadBytes: 13_779_630_336,
    purposes: ["code", "chat"],
    basis: "gpt-oss-20b",
  },
  {
    name: "qwen3.5:9b-q4_K_M",
    runner: "ggml",
    downloadBytes: 6_582_475_712,
    projectorBytes: 912_837_568,
    denseBillions: 9.65,
    purposes: ["code", "chat", "vision"],
    basis: "qwen3.5-9b",
  },
  {
    name: "gemma3:4b",
    runner: "ggml",
    downloadBytes: 3_300_000_000,
    projectorBytes: 850_000_000,
    denseBillions: 4.3,
    purposes: ["chat", "vision"],
    basis: "gemma3-4b",
  },
  {
    name: "llama3.2:3b",
    runner: "ggml",
    downloadBytes: 2_000_000_000,
    denseBillions: 3.2,
    purposes: ["chat"],
    basis: "llama3.2-3b",
  },
];

function rowOf({ basis, projectorBytes = 0, ...candidate }: Candidate): PickRow {
  const from = measured(basis);
  const description = described(from.header, {
    weightBytes: candidate.downloadBytes - projectorBytes,
    projectors: projectorBytes === 0 ? [] : [{ path: "projector", bytes: projectorBytes }],
  });
  const needs = CONTEXTS.flatMap((context): PickRow["needs"] => {
    const verdict = judgeAtContext(inputFor(from, 10_000 * GIB, { description }), context);
    if (verdict.kind === "unknown" || verdict.engine !== "llama") return [];
    // Beyond what it was trained for nothing is offered.
    if (verdict.run.numCtx.value !== context) return [];
    return [
      {
        context,
        totalBytes: Math.ceil(needBytes(verdict)),
        limitBytes: Math.ceil(needRange(verdict).high),
        ramBytes: Math.ceil(verdict.estimate.total),
      },
    ];
  });
  if (needs.length === 0) throw new Error(`${candidate.name}: nothing is known of it.`);
  return { ...candidate, basis, needs };
}

/** What each model that may be recommended needs at each round context, by the verdict itself. */
export function pickRows(): readonly PickRow[] {
  return CANDIDATES.map(rowOf);
}
