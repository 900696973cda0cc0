import { comfortable, comfortableText, pickFor } from "../picks/comfortable";
import { limitOnceSet } from "../limit-policy";
import { shortageText } from "../ram";
import { plansAsBefore } from "../run-settings";
import type { Steps } from "../steps";
import { formatBytes, formatContext, MIB } from "../units";
import { contextOf, judgeAtContext, type KnownVerdict, marginBytes, needBytes } from "../verdict";
import type { Impossible } from "./options";
import type { PlanInput } from "./plan-input";
import { bestBuild } from "./smaller-build";
import { bestBuildAndMore } from "./smaller-build-and-more";

/** Bits per parameter of Q4_K_M, what most models are published at (llama.cpp's quantize table). */
const COMMON_BITS = 4.89;
/**
 * Share of the limit that a comfortable model's weights may take, the rest being for context and buffers. It meets what
 * people with such Macs call comfortable: 7B to 9B at 16 GB, 27B to 32B at 36 GB, 32B and more at 64 GB.
 */
const WEIGHTS_SHARE = 0.6;
/** Below it a context is of little use. */
const SMALLEST_CONTEXT = 4096;

/** What is missing at the very least, which size is comfortable here, and what helps instead. */
export function* impossible(plan: PlanInput, before: KnownVerdict): Steps<Impossible> {
  const { input, advice } = plan;
  const perhaps = yield* lighterBuild(plan, before);
  const highest = Math.max(before.limit.bytes, (advice?.highestMib ?? 0) * MIB);
  const advised = Math.max(before.limit.bytes, (advice?.recommendedMib ?? advice?.defaultMib ?? 0) * MIB);
  const where = advice === undefined ? "that machine" : "this Mac";
  return {
    missing: missingText({ input, advice }, before, highest, where),
    perhaps,
    comfortable: `Comfortable on ${where}: models of up to about ${roundDown(billions(advised, before))} billion parameters at Q4_K_M, with a limit of ${formatBytes(advised)}.`,
    waysOut: [
      ...(plansAsBefore(input.server) ? ["Update Ollama first: newer models need a newer release."] : []),
      ...picksOf(plan),
      "A smaller model of the same family.",
      ...(perhaps === undefined
        ? []
        : [`Perhaps: ${perhaps}. It would fit if that build has the usual size; Check for Smaller Builds can tell.`]),
      advice === undefined
        ? "A higher GPU limit, set on the machine that Ollama runs on."
        : "Ollama on a Mac with more memory, as the host in the preferences.",
      "Several machines together: exo or llama.cpp's RPC backend.",
      `Ollama's cloud, if it has ${baseName(input.model.name)}.`,
    ],
  };
}

/** Models that run well here, each with the command that gets it. */
function picksOf(plan: PlanInput): readonly string[] {
  const mac = pickFor(plan.input, plan);
  if (mac === undefined) return [];
  const texts = comfortableText(mac);
  return comfortable(mac).map(
    ({ command, isInstalled }, index) => `${texts[index]}${isInstalled ? "" : ` ${command}`}`,
  );
}

/**
 * What a build would do that's no heavier than llama.cpp's own, where one at its heaviest wouldn't: the title of such an
 * option. Undefined where there is none, and once the registries have answered.
 */
function* lighterBuild(plan: PlanInput, before: KnownVerdict): Steps<string | undefined> {
  const isOpen = plan.builds === undefined || [...plan.builds.values()].some(({ kind }) => kind === "unchecked");
  if (!isOpen) return undefined;
  const [alone] = yield* bestBuild(plan, before, "usual");
  return (alone ?? (yield* bestBuildAndMore(plan, before, "usual"))[0])?.title;
}

/** What keeps the model from fitting at the smallest context of use and the highest limit that's safe. */
function missingText(
  { input, advice }: Pick<PlanInput, "input" | "advice">,
  before: KnownVerdict,
  highest: number,
  where: string,
): string {
  const numCtx = Math.min(SMALLEST_CONTEXT, contextOf(before).value);
  const least = judgeAtContext({ ...input, limit: limitOnceSet(highest) }, numCtx);
  if (least.kind === "unknown") return "";
  const need = needBytes(least);
  const context = formatContext(numCtx);
  const limit = advice === undefined ? `the limit of ${where}` : `the highest safe limit of ${where}`;
  if (need > highest) {
    return `Even at ${context} it needs ${formatBytes(need)}; ${limit} is ${formatBytes(highest)}: ${formatBytes(need - highest)} missing.`;
  }
  if (least.ram?.kind === "swaps") return `Even at ${context} the Mac would swap. ${shortageText(least.ram)}.`;
  const needed = `At ${context} it needs ${formatBytes(need)} of ${formatBytes(highest)}, ${limit}`;
  if (least.kind === "tight" && least.cause === "caution") return `${needed}. ${least.because}`;
  return least.kind === "fits" ? `${needed}.` : `${needed}, too close to promise a fit.`;
}

function billions(limitBytes: number, before: KnownVerdict): number {
  const weights = Math.max(0, limitBytes - marginBytes(before)) * WEIGHTS_SHARE;
  return (weights * 8) / COMMON_BITS / 1e9;
}

/** A number for "about": 5, 14, 38, 70, 150. */
function roundDown(value: number): number {
  const step = value >= 100 ? 50 : value >= 40 ? 10 : 1;
  return Math.max(1, Math.floor(value / step) * step);
}

function baseName(model: string): string {
  return /^(.*?)(?::[^/:]*)?$/.exec(model)?.[1] ?? model;
}
