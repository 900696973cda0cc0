import { judge, type KnownVerdict } from "../verdict";
import { applyChanges, type PullBuildChange } from "./changes";
import type { PlanInput } from "./plan-input";
import type { Proposed } from "./proposal";

/** A build to pull of which nothing can be promised, and why: never recommended. */
export function unknownBuild(
  { input }: PlanInput,
  before: KnownVerdict,
  { title, pullBuild }: Pick<Proposed, "title"> & { readonly pullBuild: PullBuildChange },
): Proposed {
  return {
    title,
    changes: { pullBuild },
    after: before,
    isOpen: true,
    isPoor: true,
    sentence: reasonOf(input, pullBuild),
  };
}

function reasonOf(input: PlanInput["input"], pullBuild: PullBuildChange): string {
  if (pullBuild.kind === "published") {
    const verdict = judge(applyChanges(input, { pullBuild }));
    return `What it needs isn't known.${verdict.kind === "unknown" ? ` ${verdict.reason}` : ""}`;
  }
  return pullBuild.unchecked === undefined
    ? "What it needs isn't known before its registry was asked: Check for Smaller Builds does that."
    : `What it needs isn't known: ${pullBuild.unchecked}.`;
}
