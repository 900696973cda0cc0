import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultLimitByFormula, recommendedReserve } from "../src/fit/limit-policy";
import { comfortable } from "../src/fit/picks/comfortable";
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
  [32, "Apple M2 Pro", 15],
  [36, "Apple M3 Max", 17],
  [48, "Apple M4 Pro", 22],
  [64, "Apple M4 Pro", 30],
  [96, "Apple M3 Max", 40],
  [128, "Apple M5 Max", 60],
  [192, "Apple M2 Ultra", 80],
  [512, "Apple M3 Ultra", 150],
];

/** Where models-2026-11 names another model, and why it isn't here. */
const NOT_HERE = [
  "8 GB: qwen3.5:4b and 2b. No metadata of a model with their dimensions is committed.",
  "16 and 18 GB: gemma4:12b. The same. ornith-1.5:9b has qwen3.5:9b's dimensions and comes second where tools matter.",
  "24 GB, Pro chips: UD-Q3_K_XL of Qwen3.8-27B. Its tensors are of mixed types that no committed metadata has.",
  "96 GB and more: gpt-oss:120b, qwen3.5:122b and qwen3.8-flash-next. No metadata with their dimensions is committed.",
  "192 GB and more: DeepSeek V4, GLM-5.3 and Kimi K2.6 don't run locally in Ollama.",
];

function picksCell(ramGib: number, chip: string, othersGib?: number): string {
  const ramBytes = ramGib * GIB;
  const limitBytes = defaultLimitByFormula(ramBytes, { major: 26, text: "26.0" });
  const othersBytes = othersGib === undefined ? undefined : othersGib * GIB;
  const ram = { ramBytes, reserveBytes: recommendedReserve(ramBytes), othersBytes };
  const picks = comfortable({ limitBytes, ram, chip });
  const texts = picks.map(
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
  "and what is called perhaps fits only if it is no heavier than usual. Written by `npm run recommendations`.",
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
  "What others would name, and why it isn't here:",
  "",
  ...NOT_HERE.map((line) => `- ${line}`),
  "",
].join("\n");
writeFileSync(join(process.cwd(), "docs", "recommendations.md"), text);
console.log(text);
