import type { ModelRunner } from "../../fit/model-runner";
import { installedAfter } from "../../fit/plan/changes";
import { OLLAMAS_COUNT } from "../../fit/sum-names";
import { formatBytes } from "../../fit/units";
import { readLoadedBuild } from "../../ollama/loaded-build";
import { type Expected, expectedLoad, loadReport } from "../load-report";
import { isAbsentOr, isName, isPositive, isRunner, isShape } from "../stored-fields";
import { modelAfter } from "./create-variant";
import type { StepKind } from "./step-kind";

export interface Load {
  readonly kind: "load";
  readonly name: string;
  /** Which build of the name; absent where nothing tells. */
  readonly runner?: ModelRunner;
  /** Context that the request asks for; absent = Ollama's own choice. */
  readonly numCtx?: number;
  /** Seconds for which it stays loaded, as it did before; -1 = for ever, absent = Ollama's own. */
  readonly keepAlive?: number;
  /** Absent where nothing could be predicted. */
  readonly expected?: Expected;
}

const isKeepAlive = (value: unknown): value is number => value === -1 || isPositive(value);

/** Loads the model, last of all: it shows whether the change was worth it. It has to be done to count. */
export const load: StepKind<Load> = {
  fields: {
    name: isName,
    runner: isAbsentOr(isRunner),
    numCtx: isAbsentOr(isPositive),
    keepAlive: isAbsentOr(isKeepAlive),
    expected: isAbsentOr(
      isShape<Expected>({
        numCtx: isAbsentOr(isPositive),
        bytes: isPositive,
        leastBytes: isPositive,
        uncountedBytes: isAbsentOr(isPositive),
        mostBytes: isAbsentOr(isPositive),
        peakBytes: isAbsentOr(isPositive),
      }),
    ),
  },
  leaves: "nothing",
  planned: (input) => [
    {
      kind: "load",
      name: modelAfter(input),
      runner: installedAfter(input.option.changes, input.model).runner,
      numCtx: input.option.changes.numCtx === undefined ? input.requestContext : undefined,
      keepAlive: input.keepAlive,
      expected: expectedLoad(input.option.after),
    },
  ],
  title: ({ name }) => `Loading ${name}`,
  text: ({ name, expected }) =>
    `Load ${name} and check that all of it${expected ? ` (about ${formatBytes(expected.bytes)} by ${OLLAMAS_COUNT})` : ""} is on the GPU.`,
  failedText: ({ name }) => `${name} Wasn't Loaded`,
  look: "unseen",
  run: async ({ client, signal, onLoading }, { name, runner, numCtx, keepAlive, expected }) => {
    await client.load(name, { runner, signal, numCtx, keepAlive, onProgress: onLoading });
    const loaded = await readLoadedBuild(client, { name, runner });
    return { kind: "loaded", report: loadReport(name, loaded, expected), digest: loaded?.digest ?? "" };
  },
  undoUnseen: () => [],
};
