import type { InstalledModel, ModelDescription } from "./facts";
import { CONTEXT_TIERS, contextTier, FIRST_WITH_TIERS } from "./context-tier";
import {
  assumed,
  type JudgeOptions,
  read,
  type RunInput,
  type Setting,
  sure,
  unknown,
  type UnknownRun,
} from "./run-input";
import { formatBytes, formatContext, GIB } from "./units";
import { compareVersions, type Version } from "./version";
import { integerValue, stringValue } from "../memory/metadata";

/** Trained context in tokens; absent where neither the metadata nor the list names it. */
export function trainedContextOf(model: InstalledModel, description: ModelDescription): number | undefined {
  const architecture = stringValue(description.metadata, "general.architecture");
  return integerValue(description.metadata, `${architecture}.context_length`) ?? model.trainedContext;
}

const CLIENT = "asked for by a client";
/** Of a model that's loaded, where what Ollama would choose isn't known. */
const UNEXPLAINED = "as it's loaded now, whoever chose it";

/** Whether a client asked for a context. */
export const isAsked = ({ source }: Setting<number>): boolean => source === CLIENT;

/** Whether the next load gets the context of this one: its client asks again, or nothing that's known explains it. */
export const staysWhenReloaded = (context: Setting<number>): boolean =>
  isAsked(context) || context.source === UNEXPLAINED;

/** Whether it's left to Ollama. */
export const isOllamasChoice = ({ context }: JudgeOptions): boolean => context === "effective" || context === "default";

/** The context to judge at, in tokens; unknown where a rule can't be followed. */
export function contextToJudge(
  input: RunInput,
  version: Version | undefined,
  trained: number | undefined,
): Setting<number> | UnknownRun {
  const { context } = input.options;
  switch (context) {
    case "effective":
      return contextThatRuns(input, contextByRule(input, version, trained), version);
    case "default":
      return contextByRule(input, version, trained);
    case "trained":
      return trained === undefined
        ? unknown("The model doesn't say for which context it was trained.")
        : raiseAndCap(sure(trained, "the model's maximum"), input, trained);
    default:
      return raiseAndCap(sure(context, "chosen to judge at"), input, trained);
  }
}

function contextByRule(
  input: RunInput,
  version: Version | undefined,
  trained: number | undefined,
): Setting<number> | UnknownRun {
  const asked = askedContext(input, version);
  return "kind" in asked ? asked : raiseAndCap(asked, input, trained);
}

/**
 * What runs goes before what would: a model that's loaded with another context than Ollama takes by its rules was asked
 * for with it, and will be again. Where the rule rests on something that isn't known, or Ollama lowers its own default
 * after a failed load (server/sched.go: to 32768 or 4096), it's just what is loaded.
 */
function contextThatRuns(
  input: RunInput,
  ruled: Setting<number> | UnknownRun,
  version: Version | undefined,
): Setting<number> | UnknownRun {
  const { loadedContext } = input;
  if (loadedContext === undefined) return ruled;
  if ("kind" in ruled) return sure(loadedContext, UNEXPLAINED);
  if (ruled.value === loadedContext) return ruled;
  const isLowered = followsTier(input, version) && loadedContext < ruled.value && LOWERED.includes(loadedContext);
  if (isLowered) return sure(loadedContext, "as it's loaded now");
  return sure(loadedContext, ruled.assumed ? UNEXPLAINED : CLIENT);
}

/** Contexts to which Ollama lowers its own default where a model doesn't load. */
const LOWERED: readonly number[] = CONTEXT_TIERS.slice(1).map(({ numCtx }) => numCtx);

/** Request > Modelfile > OLLAMA_CONTEXT_LENGTH > tier; a request's own num_ctx is not ours to know. */
function askedContext(input: RunInput, version: Version | undefined): Setting<number> | UnknownRun {
  const { description, server, model } = input;
  if (description.parameters.unreadable.includes("num_ctx")) {
    return unknown("The Modelfile sets num_ctx to something that isn't a whole number.");
  }
  if (description.parameters.numCtx !== undefined) return sure(description.parameters.numCtx, "Modelfile (num_ctx)");
  if (server.contextLength !== undefined && server.contextLength.value > 0) {
    return read({ ...server.contextLength, source: `OLLAMA_CONTEXT_LENGTH (${server.contextLength.source})` });
  }
  if (version !== undefined && isBeforeTiers(version)) {
    return contextBeforeTiers(input, version);
  }
  const unsure = server.contextLength === undefined || server.contextLength.likely === true || version === undefined;
  const tier = (value: number, source: string): Setting<number> => ({ value, source, assumed: unsure });
  if (server.tierNumCtx) return tier(server.tierNumCtx.value, `Ollama's default (${server.tierNumCtx.source})`);
  const overhead = server.gpuOverheadBytes?.value ?? 0;
  if (server.startupTotalBytes) {
    const total = server.startupTotalBytes.value;
    return tier(
      contextTier(total, overhead),
      `Ollama's default for ${formatBytes(total)} (${server.startupTotalBytes.source})`,
    );
  }
  if (input.limitBytes === undefined) {
    return unknown(`Which context Ollama gives ${model.name} depends on its GPU memory, which isn't known here.`);
  }
  return assumed(
    contextTier(input.limitBytes, overhead),
    `Ollama's default for the limit of ${formatBytes(input.limitBytes)}, if it was started under it`,
  );
}

/** Nothing sets the context, so that Ollama's tier decides it. */
export function followsTier({ description, server }: RunInput, version: Version | undefined): boolean {
  const { parameters } = description;
  return (
    parameters.numCtx === undefined &&
    !parameters.unreadable.includes("num_ctx") &&
    !(server.contextLength !== undefined && server.contextLength.value > 0) &&
    !isBeforeTiers(version)
  );
}

function isBeforeTiers(version: Version | undefined): boolean {
  return version !== undefined && compareVersions(version, FIRST_WITH_TIERS) < 0;
}

/** Defaults of releases without tiers: 4096 from 0.6.7 on (2048 before), gpt-oss at least 8192 with 20 GiB. */
function contextBeforeTiers(input: RunInput, version: Version): Setting<number> {
  const family = input.model.family ?? "";
  const total = input.server.startupTotalBytes?.value ?? input.limitBytes ?? 0;
  const large =
    (/^gpt-?oss/.test(family) && compareVersions(version, [0, 11, 4]) >= 0) ||
    (family.startsWith("qwen3vl") && compareVersions(version, [0, 13, 0]) >= 0);
  if (large && total >= 20 * GIB) return sure(8192, `default of Ollama ${input.server.version} for ${family}`);
  const value = compareVersions(version, [0, 6, 7]) >= 0 ? 4096 : 2048;
  return sure(value, `default of Ollama ${input.server.version}`);
}

function raiseAndCap(asked: Setting<number>, input: RunInput, trained: number | undefined): Setting<number> {
  let { value, source } = asked;
  if (value < 4) {
    value = 4;
    source = `${source}, raised to Ollama's minimum of 4`;
  }
  const capabilities =
    input.description.capabilities.length > 0 ? input.description.capabilities : input.model.capabilities;
  if (value < 2048 && capabilities.includes("vision")) {
    value = 2048;
    source = `${source}, raised to 2K for a vision model`;
  }
  if (trained !== undefined && trained > 0 && value > trained) {
    source = `${source}, cut from ${formatContext(value)} to the trained context`;
    value = trained;
  }
  return { value, source, assumed: asked.assumed };
}
