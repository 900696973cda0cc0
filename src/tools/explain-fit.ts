import { inputGiven } from "./shared/tool-input";
import { ownWords, limitAnswer, modelAnswer, unknownText } from "./shared/tool-words";
import { planOf } from "./shared/tool-plan";
import { settingsOf, sumLines, termsOf, verdictSentence } from "../fit/verdict-text";

type Input = {
  /** Name of an installed model, exactly as list-models returns it, such as "qwen3:8b". */
  model: string;
  /** Context to judge at, in tokens (32K is 32768). Left out: the context it would really run at. */
  context?: number;
};

/** Explains one model: what its memory consists of (GiB), the GPU limit, why it fits or doesn't, ways to make it fit, and the largest context. */
export default async function explainFit(input: Input) {
  const { model, context } = inputGiven(input);
  const { world, row, plan } = await planOf(model, context);
  const { snapshot } = world;
  const { verdict } = row;
  const own = (text: string) => ownWords(text, snapshot, row);
  if (verdict === undefined || verdict.kind === "unknown") {
    return {
      ...modelAnswer(row, snapshot),
      ...limitAnswer(snapshot),
      why: verdict === undefined ? "Unknown" : unknownText(verdict, snapshot, row),
    };
  }
  const line = ({ title, text }: { readonly title: string; readonly text: string }) => own(`${title}: ${text}`);
  return {
    ...modelAnswer(row, snapshot),
    ...limitAnswer(snapshot),
    why: own(verdictSentence(verdict)),
    terms: termsOf(verdict).map(line),
    sum: sumLines(verdict).map(line),
    settings: settingsOf(verdict.run).map(line),
    notes: verdict.cautions.map(own),
    ways: plan.kind === "options" ? plan.options.slice(0, 6).map(({ title }) => own(title)) : undefined,
    impossible: plan.kind === "impossible" ? own(plan.impossible.missing) : undefined,
    largestContext: plan.kind === "options" ? plan.largestContext : undefined,
  };
}
