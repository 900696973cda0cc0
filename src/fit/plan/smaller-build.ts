import type { PublishedBuild } from "../facts";
import type { Steps } from "../steps";
import { judge, type KnownVerdict, swaps } from "../verdict";
import { verdictSentence } from "../verdict-text";
import type { BuildChange } from "./changes";
import { needsHelp, type PlanInput } from "./plan-input";
import type { Proposal, Proposed } from "./proposal";
import { smallerQuantizations } from "./quantizations";
import { settle, type Settled } from "./settle";

/** How a build that nobody has confirmed is sized: so that it surely fits, or as llama.cpp itself would make it. */
export type Sizing = "most" | "usual";

/** A smaller quantization of the model, best first. */
export interface Candidate {
  readonly build: BuildChange;
  /** So much is lost that a smaller model is often better. */
  readonly isPoor: boolean;
}

/** The best smaller quantization that fits with nothing else changed. One that would swap is worth no download. */
export const smallerBuild: Proposal = {
  propose: (plan, before) => bestBuild(plan, before, "most"),
};

/** The best quantization that makes the model fit with nothing else changed; none where none does. */
export function* bestBuild(plan: PlanInput, before: KnownVerdict, sizing: Sizing): Steps<readonly Proposed[]> {
  if (!needsHelp(plan, before)) return [];
  for (const candidate of buildCandidates(plan, sizing)) {
    yield;
    const settled = settleBuild(plan, before, candidate);
    if (settled !== undefined) return [proposedBuild(candidate, settled)];
  }
  return [];
}

function settleBuild(plan: PlanInput, before: KnownVerdict, { build }: Candidate): Settled | undefined {
  const settled = settle(plan, before, { build });
  return settled === undefined || swaps(settled.after) ? undefined : settled;
}

/** Whether a published build of a quantization makes the model fit with nothing else changed. */
export function isBuildEnough(plan: PlanInput, quantization: string, build: PublishedBuild): boolean {
  const before = judge(plan.input);
  if (before.kind === "unknown") return false;
  const builds = new Map([[quantization, { kind: "published", ...build } as const]]);
  const candidate = buildCandidates({ ...plan, builds }, "most").find(
    (each) => each.build.quantization === quantization,
  );
  return candidate !== undefined && settleBuild(plan, before, candidate) !== undefined;
}

/** The smaller quantizations that may exist, best first: what a registry doesn't have is left out. */
export function buildCandidates({ input, builds }: PlanInput, sizing: Sizing): readonly Candidate[] {
  const { description, model } = input;
  if ("kind" in description) return [];
  return smallerQuantizations(description.metadata, model.quantization).flatMap((quantization): Candidate[] => {
    const { name, steps, loss, isPoor, weightBytes, usualBytes } = quantization;
    const build = builds?.get(name);
    if (build?.kind === "missing") return [];
    const supposed = sizing === "most" ? weightBytes : usualBytes;
    const known =
      build?.kind === "published"
        ? {
            name: build.name,
            weightBytes: build.weightBytes,
            downloadBytes: build.downloadBytes,
            description: build.description && "kind" in build.description ? undefined : build.description,
          }
        : { weightBytes: supposed, downloadBytes: supposed, unchecked: build?.reason };
    return [{ build: { quantization: name, steps, loss, ...known }, isPoor }];
  });
}

/** A quantization as a way to make the model fit; `more` is what is changed beside it, for the title. */
export function proposedBuild({ build, isPoor }: Candidate, settled: Settled, more: readonly string[] = []): Proposed {
  const doubt = build.name === undefined ? "If this build is published: " : "";
  return {
    ...settled,
    title: [`Lower the Quantization to ${build.quantization}`, ...more].join(", "),
    sentence: `${doubt}${verdictSentence(settled.after)}`,
    isPoor,
  };
}
