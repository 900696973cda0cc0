import { ollamaCreateCommand, ollamaPullCommand, sysctlCommand } from "../commands";
import type { SmallerBuild } from "../facts";
import { formatBytes, formatContext, MIB } from "../units";
import { judge, type JudgeInput } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { roundFittingContext } from "./smaller-context";
import { raiseCosts } from "./higher-limit";
import { FREE, type KnownVerdict, type PlanOption } from "./options";
import { type PlanInput, recommendedRaise } from "./plan-input";
import { type SmallerQuantization, smallerQuantizations } from "./quantizations";
import { limitOnceSet, stateAfter } from "./state-after";

/** A context worth giving up quality for, where a smaller build alone does not do. */
const USEFUL_CONTEXT = 16_384;

/** A smaller quantization in the place of the installed one. */
interface Candidate {
  readonly quantization: SmallerQuantization;
  /** Its name where a registry has it. */
  readonly build?: Extract<SmallerBuild, { kind: "published" }>;
  readonly unchecked: string;
  readonly state: JudgeInput;
}

/** How a build that nobody has confirmed is sized: so that it surely fits, or as llama.cpp itself would make it. */
type Sizing = "most" | "usual";

/**
 * What a build would do that is no heavier than llama.cpp's own, where one at its heaviest would not: the title of such
 * an option. Undefined where there is none, and once the registries have answered.
 */
export function lighterBuild(plan: PlanInput, before: KnownVerdict): string | undefined {
  if (plan.builds !== undefined && ![...plan.builds.values()].some(({ kind }) => kind === "unchecked"))
    return undefined;
  const [alone] = smallerBuild(plan, before, "usual");
  return (alone ?? smallerBuildAndMore(plan, before, "usual")[0])?.title;
}

/** The best smaller quantization that fits with nothing else changed. */
export function smallerBuild(plan: PlanInput, before: KnownVerdict, sizing: Sizing = "most"): PlanOption[] {
  if (before.kind === "fits") return [];
  for (const candidate of candidates(plan, sizing)) {
    const after = judge(candidate.state);
    if (after.kind === "fits") return [option(plan, before, candidate, after)];
  }
  return [];
}

/**
 * Where nothing else makes it fit: a smaller quantization together with a smaller context and, if needed, the
 * recommended limit. Quality counts for more than context from 16K of context on.
 */
export function smallerBuildAndMore(plan: PlanInput, before: KnownVerdict, sizing: Sizing = "most"): PlanOption[] {
  if (before.kind === "fits" || !plan.canCap) return [];
  const present = before.run.numCtx.value;
  const mib = recommendedRaise(plan, before);
  const limits = [undefined, ...(mib === undefined ? [] : [mib])];
  const all = candidates(plan, sizing);
  for (const enough of [Math.min(USEFUL_CONTEXT, present), 0]) {
    for (const candidate of all) {
      for (const limitMib of limits) {
        const state =
          limitMib === undefined
            ? candidate.state
            : stateAfter(candidate.state, before, limitOnceSet(limitMib * MIB)).restarted;
        const found = roundFittingContext(state, present);
        if (found === undefined || found.numCtx < enough) continue;
        const { numCtx, after } = found;
        return [option(plan, before, candidate, after, { numCtx, limitMib })];
      }
    }
  }
  return [];
}

function candidates({ input, builds }: PlanInput, sizing: Sizing): readonly Candidate[] {
  const { description, model } = input;
  if ("kind" in description) return [];
  return smallerQuantizations(description.metadata, model.quantization).flatMap((quantization) => {
    const build = builds?.get(quantization.name);
    if (build?.kind === "missing") return [];
    const published = build?.kind === "published" ? build : undefined;
    const supposed = sizing === "most" ? quantization.weightBytes : quantization.usualBytes;
    const weightBytes = published?.weightBytes ?? supposed;
    const sizeBytes = published?.downloadBytes ?? supposed;
    return [
      {
        quantization,
        build: published,
        unchecked: build?.kind === "unchecked" ? build.reason : "",
        state: {
          ...input,
          description: { ...description, weightBytes, projectors: [] },
          model: { ...model, sizeBytes },
        },
      },
    ];
  });
}

function option(
  plan: PlanInput,
  before: KnownVerdict,
  { quantization, build, unchecked, state }: Candidate,
  after: KnownVerdict,
  more: { readonly numCtx?: number; readonly limitMib?: number } = {},
): PlanOption {
  const { numCtx, limitMib } = more;
  const present = before.run.numCtx.value;
  const isCut = numCtx !== undefined && numCtx < present;
  const and = [
    ...(limitMib === undefined ? [] : [`${formatBytes(limitMib * MIB)} of Limit`]),
    ...(isCut ? [`${formatContext(numCtx)} of Context`] : []),
  ];
  return {
    kind: "smaller-build",
    isPoor: quantization.isPoor,
    title: [`Lower the Quantization to ${quantization.name}`, ...and].join(", "),
    sentence: `${build === undefined ? "If such a build is published: " : ""}${verdictSentence(after)}`,
    costs: [
      `${quantization.name} instead of ${plan.input.model.quantization ?? "the present quantization"}: ${quantization.loss}`,
      build === undefined
        ? `About ${formatBytes(state.model.sizeBytes)} to download at most; not checked whether such a build is published${unchecked === "" ? "" : ` (${unchecked})`}`
        : `${formatBytes(build.downloadBytes)} to download: ${build.name} is published`,
      ...(isCut ? [`${formatContext(numCtx)} of context instead of ${formatContext(present)}`] : []),
      ...(limitMib === undefined ? [] : raiseCosts(before, limitMib)),
    ],
    cost: {
      ...FREE,
      qualitySteps: quantization.steps,
      contextTokens: isCut ? present - numCtx : 0,
      macosBytes: limitMib === undefined ? 0 : limitMib * MIB - before.limit.bytes,
      password: limitMib === undefined ? 0 : 1,
    },
    after,
    changes: {
      limitMib,
      numCtx: isCut ? numCtx : undefined,
      build: { quantization: quantization.name, name: build?.name },
    },
    // A name that nobody has confirmed is not put into a command.
    commands:
      build === undefined
        ? []
        : [
            ollamaPullCommand(build.name),
            ...(limitMib === undefined ? [] : [sysctlCommand(limitMib, plan.limitKey)]),
            ...(isCut ? [ollamaCreateCommand(build.name, plan.variantName(build.name, numCtx), numCtx)] : []),
          ],
  };
}
