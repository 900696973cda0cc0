import { CONTEXT_TIERS } from "./context-tier";
import { inForceBytes, type GpuLimit, type LimitAdvice, type UnknownGpuLimit } from "./limit-policy";
import { promptCacheBytes } from "./ram";
import type { ServerFacts } from "./facts";
import { fusingText } from "./mlx-verdict-text";
import { formatBytes, formatContext, formatPercent, MIB } from "./units";
import { contextOf, type KnownVerdict, marginBytes } from "./verdict";

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
export function terms({ limit, advice, server, model }: ExplainInput): readonly Explained[] {
  const here = (text: (model: NonNullable<ExplainInput["model"]>) => string) => (model ? ` ${text(model)}` : "");
  return [
    {
      title: "Weights",
      text: `What the model has learned: read from its file, and the same at every context.${here(({ name, verdict }) => `${name}: ${formatBytes(verdict.estimate.weights, 2)}.`)}`,
    },
    {
      title: "KV cache",
      text: `What it remembers of the text so far. It grows in a straight line with the context: twice the tokens, twice the bytes. Layers that look only at a window stop growing.${here(cacheText)}`,
    },
    {
      title: "State",
      text: `What recurrent layers keep instead of a cache. It doesn't grow with the context.${here(({ verdict }) => stateText(verdict))}`,
    },
    ...(model?.verdict.engine === "mlx"
      ? [
          {
            title: "Attention scores",
            text: `Where MLX has no fused kernel for the size of a model's heads, it holds the scores of a whole chunk of the prompt: they grow with its length, and go when it's read.${here(scoresText)}`,
          },
        ]
      : []),
    {
      title: "Compute",
      text: "Working memory for one batch of tokens. It depends on the batch, and somewhat on the context.",
    },
    {
      title: "Safety margin",
      text: `What llama.cpp keeps free below the limit. It isn't memory that's used.${here(({ verdict }) => (marginBytes(verdict) > 0 ? `Here: ${formatBytes(marginBytes(verdict), 2)}.` : "Nothing with this runner."))}`,
    },
    {
      title: "Wired limit",
      text: `The most that macOS lets the GPU hold in RAM for good. ${limitText(limit, advice)}`,
    },
    {
      title: "Reserve",
      text: `What a recommended limit leaves to macOS and your apps.${advice === undefined ? "" : ` Here: ${formatBytes(advice.reserveBytes)}.`} llama-server also keeps earlier prompts in RAM, outside the limit: up to ${formatBytes(promptCacheBytes(server))} in time.`,
    },
  ];
}

/** What widely shared guides say, and what's true on this Mac. */
export function corrections({ limit, advice }: ExplainInput): readonly Explained[] {
  const [large, middle] = CONTEXT_TIERS;
  return [
    {
      title: "“The default is 70 to 80% of RAM”",
      text: `It depends on macOS and on how much RAM there is.${
        advice === undefined
          ? ""
          : ` On this Mac it's ${formatBytes(advice.defaultMib * MIB)} of ${formatBytes(advice.ramMib * MIB)}, ${formatPercent(advice.defaultMib / advice.ramMib)}${advice.defaultEstimated ? ", estimated" : ""}.`
      }`,
    },
    {
      title: "“sudo sysctl --set iogpu.wired_limit_mb=…”",
      text: "macOS's sysctl has no such option: it's `sudo sysctl iogpu.wired_limit_mb=…`, without one.",
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
        limit.kind === "known" ? ` In force: ${formatBytes(inForceBytes(limit))}.` : ""
      }`,
    },
  ];
}

function cacheText({ name, verdict }: NonNullable<ExplainInput["model"]>): string {
  const { kvCache } = verdict.estimate as { readonly kvCache?: number };
  const context = contextOf(verdict)?.value;
  if (kvCache === undefined || !context) return "";
  return `${name}: ${formatBytes(kvCache, 2)} at ${formatContext(context)}, about ${formatBytes(kvCache / context)} a token.`;
}

function stateText(verdict: KnownVerdict): string {
  const { recurrentState = 0 } = verdict.estimate as { readonly recurrentState?: number };
  return recurrentState > 0 ? `Here: ${formatBytes(recurrentState)}.` : "This model has none.";
}

function scoresText({ verdict }: NonNullable<ExplainInput["model"]>): string {
  if (verdict.engine !== "mlx") return "";
  const { scratch } = verdict.estimate;
  return [scratch > 0 ? `Here: about ${formatBytes(scratch)}.` : "This model holds none.", fusingText(verdict.mlx)]
    .filter((part) => part !== undefined)
    .join(" ");
}

function limitText(limit: GpuLimit | UnknownGpuLimit, advice: LimitAdvice | undefined): string {
  if (limit.kind === "unknown") return limit.reason;
  const left = advice && advice.ramMib * MIB - inForceBytes(limit);
  return `In force: ${formatBytes(inForceBytes(limit), 2)}, ${limit.sourceText}${left === undefined ? "" : `; ${formatBytes(left)} are left to macOS and apps`}.`;
}
