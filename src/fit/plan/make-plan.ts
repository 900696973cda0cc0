import { besidePrograms, besideProgramsText } from "../gpu-held";
import { inForceBytes } from "../limit-policy";
import { searchLargestContext } from "../largest-context";
import { fusingText } from "../mlx-verdict-text";
import { tierText } from "../limit-preview";
import type { ServerFacts } from "../facts";
import { balanceRam, promptCacheBytes, type RamBalance, ramText } from "../ram";
import type { Engine } from "../runners";
import { runSteps, type Steps } from "../steps";
import { formatBytes, formatContext } from "../units";
import { contextOf, judge, type KnownVerdict, swaps } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { applyChanges, commandsOf, costOf, costWords, needsStart } from "./changes";
import { joinCosts } from "./cost";
import { impossible } from "./impossible";
import { type Plan, type PlanOption, rankOptions } from "./options";
import type { PlanInput } from "./plan-input";
import type { Proposal, Proposed } from "./proposal";
import { PLAN_KINDS, type PlanKind, PROPOSALS } from "./proposals";

/** The ways to make one model fit, least intrusive first, each judged by the list's own verdict. */
export function makePlan(plan: PlanInput): Plan {
  return runSteps(planInSteps(plan));
}

/** {@link makePlan}, with pauses. */
export function* planInSteps(plan: PlanInput): Steps<Plan> {
  const before = judge(plan.input);
  if (before.kind === "unknown") return { kind: "unknown", before, reason: before.reason };
  const found = yield* proposed(plan, before, false);
  const options = rankOptions(found.some(isGood) ? found : [...found, ...(yield* proposed(plan, before, true))]);
  if (options.length > 0) {
    const instead = options.some(isGood) ? undefined : yield* impossible(plan, before);
    return { kind: "options", before, options, instead, largestContext: yield* largestContext(plan, before) };
  }
  const doubt = cannotPromise(before);
  // What's too big is so whatever else is in doubt.
  return doubt === undefined || before.kind === "too-big"
    ? { kind: "impossible", before, impossible: yield* impossible(plan, before) }
    : { kind: "unknown", before, reason: doubt };
}

/** For a model that fits: the largest context it could have. */
function* largestContext({ input }: PlanInput, before: KnownVerdict): Steps<number | undefined> {
  const trained = before.run.trainedContext;
  return before.kind === "fits" && trained !== undefined ? yield* searchLargestContext(input, trained) : undefined;
}

function isGood({ isPoor, isBeside, after }: PlanOption): boolean {
  return isPoor !== true && isBeside !== true && !swaps(after);
}

/** What the proposals find: the last resorts, or the others. */
function* proposed(plan: PlanInput, before: KnownVerdict, lastResorts: boolean): Steps<readonly PlanOption[]> {
  const options: PlanOption[] = [];
  for (const kind of PLAN_KINDS) {
    const { propose, isLastResort = false }: Proposal = PROPOSALS[kind];
    if (isLastResort !== lastResorts) continue;
    for (const way of yield* propose(plan, before)) {
      options.push(toOption(plan, before, kind, way));
      yield;
    }
  }
  return options;
}

function toOption(plan: PlanInput, before: KnownVerdict, kind: PlanKind, way: Proposed): PlanOption {
  const setting = { plan, before, changes: way.changes };
  // Of what isn't known there's nothing to say but what it changes.
  const { isOpen = false } = way;
  const now = isOpen ? undefined : besidePrograms(applyChanges(plan.input, way.changes), way.after);
  return {
    sentence: verdictSentence(way.after),
    ...way,
    kind,
    now: now && besideProgramsText(now, plan.gpuHolder),
    lacksNow: now?.isEnough === false,
    costs: [...costWords(setting), ...(isOpen ? [] : notes(plan, before, way))],
    cost: joinCosts([costOf(setting), { swapBytes: swaps(way.after) ? way.after.ram?.shortBytes : 0 }]),
    swapsLater: later(plan, way.after)?.kind === "swaps",
    commands: commandsOf(setting),
  };
}

/** No change leads to Fits where the limit or the server is not known well enough: that doesn't mean it won't fit. */
function cannotPromise({ limit, run }: KnownVerdict): string | undefined {
  const doubt = limit.estimated ? `The limit is ${limit.sourceText}.` : run.cautions[0];
  return doubt === undefined ? undefined : `${doubt} So no change can be promised to make it fit.`;
}

/** The RAM once what is kept between requests, outside the GPU limit, has grown to its end. */
function later({ input }: PlanInput, verdict: KnownVerdict): RamBalance | undefined {
  const { ram } = verdict;
  return ram && balanceRam(ram, ram.needBytes + keptBytes(input.server, verdict));
}

function keptBytes(server: ServerFacts, verdict: KnownVerdict): number {
  return verdict.engine === "mlx" ? verdict.estimate.savedStates : promptCacheBytes(server);
}

/**
 * What holds for any option: the default context of other models that moves with the limit, RAM that's short now or
 * will be, and a context that was chosen only to judge at.
 */
function notes(plan: PlanInput, before: KnownVerdict, { changes, after }: Proposed): readonly string[] {
  const all = [
    needsStart(changes) ? tierText(inForceBytes(after.limit), plan.input.server, before.limit) : undefined,
    after.ram && ramText(after.ram),
    after.engine === "mlx" ? fusingText(after.mlx) : undefined,
    laterText(plan, after),
    changes.numCtx === undefined ? chosenContext(plan, before) : undefined,
  ];
  return all.filter((note) => note !== undefined);
}

/** Spoken of only where it leads to a shortage. */
function laterText(plan: PlanInput, after: KnownVerdict): string | undefined {
  const inTime = later(plan, after)?.shortBytes ?? 0;
  return inTime > (after.ram?.shortBytes ?? 0)
    ? `Up to ${formatBytes(keptBytes(plan.input.server, after))} more over time: ${KEPT_WORDS[after.engine]}`
    : undefined;
}

/** What is kept between requests. */
const KEPT_WORDS: Readonly<Record<Engine, string>> = {
  llama: "llama-server keeps earlier prompts in RAM, outside the GPU limit (LLAMA_ARG_CACHE_RAM)",
  mlx: "Ollama saves states of agent sessions in RAM, until the model is unloaded",
};

function chosenContext({ input }: PlanInput, before: KnownVerdict): string | undefined {
  if (input.options.context === "effective" || input.options.context === "default") return undefined;
  const effective = judge({ ...input, options: { ...input.options, context: "effective" } });
  const numCtx = contextOf(effective)?.value;
  return numCtx === undefined || numCtx === contextOf(before).value
    ? undefined
    : `Judged at ${formatContext(contextOf(before).value)}, the context you chose. ${elseText(before, numCtx)}`;
}

/** What happens at another context than the one that was chosen. */
function elseText({ engine }: KnownVerdict, tokens: number): string {
  return engine === "mlx"
    ? `Without a choice it's judged at ${formatContext(tokens)}`
    : `Unless a request asks for it, Ollama runs the model at ${formatContext(tokens)}`;
}
