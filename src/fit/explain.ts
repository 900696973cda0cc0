import { sysctlCommand } from "./commands";
import { CONTEXT_TIERS, tierAfterRestart } from "./context-tier";
import { inForceBytes, type GpuLimit, type LimitAdvice, limitText, type UnknownGpuLimit } from "./limit-policy";
import { promptCacheBytes } from "./ram";
import type { ServerFacts } from "./facts";
import { fusingText } from "./mlx-verdict-text";
import { formatBytes, formatContext, formatPercent, MIB } from "./units";
import { SUM_TITLES, TERM_TITLES } from "./sum-names";
import { contextOf, type KnownVerdict } from "./verdict";
import { type Term, termsOf, totalText } from "./verdict-text";

/** A term, or a claim that isn't true, with what is true here. */
export interface Explained {
  readonly title: string;
  readonly text: string;
}

/** What the words rest on: this Mac, its server, and the model that's looked at, where there is one. */
export interface ExplainInput {
  readonly limit: GpuLimit | UnknownGpuLimit;
  /** Absent for a remote Mac. */
  readonly advice?: LimitAdvice;
  readonly server: ServerFacts;
  readonly model?: { readonly name: string; readonly verdict: KnownVerdict };
}

/** The words of the sum, with the figures of this Mac and this model. */
export function terms(input: ExplainInput): readonly Explained[] {
  const { limit, advice, model } = input;
  const here = (text: (model: Named) => string) => (model ? ` ${text(model)}` : "");
  return [
    {
      title: TERM_TITLES.weights,
      text: `What the model has learned: read from its file, and the same at every context.${here((one) => figures(one, TERM_TITLES.weights))}`,
    },
    {
      title: TERM_TITLES.kvCache,
      text: `What it remembers of the text so far. It grows in a straight line with the context: twice the tokens, twice the bytes. Layers that look only at a window stop growing.${here(cacheText)}`,
    },
    {
      title: TERM_TITLES.state,
      text: `What recurrent layers keep instead of a cache. It doesn't grow with the context.${here((one) => figures(one, TERM_TITLES.state) || `${one.name} has none.`)}`,
    },
    ...(model?.verdict.engine === "mlx"
      ? [
          {
            title: TERM_TITLES.scores,
            text: `Where MLX has no fused kernel for the size of a model's heads, it holds the scores of a whole chunk of the prompt: they grow with its length, and are freed once it's read.${here(scoresText)}`,
          },
          {
            title: TERM_TITLES.working,
            text: `What MLX takes on top of that while it reads a prompt. ${figures(model, TERM_TITLES.working)}`,
          },
        ]
      : [
          {
            title: TERM_TITLES.compute,
            text: `Working memory for one batch of tokens. It depends on the batch, and somewhat on the context.${here((one) => figures(one, TERM_TITLES.compute))}`,
          },
        ]),
    ...extras(model),
    {
      title: TERM_TITLES.margin,
      text: `What llama.cpp keeps free below the limit. It isn't memory that's used.${here((one) => figures(one, TERM_TITLES.margin) || "MLX keeps none.")}`,
    },
    {
      title: SUM_TITLES.total,
      text: `All of the above: what has to be below the limit.${here(({ name, verdict }) => `${name}: ${totalText(verdict)}, at ${formatContext(contextOf(verdict).value)}.`)}`,
    },
    {
      title: SUM_TITLES.limit,
      text: `The most memory that macOS lets the GPU keep in RAM, where it isn't swapped; also called the wired limit. ${inForceText(limit, advice)}`,
    },
    {
      title: "Reserve",
      text: `What a recommended limit leaves for macOS and your apps.${advice === undefined ? "" : ` On this Mac: ${formatBytes(advice.reserveBytes)}.`} ${keptText(input)}`,
    },
    {
      title: "Ollama's Count",
      text: `What Ollama says a loaded model takes, in \`ollama ps\`. ${
        model?.verdict.engine === "mlx"
          ? "With MLX it starts at the weights, and grows with the prompts."
          : "The margin and a projector aren't in it, and of two KV caches it counts one."
      }`,
    },
  ];
}

/** Shares of the RAM that macOS 26 and 27 give the GPU by default, from 8 to 512 GB of RAM. */
const DEFAULT_SHARES = "67% to 91%";

/** What widely shared guides say, and what's true on this Mac. */
export function corrections({ limit, advice, server }: ExplainInput): readonly Explained[] {
  const [large, middle] = CONTEXT_TIERS;
  return [
    {
      title: "“The default is 70 to 80% of RAM”",
      text: `It depends on macOS and on how much RAM there is: ${DEFAULT_SHARES} with macOS 26.${
        advice === undefined
          ? ""
          : ` On this Mac it's ${formatBytes(advice.defaultMib * MIB)} of ${formatBytes(advice.ramMib * MIB)}, ${formatPercent(advice.defaultMib / advice.ramMib)}${advice.defaultEstimated ? ", estimated" : ""}.`
      }`,
    },
    {
      title: "“sudo sysctl --set iogpu.wired_limit_mb=…”",
      text: `macOS's sysctl has no such option.${advice === undefined ? "" : ` ${setText(advice)}`}`,
    },
    {
      title: "“The KV cache grows exponentially”",
      text: "It grows in a straight line. What grows faster is the time to read a long prompt.",
    },
    {
      title: "“debug.lowpri_throttle_enabled=0 frees the GPU”",
      text: "It's about the disk I/O of background tasks, and has nothing to do with GPU memory.",
    },
    {
      title: "“A higher limit only helps”",
      text: `Ollama's default context follows the limit it was started under: ${formatContext(middle.numCtx)} from ${formatBytes(middle.fromBytes)}, ${formatContext(large.numCtx)} from ${formatBytes(large.fromBytes)}. So a raise can make models larger, too.${
        limit.kind === "known" && advice !== undefined ? ` ${raiseText(limit, advice, server)}` : ""
      }`,
    },
  ];
}

/** What only some models have beside it. */
function extras(model: Named | undefined): readonly Explained[] {
  const { projector, images, adapter } = TERM_TITLES;
  const has = (title: Term["title"]) =>
    model !== undefined && termsOf(model.verdict).some((one) => one.title === title);
  return [
    ...(model && has(projector)
      ? [{ title: projector, text: `What it sees with, in a file of its own. ${figures(model, projector)}` }]
      : []),
    ...(model && has(images)
      ? [{ title: images, text: `What it takes while it looks at an image. ${figures(model, images)}` }]
      : []),
    ...(model && has(adapter)
      ? [{ title: adapter, text: `What was trained on top of it, in a file of its own. ${figures(model, adapter)}` }]
      : []),
  ];
}

type Named = NonNullable<ExplainInput["model"]>;

/** "qwen3:8b: 4.5 GiB."; empty where the model has none of it. */
function figures({ name, verdict }: Named, title: Term["title"]): string {
  const found = termsOf(verdict).find((term) => term.title === title);
  return found === undefined ? "" : `${name}: ${found.text}.`;
}

function cacheText(model: Named): string {
  const { verdict } = model;
  const bytes = termsOf(verdict).find(({ title }) => title === TERM_TITLES.kvCache)?.bytes;
  const context = contextOf(verdict).value;
  if (bytes === undefined || context === 0) return "";
  return `${model.name}: ${formatBytes(bytes)} at ${formatContext(context)}, about ${formatBytes(bytes / context)} a token.`;
}

/** How a limit is set by hand, with a value that's right here. */
function setText({ recommendedMib, highestMib }: LimitAdvice): string {
  return recommendedMib === undefined
    ? `The highest safe value here is set with \`${sysctlCommand(highestMib)}\`.`
    : `The value advised here is set with \`${sysctlCommand(recommendedMib)}\`.`;
}

/** What grows beside a model in the RAM, outside the limit. */
function keptText({ server, model }: ExplainInput): string {
  if (model?.verdict.engine === "mlx") {
    const { savedStates } = model.verdict.estimate;
    return savedStates > 0
      ? `MLX also keeps states of agent sessions in RAM: up to ${formatBytes(savedStates)} over time.`
      : "";
  }
  return `llama-server also keeps earlier prompts in RAM, outside the limit: up to ${formatBytes(promptCacheBytes(server))} over time.`;
}

/** What the highest safe limit would make of Ollama's default context. */
function raiseText(limit: GpuLimit, { highestMib }: LimitAdvice, server: ServerFacts): string {
  const highest = `On this Mac, the highest safe limit (${formatBytes(highestMib * MIB)})`;
  const change = tierAfterRestart(server, highestMib * MIB, inForceBytes(limit));
  return change === undefined
    ? `${highest} doesn't change it.`
    : `${highest} changes it from ${formatContext(change.before)} to ${formatContext(change.after)}.`;
}

function scoresText({ name, verdict }: Named): string {
  if (verdict.engine !== "mlx") return "";
  const { scratch } = verdict.estimate;
  return [scratch > 0 ? `${name}: about ${formatBytes(scratch)}.` : `${name} holds none.`, fusingText(verdict.mlx)]
    .filter((part) => part !== undefined)
    .join(" ");
}

function inForceText(limit: GpuLimit | UnknownGpuLimit, advice: LimitAdvice | undefined): string {
  if (limit.kind === "unknown") return limit.reason;
  const left = advice && advice.ramMib * MIB - inForceBytes(limit);
  return `In force: ${limitText(limit, inForceBytes(limit))}, ${limit.sourceText}${left === undefined ? "" : `; ${formatBytes(left)} is left for macOS and apps`}.`;
}
