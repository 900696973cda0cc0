import { stepText } from "../apply/steps";
import { resultText } from "../fit/plan/options";
import { inputGiven } from "./shared/tool-input";
import { optionsOf, planOf } from "./shared/tool-plan";
import { limitAnswer, modelAnswer, ownWords, unknownText } from "./shared/tool-words";

type Input = {
  /** Name of an installed model, exactly as list-models returns it, such as "qwen3:8b". */
  model: string;
  /** Context that it should run at, in tokens (32K is 32768). Left out: the context it would really run at. */
  context?: number;
};

/** Makes a plan for one model: the ways to make it fit, best first, each with its result, its costs, its steps, what's left to the person, and the id that apply-plan takes; a way without an id isn't carried out by a tool. Changes nothing. */
export default async function planFit(input: Input) {
  const { model, context } = inputGiven(input);
  const toolPlan = await planOf(model, context);
  const { plan, row, world } = toolPlan;
  const { snapshot } = world;
  const own = (text: string) => ownWords(text, snapshot, row);
  const head = { ...modelAnswer(row, snapshot), ...limitAnswer(snapshot) };
  switch (plan.kind) {
    case "unknown":
      return {
        ...head,
        why: plan.before.kind === "unknown" ? unknownText(plan.before, snapshot, row) : own(plan.reason),
      };
    case "impossible":
      return { ...head, impossible: own(plan.impossible.missing), waysOut: plan.impossible.waysOut.map(own) };
    case "options": {
      const options = await optionsOf(toolPlan, context);
      return {
        ...head,
        largestContext: plan.largestContext,
        options: options.map(({ option, id, steps, left }) => ({
          planId: id,
          title: own(option.title),
          result: resultText(option),
          costs: option.costs.map(own),
          steps: steps.map(stepText).map(own),
          leftToThePerson: left,
          byHand: id === undefined && option.commands.length > 0 ? option.commands.map(own) : undefined,
        })),
      };
    }
  }
}
