import { writeFileSync } from "node:fs";
import { join } from "node:path";
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
].join("\n");
writeFileSync(join(process.cwd(), "docs", "recommendations.md"), text);
console.log(text);
