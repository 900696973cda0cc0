import type { PublishedBuild } from "../facts";
import { parseModelName } from "../model-name";
import { rulesOf } from "../runners";
import { judge, type KnownVerdict, swaps } from "../verdict";
import { applyChanges } from "./changes";
import { needsHelp, type PlanInput } from "./plan-input";
import type { Proposal, Proposed } from "./proposal";
import { settle } from "./settle";
import { unknownBuild } from "./unknown-build";

/**
 * A published MLX build of the same model with fewer bits: the largest that fits, else the smallest with its own verdict.
 * One that nobody has asked for, or whose files can't be read, is Unknown.
 */
export const smallerMlxBuild: Proposal = {
  *propose(plan, before) {
    const { input, mlx } = plan;
    if (!needsHelp(plan, before) || !rulesOf(input.model).levers.pullBuild || !isOfLibrary(plan)) return [];
    if (mlx === undefined || (mlx.published.length === 0 && mlx.unchecked !== undefined)) {
      const pullBuild = { kind: "unconfirmed", engine: "mlx", unchecked: mlx?.unchecked } as const;
      return [unknownBuild(plan, before, { title: "Use a Smaller MLX Build", pullBuild })];
    }
    for (const build of mlx.published) {
      yield;
      const settled = settle(plan, before, { pullBuild: published(build) });
      if (settled !== undefined && !swaps(settled.after)) return [{ ...settled, title: titleOf(build) }];
    }
    const smallest = mlx.published.at(-1);
    return smallest === undefined ? [] : [notFitting(plan, before, smallest)];
  },
};

const published = (build: PublishedBuild) => ({ kind: "published", ...build }) as const;

const titleOf = ({ name }: PublishedBuild) => `Use the MLX Build ${name}`;

function notFitting(plan: PlanInput, before: KnownVerdict, build: PublishedBuild): Proposed {
  const pullBuild = published(build);
  const after = judge(applyChanges(plan.input, { pullBuild }));
  return after.kind === "unknown"
    ? unknownBuild(plan, before, { title: titleOf(build), pullBuild })
    : { title: titleOf(build), changes: { pullBuild }, after, isPoor: true };
}

/** Elsewhere Ollama finds GGUF builds alone. */
function isOfLibrary({ input: { model } }: PlanInput): boolean {
  return parseModelName(model.name)?.host === "registry.ollama.ai";
}
