import { buildReference } from "../model-builds";
import {
  keepAliveCommands,
  kvCacheCommands,
  ollamaCreateCommand,
  ollamaPullBuildCommand,
  ollamaPullCommand,
  ollamaRunCommand,
  ollamaStopCommand,
  parallelCommands,
  sysctlCommand,
} from "../commands";
import type { ClosableApp, InstalledModel, LoadedModel, ModelDescription, PublishedBuild } from "../facts";
import { inForceBytes, type LimitAdvice, limitOnceSet, settingFor } from "../limit-policy";
import { otherRunners } from "../own-runners";
import { type Engine, type Lever, rulesOf } from "../runners";
import { formatBytes, formatContext, formatCount, MIB } from "../units";
import type { ServerIdentity } from "../server-origin";
import { contextOf, judge, type JudgeInput, type KnownVerdict } from "../verdict";
import { type Cost, joinCosts } from "./cost";
import { installedWeights, type PlanInput } from "./plan-input";
import { keysIn } from "../keys-in";

/** A smaller build instead of the installed one. */
export interface BuildChange {
  readonly quantization: string;
  /** Only where a registry has confirmed it. */
  readonly name?: string;
  /** Bytes of what of it holds weights. */
  readonly weightBytes: number;
  readonly downloadBytes: number;
  /** Steps below the present one on the ladder of quantizations. */
  readonly steps: number;
  /** What is lost against the original, in words. */
  readonly loss: string;
  /** What its own header tells; absent where that wasn't read: then it's sized by its weights alone. */
  readonly description?: ModelDescription;
  /** Why nobody could confirm it, where somebody was asked. */
  readonly unchecked?: string;
}

/** The installed build of the same name that another engine runs. */
export interface OtherBuildChange {
  /** As the list judges it. */
  readonly input: JudgeInput;
}

/** Another build to pull in place of an MLX one, with llama.cpp or with fewer bits for MLX. */
export type PullBuildChange =
  | ({ readonly kind: "published" } & PublishedBuild)
  /** Nobody has confirmed it: nobody was asked, or the reason why nobody could. */
  | { readonly kind: "unconfirmed"; readonly engine: Engine; readonly unchecked?: string };

/** Apps to quit before the model is loaded. */
export interface AppsToClose {
  /** RAM they give back. */
  readonly bytes: number;
  /** Of the GPU memory that other programs hold, what likely goes with them, in bytes; absent where none does. */
  readonly gpuBytes?: number;
  /** Empty while it isn't known which are running. */
  readonly apps: readonly ClosableApp[];
}

/** Everything an option can change. */
interface AllChanges {
  readonly otherBuild: OtherBuildChange;
  readonly pullBuild: PullBuildChange;
  readonly build: BuildChange;
  readonly limitMib: number;
  /** Context of a new variant, in tokens. */
  readonly numCtx: number;
  /** Context, in tokens, that the client asks for from now on. */
  readonly clientContext: number;
  /** Names of models to unload before this one is loaded. */
  readonly unload: readonly string[];
  readonly closeApps: AppsToClose;
  /** Requests answered at once, for the whole server, which restarts. */
  readonly parallel: 1;
  /** For the whole server, which restarts. */
  readonly kvCacheType: "q8_0";
  /** Seconds after which every idle model of the server is unloaded. */
  readonly keepAlive: number;
}

type Key = Lever;

/** What an option changes; what it leaves alone is absent. */
export type Changes = { readonly [K in Key]?: AllChanges[K] };

/** What the words and the cost of a change depend on beside it. */
export interface Setting {
  readonly plan: PlanInput;
  readonly before: KnownVerdict;
  readonly changes: Changes;
}

/** All that follows from one change. */
interface Rules<T> {
  /** The state once it's made, as the verdict judges it. */
  readonly apply: (state: JudgeInput, change: T) => JudgeInput;
  readonly cost: (change: T, setting: Setting) => Partial<Cost>;
  /** What it costs, in words. */
  readonly words: (change: T, setting: Setting) => readonly string[];
  /** The same by hand, one command each. */
  readonly commands: (change: T, setting: Setting) => readonly string[];
}

const RESTARTS = "Ollama restarts: answers in progress are cut off";

/** The rules of each change, in the order in which it's made by hand. */
const RULES: { readonly [K in Key]: Rules<AllChanges[K]> } = {
  otherBuild: {
    apply: ({ limit, ram, loaded, highestLimitMib, options, programsGpuBytes }, { input }) => ({
      ...input,
      limit,
      ram,
      loaded,
      highestLimitMib,
      options,
      programsGpuBytes,
    }),
    cost: () => ({ otherRunner: 1 }),
    words: ({ input: { model } }) => OTHER_BUILD_WORDS[rulesOf(model).engine],
    // A variant of it is run by its own name.
    commands: ({ input: { model } }, { plan, changes }) =>
      changes.numCtx === undefined ? [ollamaRunCommand(model.name, plan.url, model.runner)] : [],
  },
  pullBuild: {
    apply: (state, change) => (change.kind === "published" ? withPublished(state, change) : state),
    cost: (change) => (pulledEngine(change) === "mlx" ? { qualitySteps: 1 } : { otherRunner: 1 }),
    words: (change, { plan }) => [
      change.kind === "published"
        ? `${formatBytes(change.downloadBytes)} to download: ${change.name} is published`
        : `A download; not checked whether this build is published${change.unchecked === undefined ? "" : ` (${change.unchecked})`}`,
      ...(pulledEngine(change) === "mlx" ? [fewerBitsText(change, plan)] : OTHER_BUILD_WORDS.llama),
    ],
    commands: (change, { plan }) =>
      change.kind === "published" ? [ollamaPullBuildCommand(change.name, change.model.runner, plan.url)] : [],
  },
  build: {
    apply: (state, { weightBytes, downloadBytes, quantization, description }) => ({
      ...state,
      description:
        description ??
        ("kind" in state.description ? state.description : { ...state.description, weightBytes, projectors: [] }),
      model: { ...state.model, sizeBytes: downloadBytes, quantization },
    }),
    cost: ({ steps }) => ({ qualitySteps: steps }),
    words: ({ name, quantization, loss, downloadBytes, unchecked }, { plan }) => [
      `${quantization} instead of ${plan.input.model.quantization ?? "the current quantization"}: ${loss}`,
      name === undefined
        ? `About ${formatBytes(downloadBytes)} to download at most; not checked whether this build is published${unchecked === undefined ? "" : ` (${unchecked})`}`
        : `${formatBytes(downloadBytes)} to download: ${name} is published`,
    ],
    commands: ({ name }, { plan }) => (name === undefined ? [] : [ollamaPullCommand(name, plan.url)]),
  },
  limitMib: {
    apply: (state, mib) => ({ ...state, limit: limitOnceSet(mib * MIB) }),
    cost: (mib, { before }) => ({ password: 1, macosBytes: mib * MIB - before.limit.bytes }),
    words: (mib, { plan: { advice }, before }) => [
      "An administrator password",
      `${formatBytes(mib * MIB - before.limit.bytes)} less for macOS and apps${
        advice === undefined ? "" : `: ${leftText(mib, advice)}`
      }`,
    ],
    commands: (mib, { plan: { advice } }) => [sysctlCommand(settingFor(mib, advice))],
  },
  numCtx: {
    apply: (state, numCtx) => ({
      ...state,
      description:
        "kind" in state.description
          ? state.description
          : { ...state.description, parameters: { ...state.description.parameters, numCtx } },
      // What is loaded now is the model, not its variant.
      options: { ...state.options, context: "default" },
    }),
    cost: (numCtx, { before }) => ({ contextTokens: Math.max(0, contextOf(before).value - numCtx) }),
    words: (numCtx, setting) => {
      const present = contextOf(setting.before).value;
      const name = variantOf(numCtx, setting)?.name;
      const place = name === undefined ? "a variant" : `the variant ${name}`;
      return numCtx < present
        ? [`${formatContext(numCtx)} of context instead of ${formatContext(present)}, in ${place}`]
        : [`Keeps the context at ${formatContext(numCtx)} in ${place}`];
    },
    commands: (numCtx, setting) => {
      const variant = variantOf(numCtx, setting);
      return variant === undefined ? [] : [ollamaCreateCommand(variant.source, variant.name, numCtx, setting.plan.url)];
    },
  },
  clientContext: {
    apply: (state, context) => ({ ...state, options: { ...state.options, context } }),
    cost: (context, { before }) => ({ contextTokens: Math.max(0, contextOf(before).value - context) }),
    words: (context, { before }) => [
      `${formatCount(context)} tokens of context instead of ${formatCount(contextOf(before).value)}, ${CLIENT_WORDS[before.engine]}`,
    ],
    commands: () => [],
  },
  unload: {
    apply: (state, names) => {
      const getsTheSame = judge(state).run?.staysWhenReloaded ?? false;
      const stays = ({ name, digest }: LoadedModel) =>
        !names.includes(name) || (getsTheSame && digest === state.model.digest);
      return { ...state, loaded: state.loaded.filter(stays) };
    },
    cost: (names, setting) => ({ disturbance: othersOf(names, setting).length > 0 ? 1 : 0 }),
    words: (names, setting) => {
      const others = othersOf(names, setting);
      const freed = others.reduce((sum, { vramBytes }) => sum + vramBytes, 0);
      return others.length === 0
        ? ["The next answer waits for the model to load"]
        : [`Frees ${formatBytes(freed)}; ${others.length === 1 ? "it loads" : "they load"} again when used`];
    },
    commands: (names, { plan }) => names.map((name) => ollamaStopCommand(name, plan.url)),
  },
  closeApps: {
    apply: ({ ram, programsGpuBytes, ...state }, { bytes, gpuBytes = 0 }) => ({
      ...state,
      programsGpuBytes: programsGpuBytes && Math.max(0, programsGpuBytes - gpuBytes),
      ram: ram?.othersBytes === undefined ? ram : { ...ram, othersBytes: Math.max(0, ram.othersBytes - bytes) },
    }),
    cost: () => ({ disturbance: 1 }),
    words: ({ bytes, apps }) => [
      apps.length === 0
        ? `Apps that use ${formatBytes(bytes)} have to be closed`
        : `To close: ${apps.map((app) => `${app.name} (${formatBytes(app.bytes)})`).join(", ")}`,
      "Unsaved work: each app asks about it",
    ],
    commands: () => [],
  },
  parallel: {
    apply: (state, parallel) => restarted({ ...state, options: { ...state.options, parallel } }),
    cost: () => ({ serverWide: 1, disturbance: 1 }),
    words: (_, { plan }) => [
      "Applies to every model of this server (OLLAMA_NUM_PARALLEL): further requests wait",
      RESTARTS,
      ...variableText(plan.input.server.identity),
    ],
    commands: (count, { plan }) => parallelCommands(count, plan.input.server.identity),
  },
  kvCacheType: {
    apply: (state, kvCacheType) => restarted({ ...state, options: { ...state.options, kvCacheType } }),
    cost: () => ({ serverWide: 1, disturbance: 1 }),
    words: (_, { plan }) => [
      "Applies to every model of this server (OLLAMA_KV_CACHE_TYPE)",
      RESTARTS,
      "A slight loss of quality at long contexts",
      ...variableText(plan.input.server.identity),
    ],
    // A server in a terminal runs until it's stopped: everything else comes before it.
    commands: (type, { plan }) => kvCacheCommands(type, plan.input.server.identity),
  },
  keepAlive: {
    apply: (state) => ({ ...state, options: { ...state.options, keepsStates: false } }),
    cost: () => ({ serverWide: 1, disturbance: 1 }),
    words: (seconds) => [
      `Every model of this server is unloaded after ${seconds} s without a request (OLLAMA_KEEP_ALIVE); its next answer waits for the load`,
    ],
    commands: (seconds, { plan }) => keepAliveCommands(seconds, plan.input.server.identity),
  },
};

function pulledEngine(change: PullBuildChange): Engine {
  return change.kind === "published" ? rulesOf(change.model).engine : change.engine;
}

/** The state with a build of a registry in place of the installed one. Of that one's requests only the client's stays. */
function withPublished(state: JudgeInput, { model, description }: PublishedBuild): JudgeInput {
  const now = rulesOf(model).engine === "mlx" ? judge(state) : undefined;
  const context = now?.run?.isAskedByClient ? contextOf(now)?.value : undefined;
  return {
    ...state,
    model,
    description: description ?? { kind: "unreadable", reason: "Its header wasn't read." },
    peaks: undefined,
    cuts: undefined,
    options: context === undefined ? state.options : { ...state.options, context },
  };
}

function fewerBitsText(change: PullBuildChange, plan: PlanInput): string {
  const loss = "how much that loses wasn't measured";
  return change.kind === "published"
    ? `${formatBytes(change.weightBytes)} of weights instead of ${formatBytes(installedWeights(plan))}: ${loss}`
    : `Fewer bits a weight: ${loss}`;
}

/** What changes with the engine, by the new one. */
const OTHER_BUILD_WORDS: Readonly<Record<Engine, readonly string[]>> = {
  llama: ["llama.cpp runs it instead of MLX: num_ctx, a q8_0 KV cache and spilling work there; it may be slower"],
  mlx: [
    "MLX runs it instead of llama.cpp: nothing spills, requests above the limit fail",
    "num_ctx, KV cache type, flash attention and slots have no effect there: the client decides",
  ],
};

/** Where a client's context is set, and what comes of it. */
const CLIENT_WORDS: Readonly<Record<Engine, string>> = {
  llama: "set as num_ctx in the program that uses Ollama; its next request reloads the model",
  mlx: "set as the most that the program that uses Ollama sends (its context or auto-compact setting): Ollama doesn't hold it to that",
};

const KEYS = keysIn(RULES);

/** The rules of one change with the change in its place; none where it isn't made. */
function bind<K extends Key>(key: K, { [key]: change }: Changes) {
  if (change === undefined) return [];
  const { apply, cost, words, commands } = RULES[key];
  return [
    {
      apply: (state: JudgeInput) => apply(state, change),
      cost: (setting: Setting) => cost(change, setting),
      words: (setting: Setting) => words(change, setting),
      commands: (setting: Setting) => commands(change, setting),
    },
  ];
}

const boundRules = (changes: Changes) => KEYS.flatMap((key) => bind(key, changes));

/** The state that changes lead to, as the verdict judges it. Every verdict of an option comes from it. */
export function applyChanges(state: JudgeInput, changes: Changes): JudgeInput {
  return boundRules(changes).reduce((before, { apply }) => apply(before), state);
}

/** What the changes take from the person. */
export function costOf(setting: Setting): Cost {
  return joinCosts(boundRules(setting.changes).map(({ cost }) => cost(setting)));
}

/** The same in words; empty where they cost nothing. */
export function costWords(setting: Setting): readonly string[] {
  return boundRules(setting.changes).flatMap(({ words }) => words(setting));
}

/** The same changes by hand, one command each; empty where they can't be made with commands. */
export function commandsOf(setting: Setting): readonly string[] {
  // A name that nobody has confirmed isn't put into a command, and without it the others don't lead anywhere.
  if (setting.changes.build !== undefined && setting.changes.build.name === undefined) return [];
  return boundRules(setting.changes).flatMap(({ commands }) => commands(setting));
}

/** Whether Ollama starts again with these changes, or sees them at its next start: its default context may move then. */
export function needsStart({ limitMib, kvCacheType, parallel }: Changes): boolean {
  return [limitMib, kvCacheType, parallel].some((change) => change !== undefined);
}

/** The same state once Ollama has started again, under the limit that's in force in it. */
export function restarted(state: JudgeInput): JudgeInput {
  const { limit, server } = state;
  if (limit.kind === "unknown") return state;
  const startupTotalBytes = { value: inForceBytes(limit), source: "once Ollama has restarted" };
  return { ...state, server: { ...server, tierNumCtx: undefined, startupTotalBytes } };
}

/** How a variable reaches a server, and how long it lasts; nothing where its command says so. */
function variableText(identity: ServerIdentity): readonly string[] {
  switch (identity.kind) {
    case "app":
      return ["Lasts until the Mac restarts: launchctl's variables are lost then"];
    case "homebrew":
    case "agent": {
      const service = identity.kind === "homebrew" ? "Homebrew's service" : identity.label;
      return identity.domain === "session"
        ? [`Reaches ${service} only once that restarts, and lasts until the Mac restarts`]
        : [`Has to be set in the property list of ${service}, which takes an administrator`];
    }
    case "terminal":
      return [];
    case "program":
    case "several":
    case "unknown":
      return ["Has to be set where Ollama is started"];
    case "elsewhere":
    case "remote":
      return ["Has to be set where Ollama runs, not on this Mac"];
  }
}

function leftText(mib: number, { ramMib, reserveBytes, defaultMib }: LimitAdvice): string {
  const leftBytes = (ramMib - mib) * MIB;
  const left = `${formatBytes(leftBytes)} is left`;
  // macOS's own default is never something to be warned of.
  return leftBytes < reserveBytes && mib > defaultMib
    ? `${left}, less than the ${formatBytes(reserveBytes)} advised`
    : left;
}

/** The build that runs after some changes, of those that are installed: one that's pulled isn't there yet. */
export function installedAfter({ otherBuild }: Changes, installed: InstalledModel): InstalledModel {
  return otherBuild?.input.model ?? installed;
}

/** The build that runs after some changes, once one that's pulled is there. */
export function buildAfter(changes: Changes, installed: InstalledModel): InstalledModel {
  const { pullBuild } = changes;
  return pullBuild?.kind === "published" ? pullBuild.model : installedAfter(changes, installed);
}

/** The variant that holds a context, and what it's made from; undefined where that has no name yet. */
function variantOf(numCtx: number, { plan, changes }: Setting) {
  const { build } = changes;
  const model = buildAfter(changes, plan.input.model);
  const named = build === undefined ? model.name : build.name;
  if (named === undefined) return undefined;
  return { source: build?.name ?? buildReference(model), name: plan.variantName(named, numCtx) };
}

function othersOf(names: readonly string[], { plan }: Setting): readonly LoadedModel[] {
  return otherRunners(plan.input).filter(({ name }) => names.includes(name));
}
