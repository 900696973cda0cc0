import { createHash } from "node:crypto";
import type { FitRow } from "../../app/judge-rows";
import { namesTaken } from "../../app/variant-names";
import { isApplicable } from "../../apply/is-applicable";
import { type Step, stepText } from "../../apply/steps";
import { buildKey } from "../../fit/model-builds";
import { formatBytes } from "../../fit/units";
import { installedAfter } from "../../fit/plan/changes";
import { makePlan } from "../../fit/plan/make-plan";
import type { Plan, PlanOption } from "../../fit/plan/options";
import { stepsOf } from "../../ui/change/apply-option";
import { planInput } from "../../ui/plan/use-plan";
import { ToolRefusal } from "./refusal";
import { textGiven } from "./tool-input";
import { modelAnswer } from "./tool-words";
import { readToolWorld, rowNamed, type ToolWorld } from "./tool-world";

/** A plan with the world it was made in. */
export interface ToolPlan {
  readonly world: ToolWorld;
  readonly row: FitRow;
  readonly plan: Plan;
}

/** An option of a plan that a tool can carry out. */
export interface ToolOption {
  readonly option: PlanOption;
  /** Absent where it isn't carried out from here. */
  readonly id?: string;
  readonly steps: readonly Step[];
  /** What no tool does, as a sentence. */
  readonly left?: string;
}

/** What an assistant weighs; the best come first. */
const MOST_OPTIONS = 4;

/** Makes the plan of a model as the screens do. @throws ToolRefusal */
export async function planOf(name: string, context: number | undefined): Promise<ToolPlan> {
  const world = await readToolWorld(context, name);
  const row = rowNamed(world, name);
  const input = planInput(row, world.snapshot, namesTaken(row, world.rows));
  if (input === undefined) throw new ToolRefusal("nothing-known", "The metadata of this model couldn't be read.");
  return { world, row, plan: makePlan(input) };
}

/** The options that are told, each with its steps and with the id that apply-plan takes. */
export async function optionsOf(toolPlan: ToolPlan, context: number | undefined): Promise<readonly ToolOption[]> {
  const { plan, row, world } = toolPlan;
  if (plan.kind !== "options") return [];
  return Promise.all(
    plan.options.slice(0, MOST_OPTIONS).map(async (option): Promise<ToolOption> => {
      const isHere = isApplicable(option, world.snapshot.server);
      const left = leftText(option, isHere);
      if (!isHere) return { option, steps: [], left };
      // Which apps are closed is the person's choice, and before that a load would swap.
      const way = option.changes.closeApps === undefined ? {} : { closing: [], verifies: false };
      const steps = await stepsOf({ option, row, ...world }, way);
      return { option, steps, left, id: steps.length === 0 ? undefined : idOf(row, context, option, steps) };
    }),
  );
}

/** What of an option the person does, as a sentence. */
function leftText({ changes }: PlanOption, isHere: boolean): string | undefined {
  const { closeApps } = changes;
  const apps =
    closeApps &&
    `The person closes apps that use about ${formatBytes(closeApps.bytes)}: no tool does. Judge it again after that.`;
  return [isHere ? undefined : byHandText(changes), apps].filter((text) => text !== undefined).join(" ") || undefined;
}

/** What of a change that isn't made here the person does, other than closing apps. */
function byHandText({ clientContext, build, pullBuild }: PlanOption["changes"]): string {
  if (clientContext !== undefined) return "The person sets this in the client that asks the model: no tool does.";
  return build === undefined && pullBuild === undefined
    ? "The person does this where Ollama was started: no tool does."
    : "The person looks for this build and pulls it with Ollama: no tool does.";
}

/** How a model is judged now, read again: after a change to it, or as the build or variant that runs in its place. */
export async function judgedNow({ option, row, steps }: Pick<ToolPlan, "row"> & Omit<ToolOption, "id">) {
  const variant = steps.find((step) => step.kind === "create-variant")?.name;
  try {
    const name = variant ?? buildKey(installedAfter(option.changes, row.model));
    const world = await readToolWorld(undefined, name);
    return modelAnswer(rowNamed(world, name), world.snapshot);
  } catch {
    return undefined;
  }
}

/** Names the plan and pins what it does: "qwen3:8b@3f1c…~32768~1a2b3c4d5e6f". */
function idOf(row: FitRow, context: number | undefined, { kind, title }: PlanOption, steps: readonly Step[]): string {
  const what = JSON.stringify([buildKey(row.model), context, kind, title, steps.map(stepText)]);
  const mark = createHash("sha256").update(what).digest("hex").slice(0, 12);
  return [buildKey(row.model), context ?? "now", mark].join("~");
}

/** The option behind an id, planned and judged again. @throws ToolRefusal where it would do something else by now */
export async function optionNamed(planId: string): Promise<ToolPlan & Omit<ToolOption, "id">> {
  const [, name, contextText] = /^([^~]{1,300})~(now|\d{1,9})~[0-9a-f]{12}$/.exec(textGiven(planId)) ?? [];
  if (name === undefined || contextText === undefined) {
    throw new ToolRefusal("no-such-plan", "That isn't the id of a plan. Take one that plan-fit gave.");
  }
  const context = contextText === "now" ? undefined : Number(contextText);
  const plan = await planOf(name, context);
  const found = (await optionsOf(plan, context)).find(({ id }) => id === textGiven(planId));
  if (found === undefined) {
    throw new ToolRefusal("no-such-plan", "This plan is out of date. Nothing changed. Make it again with plan-fit.");
  }
  return { ...plan, ...found };
}
