import { inputGiven, textGiven } from "./shared/tool-input";
import { limitAnswer, modelAnswer } from "./shared/tool-words";
import { readToolWorld } from "./shared/tool-world";

type Input = {
  /** Context to judge at, in tokens (32K is 32768). Left out: the context each model would really run at. */
  context?: number;
  /** Only models whose name contains this, such as "qwen3". Left out: all of them. */
  nameContains?: string;
};

/** What an assistant takes in at once. */
const MOST_MODELS = 40;

/** Lists the installed Ollama models with their names, whether each fits the GPU limit, what it needs (GiB) and at which context. */
export default async function listModels(input: Input = {}) {
  const { context, nameContains } = inputGiven(input);
  const { snapshot, rows } = await readToolWorld(context);
  const wanted = textGiven(nameContains).toLowerCase();
  const found = rows.filter(({ model }) => model.name.toLowerCase().includes(wanted));
  return {
    ...limitAnswer(snapshot),
    models: found.slice(0, MOST_MODELS).map((row) => modelAnswer(row, snapshot)),
    moreModels: found.length > MOST_MODELS ? found.length - MOST_MODELS : undefined,
  };
}
