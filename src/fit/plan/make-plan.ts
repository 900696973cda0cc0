import { launchctlKvCacheCommand, ollamaCreateCommand, ollamaStopCommand, sysctlCommand } from "../commands";
import { contextTier } from "../context-tier";
import type { LimitKey } from "../facts";
import { largestFittingContext, roundContextBelow } from "../largest-context";
import type { LimitAdvice } from "../limit-policy";
import { formatBytes, formatContext, formatMib, GIB, MIB } from "../units";
import { judge, type JudgeInput, type Verdict } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { type Cost, type Impossible, type Plan, type PlanOption, rankOptions } from "./options";
import { smallerQuantizations } from "./quantizations";

export interface PlanInput {
  readonly input: JudgeInput;
  /** Absent for a remote Mac, whose limit can only be set there. */
  readonly advice?: LimitAdvice;
  readonly ramBytes?: number;
  readonly limitKey?: LimitKey;
  /** Whether a capped variant can be made of this model on this server. */
  readonly canCap: boolean;
  readonly variantName: (numCtx: number) => string;
  /** RAM that is not taken by anything now, where it could be read. */
  readonly availableRamBytes?: number;
}

const FREE: Cost = {
  contextTokens: 0,
  qualitySteps: 0,
  macosBytes: 0,
  disturbance: 0,
  serverWide: 0,
  password: 0,
};

/** llama-server keeps up to this much of earlier prompts in RAM, outside the GPU limit. */
const PROMPT_CACHE = 8 * GIB;
/** Limits are offered in steps of this many MiB. */
const LIMIT_STEP_MIB = 1024;
/** Bits per parameter of Q4_K_M, what most models are published at. */
const COMMON_BITS = 4.89;

/** The ways to make one model fit, least intrusive first, each judged by the list's own verdict. */
export function makePlan(plan: PlanInput): Plan {
  const before = judge(plan.input);
  if (before.kind === "unknown") return { kind: "unknown", before, reason: before.reason };
  const candidates = [
    ...asItIs(plan, before),
    ...raised(plan, before),
    ...capped(plan, before),
    ...raisedAndCapped(plan, before),
    ...quantizedCache(plan),
    ...smaller(plan),
  ];
  const options = rankOptions(candidates);
  return options.length > 0
    ? { kind: "options", before, options }
    : { kind: "impossible", before, impossible: impossible(plan, before) };
}

type Judged = Exclude<Verdict, { kind: "unknown" }>;

function asItIs({ input, availableRamBytes }: PlanInput, before: Judged): PlanOption[] {
  if (before.kind !== "fits") return [];
  const others = input.loaded.filter((loaded) => loaded.digest !== input.model.digest);
  const self = input.loaded.find((loaded) => loaded.digest === input.model.digest);
  const taken = others.reduce((sum, loaded) => sum + loaded.vramBytes, 0);
  const base = { after: before, changes: {}, commands: [], cost: FREE, costs: [], sentence: verdictSentence(before) };
  if (self !== undefined && self.vramBytes < self.sizeBytes) {
    return [
      {
        ...base,
        kind: "reload",
        title: "Load Anew",
        sentence: `It was loaded before it fitted. ${verdictSentence(before)}`,
        costs: ["The next answer waits for the load"],
        changes: { unload: [self.name] },
        commands: [ollamaStopCommand(self.name)],
      },
    ];
  }
  if (taken > 0 && before.spareBytes - taken < before.estimate.uncertainty) {
    const names = others.map((loaded) => loaded.name);
    return [
      {
        ...base,
        kind: "unload",
        title: `Unload ${names.join(", ")}`,
        costs: [`Frees ${formatBytes(taken)}; they load again when they are used`],
        cost: { ...FREE, disturbance: 1 },
        changes: { unload: names },
        commands: names.map(ollamaStopCommand),
      },
    ];
  }
  if (availableRamBytes !== undefined && availableRamBytes < before.estimate.total) {
    const missing = before.estimate.total - availableRamBytes;
    return [
      {
        ...base,
        kind: "close-apps",
        title: "Close Apps",
        sentence: `The limit is high enough, but RAM is short by ${formatBytes(missing)}, or by up to ${formatBytes(missing + PROMPT_CACHE)} once llama-server keeps earlier prompts (LLAMA_ARG_CACHE_RAM).`,
        costs: ["Apps have to be closed"],
        cost: { ...FREE, disturbance: 1 },
      },
    ];
  }
  return [{ ...base, kind: "nothing", title: "Nothing to Do" }];
}

/** The state after a limit is set: where Ollama's default context would follow it, the context is pinned. */
function underLimit({ input }: PlanInput, before: Judged, mib: number): { judged: JudgeInput; pinned?: number } {
  const bytes = mib * MIB;
  const judged: JudgeInput = {
    ...input,
    limit: { kind: "known", bytes, source: "override", sourceText: "after the change", estimated: false },
  };
  const overhead = input.server.gpuOverheadBytes?.value ?? 0;
  const now = input.server.startupTotalBytes?.value ?? before.limit.bytes;
  const isDefault = before.run.numCtx.source.startsWith("Ollama's default");
  if (!isDefault || contextTier(now, overhead) === contextTier(bytes, overhead)) return { judged };
  const pinned = before.run.numCtx.value;
  return { judged: { ...judged, options: { ...judged.options, context: pinned } }, pinned };
}

function limitOption(
  plan: PlanInput,
  before: Judged,
  mib: number,
  kind: "raise-limit" | "raise-beyond-reserve",
): PlanOption[] {
  const { advice, ramBytes, input } = plan;
  if (advice === undefined || ramBytes === undefined) return [];
  const { judged, pinned } = underLimit(plan, before, mib);
  if (pinned !== undefined && !plan.canCap) return [];
  const after = judge(judged);
  if (after.kind !== "fits") return [];
  const name = pinned === undefined ? undefined : plan.variantName(pinned);
  const left = ramBytes - mib * MIB;
  return [
    {
      kind,
      title: `Raise the Limit to ${formatBytes(mib * MIB)}`,
      sentence: verdictSentence(after),
      costs: [
        "An administrator password",
        `${formatBytes(mib * MIB - before.limit.bytes)} less for macOS and apps (${formatBytes(left)} left)`,
        ...(kind === "raise-beyond-reserve"
          ? [`Less than the ${formatBytes(advice.reserveBytes)} advised for macOS`]
          : []),
        ...(name === undefined
          ? []
          : [`The context is pinned in ${name}, as Ollama's default would change with the limit`]),
      ],
      cost: { ...FREE, password: 1, macosBytes: mib * MIB - before.limit.bytes },
      after,
      changes: { limitMib: mib, ...(pinned === undefined ? {} : { numCtx: pinned }) },
      commands: [
        sysctlCommand(mib, plan.limitKey),
        ...(name === undefined || pinned === undefined ? [] : [ollamaCreateCommand(input.model.name, name, pinned)]),
      ],
    },
  ];
}

/** The least round limit within the reserve that fits, and one beyond it only where none does. */
function raised(plan: PlanInput, before: Judged): PlanOption[] {
  const { advice, ramBytes } = plan;
  if (before.kind === "fits" || advice === undefined || ramBytes === undefined) return [];
  const least = Math.floor(before.limit.bytes / MIB / LIMIT_STEP_MIB) + 1;
  const reserveMib = Math.floor((ramBytes - advice.reserveBytes) / MIB);
  for (let step = least; step * LIMIT_STEP_MIB <= Math.max(reserveMib, advice.highestMib); step += 1) {
    const mib = step * LIMIT_STEP_MIB;
    const found = limitOption(plan, before, mib, mib <= reserveMib ? "raise-limit" : "raise-beyond-reserve");
    if (found.length > 0) return found;
  }
  return [];
}

function capOption(plan: PlanInput, before: Judged, judged: JudgeInput, limitMib?: number): PlanOption[] {
  if (!plan.canCap) return [];
  const most = largestFittingContext(judged, before.run.numCtx.value);
  const numCtx = most === undefined ? undefined : roundContextBelow(Math.min(most, before.run.numCtx.value - 1));
  if (most === undefined || numCtx === undefined) return [];
  const after = judge({ ...judged, options: { ...judged.options, context: numCtx } });
  if (after.kind !== "fits") return [];
  const name = plan.variantName(numCtx);
  const raise = limitMib === undefined ? 0 : limitMib * MIB - before.limit.bytes;
  return [
    {
      kind: limitMib === undefined ? "cap-context" : "raise-and-cap",
      title:
        limitMib === undefined
          ? `Cap the Context at ${formatContext(numCtx)}`
          : `Raise to ${formatBytes(limitMib * MIB)} and Cap at ${formatContext(numCtx)}`,
      sentence: `${verdictSentence(after)} Up to ${formatContext(most)} tokens would fit.`,
      costs: [
        `${formatContext(numCtx)} of context instead of ${formatContext(before.run.numCtx.value)}, in the variant ${name}`,
        ...(limitMib === undefined
          ? []
          : ["An administrator password", `${formatBytes(raise)} less for macOS and apps`]),
      ],
      cost: {
        ...FREE,
        contextTokens: before.run.numCtx.value - numCtx,
        macosBytes: raise,
        password: limitMib === undefined ? 0 : 1,
      },
      after,
      changes: { numCtx, ...(limitMib === undefined ? {} : { limitMib }) },
      commands: [
        ...(limitMib === undefined ? [] : [sysctlCommand(limitMib, plan.limitKey)]),
        ollamaCreateCommand(plan.input.model.name, name, numCtx),
      ],
    },
  ];
}

function capped(plan: PlanInput, before: Judged): PlanOption[] {
  return before.kind === "fits" ? [] : capOption(plan, before, plan.input);
}

function raisedAndCapped(plan: PlanInput, before: Judged): PlanOption[] {
  const { advice } = plan;
  if (before.kind === "fits" || advice?.recommendedMib === undefined) return [];
  if (advice.recommendedMib * MIB <= before.limit.bytes) return [];
  return capOption(plan, before, underLimit(plan, before, advice.recommendedMib).judged, advice.recommendedMib);
}

function quantizedCache(plan: PlanInput): PlanOption[] {
  const { input } = plan;
  const before = judge(input);
  if (before.kind === "fits" || before.kind === "unknown" || before.run.kvCacheType.value !== "f16") return [];
  const after = judge({ ...input, options: { ...input.options, kvCacheType: "q8_0" } });
  if (after.kind !== "fits") return [];
  return [
    {
      kind: "quantize-kv-cache",
      title: "Quantize the KV Cache to q8_0",
      sentence: verdictSentence(after),
      costs: ["Applies to every model of this server", "Ollama has to be restarted", "A slight loss of quality"],
      cost: { ...FREE, serverWide: 1, disturbance: 1 },
      after,
      changes: { kvCacheType: "q8_0" },
      commands: [launchctlKvCacheCommand("q8_0")],
    },
  ];
}

/** The best smaller quantization that fits; its size is an upper bound and its existence unchecked. */
function smaller({ input }: PlanInput): PlanOption[] {
  const { description } = input;
  if ("kind" in description || judge(input).kind === "fits") return [];
  for (const { name, steps, metadata } of smallerQuantizations(description.metadata, input.model.quantization)) {
    const after = judge({ ...input, description: { ...description, metadata } });
    if (after.kind !== "fits") continue;
    return [
      {
        kind: "smaller-quantization",
        title: `Lower the Quantization to ${name}`,
        sentence: `${verdictSentence(after)} About ${formatBytes(after.estimate.weights)} of weights at most.`,
        costs: [
          `Lower quality than ${input.model.quantization ?? "now"}`,
          "A new download; whether such a build is published was not checked",
        ],
        cost: { ...FREE, qualitySteps: steps },
        after,
        changes: { quantization: name },
        commands: [],
      },
    ];
  }
  return [];
}

function impossible({ input, advice }: PlanInput, before: Judged): Impossible {
  const highest = Math.max(before.limit.bytes, (advice?.recommendedMib ?? 0) * MIB);
  const room = Math.max(0, highest - before.run.margin.value - 2 * GIB);
  const billions = Math.floor((room * 8) / COMMON_BITS / 1e9);
  return {
    missingBytes: Math.max(0, -before.spareBytes),
    comfortable: `Models of up to about ${billions} billion parameters at Q4_K_M are comfortable on this Mac${advice?.recommendedMib === undefined ? "" : ` with a limit of ${formatMib(advice.recommendedMib)}`}.`,
    waysOut: [
      "A smaller model of the same family.",
      "Ollama on a Mac with more memory, as the host in the preferences.",
      "Several machines together: exo or llama.cpp's RPC backend.",
      `The cloud, where ${input.model.name.split(":")[0] ?? input.model.name} has a cloud tag.`,
    ],
  };
}
