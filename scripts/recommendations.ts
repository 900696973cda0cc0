import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultLimitByFormula, recommendedReserve } from "../src/fit/limit-policy";
import { comfortable } from "../src/fit/picks/comfortable";
import type { Purpose } from "../src/fit/picks/pick-row";
import { PICKS_DATE } from "../src/fit/picks/picks-table";
import { formatContext, GIB } from "../src/fit/units";
import { makePlan } from "../src/fit/plan/make-plan";
import { badgeText } from "../src/fit/verdict-text";
import { planFor } from "../test/fit/inputs";

/** Writes docs/recommendations.md: what is recommended for common models on common Macs. `npm run recommendations`. */
const RAM = [16, 36, 64, 128];
const MODELS = [
  "llama3.1-8b",
  "qwen3-8b",
  "gpt-oss-20b",
  "gemma3-27b",
  "qwen3.5-27b",
  "qwen3-coder-30b",
  "qwen3-32b",
  "qwen3-coder-next",
  "glm-4.5-air",
  "llama4-scout",
  "deepseek-r1-671b",
];

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

function cell(name: string, ramGib: number): string {
  const plan = makePlan(planFor(name, ramGib, 26, {}, name.startsWith("gpt-oss") ? "MXFP4" : "Q4_K_M"));
  const before = badgeText(plan.before);
  const [first] = plan.kind === "options" ? plan.options : [];
  if (plan.kind === "impossible" && plan.impossible.perhaps !== undefined) {
    return `${before}; a smaller model, or perhaps ${lowerFirst(plan.impossible.perhaps)}`;
  }
  if (first === undefined) return `${before}; cannot fit`;
  if (first.kind === "already-fits") return before;
  return plan.kind === "options" && plan.instead
    ? `${before}; a smaller model, or ${lowerFirst(first.title)}`
    : `${before}; ${first.title}`;
}

/** Macs people have, with their chip and what apps use on a busy day. */
const MACS: readonly (readonly [ramGib: number, chip: string, busyGib: number])[] = [
  [8, "Apple M1", 5],
  [16, "Apple M4", 9],
  [18, "Apple M3 Pro", 9],
  [24, "Apple M4", 12],
  [32, "Apple M4", 15],
  [32, "Apple M2 Pro", 15],
  [36, "Apple M3 Pro", 17],
  [36, "Apple M3 Max", 17],
  [48, "Apple M4 Pro", 22],
  [64, "Apple M4 Pro", 30],
  [96, "Apple M3 Max", 40],
  [128, "Apple M5 Max", 60],
  [192, "Apple M2 Ultra", 80],
  [512, "Apple M3 Ultra", 150],
];

/** Why a model that others name isn't the one here. */
const REASONS = {
  metadata: "no metadata of a model with its dimensions is committed, so its need can't be computed",
  elsewhere: "it doesn't run locally in Ollama",
  tools: "it has qwen3.5's dimensions, and comes second where tools matter",
  drafts: "no metadata of its size with layers that draft is committed, and the plain build is too large here",
  one: "one download for code, chat and vision goes before a second one",
} as const;

/** What others name first for a Mac (November 2026): the models in the order of their list, each with why it isn't here. */
type Named = readonly [model: string, because?: keyof typeof REASONS];
const ELSEWHERE: Readonly<Record<string, Readonly<Record<Purpose, readonly Named[]>>>> = {
  "8 M1": {
    code: [["qwen3.5:4b", "metadata"]],
    chat: [["qwen3.5:4b", "metadata"]],
    vision: [["qwen3.5:2b", "metadata"]],
  },
  "16 M4": {
    code: [["ornith-1.5:9b", "tools"], ["qwen3.5:9b"]],
    chat: [["gemma4:12b", "metadata"], ["qwen3.5:9b"]],
    vision: [["qwen3.5:9b"]],
  },
  "18 M3 Pro": {
    code: [["ornith-1.5:9b", "tools"]],
    chat: [["gemma4:12b", "metadata"]],
    vision: [["qwen3.5:9b"]],
  },
  "24 M4": { code: [["gpt-oss:20b"]], chat: [["gpt-oss:20b"]], vision: [["gemma4:12b", "metadata"]] },
  "32 M4": {
    code: [
      ["ornith-1.5:35b", "tools"],
      ["qwen3.6:35b-a3b-mtp", "drafts"],
    ],
    chat: [["gemma4:26b"]],
    vision: [["gemma4:26b"]],
  },
  "32 M2 Pro": { code: [["qwen3.8:27b"]], chat: [["gemma4:26b", "one"], ["qwen3.8:27b"]], vision: [["qwen3.8:27b"]] },
  "36 M3 Pro": {
    code: [["qwen3.6:35b-a3b"]],
    chat: [["gemma4:26b", "one"]],
    vision: [["gemma4:26b", "one"]],
  },
  "36 M3 Max": { code: [["qwen3.8:27b"]], chat: [["gemma4:26b", "one"]], vision: [["qwen3.8:27b"]] },
  "48 M4 Pro": { code: [["qwen3.8:27b"]], chat: [["gemma4:31b", "one"]], vision: [["qwen3.8:27b"]] },
  "64 M4 Pro": { code: [["qwen3.8:27b-q8_0"]], chat: [["qwen3.8:27b-q8_0"]], vision: [["qwen3.8:27b-q8_0"]] },
  "96 M3 Max": {
    code: [["qwen3.8:27b-q8_0"]],
    chat: [["gpt-oss:120b", "metadata"]],
    vision: [["qwen3.8:27b-q8_0"]],
  },
  "128 M5 Max": {
    code: [["qwen3.8-flash-next", "metadata"], ["qwen3.8:27b-q8_0"]],
    chat: [
      ["gpt-oss:120b", "metadata"],
      ["qwen3.8-flash-next", "metadata"],
    ],
    vision: [["qwen3.8:27b-q8_0"]],
  },
  "192 M2 Ultra": {
    code: [
      ["DeepSeek-V4-Flash", "elsewhere"],
      ["qwen3.8-flash-next", "metadata"],
    ],
    chat: [
      ["DeepSeek-V4-Flash", "elsewhere"],
      ["qwen3:235b-a22b", "metadata"],
    ],
    vision: [["qwen3.8:27b-q8_0"]],
  },
  "512 M3 Ultra": {
    code: [["GLM-5.3", "elsewhere"]],
    chat: [["Kimi-K2.6", "elsewhere"]],
    vision: [["qwen3.8:27b-q8_0"]],
  },
};

const PURPOSES: readonly Purpose[] = ["code", "chat", "vision"];
const keyOf = (ramGib: number, chip: string) => `${ramGib} ${chip.replace("Apple ", "")}`;

/** What's here for a purpose against what others name. @throws where they differ and nothing says why */
function agreement(ramGib: number, chip: string, purpose: Purpose): string {
  const named = ELSEWHERE[keyOf(ramGib, chip)]?.[purpose] ?? [];
  const here = picksOf(ramGib, chip).find(({ purposes }) => purposes.includes(purpose))?.row.name;
  const others = named.map(([model, because]) => (because === undefined ? model : `${model} (${because})`));
  const place = named.findIndex(([model]) => here?.startsWith(model));
  const before = place < 0 ? named : named.slice(0, place);
  if (named.length === 0 || before.some(([, because]) => because === undefined)) {
    throw new Error(`${keyOf(ramGib, chip)}, ${purpose}: nothing says why it's ${here}`);
  }
  return place === 0 ? `${here}: the same` : `${here ?? "none"}; others: ${others.join(", then ")}`;
}

function picksOf(ramGib: number, chip: string, othersGib?: number) {
  const ramBytes = ramGib * GIB;
  const limitBytes = defaultLimitByFormula(ramBytes, { major: 26, text: "26.0" });
  const othersBytes = othersGib === undefined ? undefined : othersGib * GIB;
  const ram = { ramBytes, reserveBytes: recommendedReserve(ramBytes), othersBytes };
  return comfortable({ limitBytes, ram, chip });
}

function picksCell(ramGib: number, chip: string, othersGib?: number): string {
  const texts = picksOf(ramGib, chip, othersGib).map(
    ({ row, context, purposes, needsClosing }) =>
      `${row.name} ${formatContext(context)} (${purposes.join(", ")}${needsClosing ? "; apps closed" : ""})`,
  );
  return texts.join("<br>") || "nothing in the table";
}

const comfortableRows = MACS.map(
  ([ramGib, chip, busyGib]) =>
    `| ${ramGib} GB, ${chip.replace("Apple ", "")} | ${picksCell(ramGib, chip)} | ${busyGib} GiB | ${picksCell(ramGib, chip, busyGib)} |`,
);

const rows = MODELS.map((name) => `| ${name} | ${RAM.map((ramGib) => cell(name, ramGib)).join(" | ")} |`);
const text = [
  "# Recommended options",
  "",
  "What Fit Models to GPU Limit says of common models at Q4_K_M (gpt-oss: MXFP4) on macOS 26 with the default limit, Ollama 0.33",
  "and nothing set, and the first option of the plan. A smaller build is not known to exist before a registry was asked,",
  "and what is called perhaps fits only if it has the usual size. Written by `npm run recommendations`.",
  "",
  `| Model | ${RAM.map((ramGib) => `${ramGib} GB`).join(" | ")} |`,
  `| --- |${RAM.map(() => " --- |").join("")}`,
  ...rows,
  "",
  `## Comfortable on a Mac (${PICKS_DATE})`,
  "",
  "The first choice for each purpose from src/fit/picks/picks-table.ts (`npm run picks`), at the default limit of macOS 26: idle,",
  "with the reserve left to macOS alone, and busy, with apps that use what the column says.",
  "",
  "| Mac | Idle | In use | Busy |",
  "| --- | --- | --- | --- |",
  ...comfortableRows,
  "",
  "## Against what others name",
  "",
  "What people who follow local models name first for each Mac at its default limit, idle, in November 2026, and where another",
  "model is named here, why. A model is only here if its need can be computed from committed metadata.",
  "",
  "| Mac | Code | Chat | Vision |",
  "| --- | --- | --- | --- |",
  ...MACS.map(
    ([ramGib, chip]) =>
      `| ${ramGib} GB, ${chip.replace("Apple ", "")} | ${PURPOSES.map((purpose) => agreement(ramGib, chip, purpose)).join(" | ")} |`,
  ),
  "",
  ...Object.entries(REASONS).map(([reason, text]) => `- ${reason}: ${text}.`),
  "",
  "On Macs of 24 GB with a Pro chip they name UD-Q3_K_XL of Qwen3.8-27B: its tensors are of mixed types that no committed metadata",
  "has. What's named for 96 GB and more and runs in Ollama alone with MLX has no committed metadata either.",
  "",
].join("\n");
writeFileSync(join(process.cwd(), "docs", "recommendations.md"), text);
console.log(text);
