import type { LimitKey } from "../fit/facts";
import { readBootSettings } from "../mac/boot-settings";
import { readLaunchctlEnv, setLaunchctlEnv } from "../mac/ollama-service";
import type { Runner } from "../mac/runner";
import { changeGpuLimit, type ChangeOutcome, readLimitMib } from "../mac/gpu-limit";
import type { Pausing } from "../mac/wait";
import type { OllamaClient } from "../ollama/client";
import { createVariant, variantOutcomeText } from "../ollama/variant";
import { sameModel } from "../fit/model-name";
import { OllamaProblem } from "../ollama/problems";
import { loadReport, type LoadReport } from "./load-report";
import { restartAndAwait, restartFailure } from "./restart-and-await";
import type { Step } from "./steps";

/** What the steps act on. */
export interface ChangeSystem extends Pausing {
  readonly run: Runner;
  /** As `process.platform` names it. */
  readonly platform: string;
  readonly client: OllamaClient;
  /** The limit of this Mac; absent for a remote server. */
  readonly limit?: { readonly key: LimitKey; readonly ramMib: number };
  /** Stops waiting for the server; a password prompt is ended in its own window. */
  readonly signal?: AbortSignal;
  /** Called before the password prompt of macOS appears. */
  readonly beforePrompt?: () => Promise<void>;
  /** The outcome of the prompt in words. */
  readonly limitWords: (outcome: ChangeOutcome, askedMib: number) => string;
}

export type StepOutcome =
  /** A note says what else has to be known, as a sentence. */
  | { readonly kind: "done"; readonly note?: string }
  | { readonly kind: "loaded"; readonly report: LoadReport; readonly digest: string }
  /** The person changed their mind; nothing was changed by this step. */
  | { readonly kind: "cancelled"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

const KV_CACHE_TYPE = "OLLAMA_KV_CACHE_TYPE";

/** Carries out one step and checks that it took effect; one that is in effect already is done. Never throws. */
export async function executeStep(system: ChangeSystem, step: Step): Promise<StepOutcome> {
  try {
    return (await isInEffect(system, step)) ? { kind: "done" } : await act(system, step);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const stopped = error instanceof OllamaProblem && error.kind === "stopped";
    return { kind: stopped ? "cancelled" : "failed", reason };
  }
}

/**
 * Whether the world is already as the step would make it, read from the world and not from memory. A restart and a load
 * have to be done to count.
 */
export async function isInEffect(system: ChangeSystem, step: Step): Promise<boolean> {
  const { client } = system;
  switch (step.kind) {
    case "set-limit":
      return (
        system.limit !== undefined &&
        (await readLimitMib(system, system.limit.key)) === step.mib &&
        (await isDaemonAsAsked(system, step))
      );
    case "set-kv-cache":
      return ((await readLaunchctlEnv(system, KV_CACHE_TYPE)) ?? "") === step.type;
    case "create-variant":
      return (await isThere(client, step.name)) && isVariant(client, step);
    case "remove-variant":
      return !(await isThere(client, step.name));
    case "unload":
      return !(await client.loaded()).some(({ name }) => sameModel(name, step.name));
    case "restart-ollama":
    case "load":
      return false;
  }
}

async function act(system: ChangeSystem, step: Step): Promise<StepOutcome> {
  const { client, signal } = system;
  const bounds = signal ? { signal } : {};
  switch (step.kind) {
    case "set-limit":
      return setLimit(system, step);
    case "set-kv-cache":
      await setLaunchctlEnv(system, KV_CACHE_TYPE, step.type);
      return checked(system, step, `launchctl did not take ${KV_CACHE_TYPE}.`);
    case "restart-ollama": {
      const outcome = await restartAndAwait(system, client, step.origin);
      return outcome.kind === "restarted" ? { kind: "done" } : { kind: "failed", reason: restartFailure(outcome) };
    }
    case "create-variant": {
      const { source, name, numCtx, replaces } = step;
      const outcome = await createVariant(client, { source, name, numCtx, overwrite: replaces, ...bounds });
      if (outcome.kind === "created") return { kind: "done" };
      const reason = `${variantOutcomeText(outcome)}.`;
      return { kind: outcome.kind === "cancelled" ? "cancelled" : "failed", reason };
    }
    case "remove-variant":
      // Somebody may have put another model in its place.
      if ((await numCtxOf(client, step.name)) !== step.numCtx) {
        return { kind: "failed", reason: `${step.name} has another context by now, so it was left alone.` };
      }
      await client.remove(step.name);
      return checked(system, step, `${step.name} is still there.`);
    case "unload":
      await client.unload(step.name, bounds);
      return { kind: "done" };
    case "load": {
      await client.load(step.name, { ...bounds, numCtx: step.numCtx });
      const loaded = (await client.loaded()).find(({ name }) => sameModel(name, step.name));
      return { kind: "loaded", report: loadReport(step.name, loaded, step.expected), digest: loaded?.digest ?? "" };
    }
  }
}

async function setLimit(system: ChangeSystem, step: Extract<Step, { kind: "set-limit" }>): Promise<StepOutcome> {
  const { limit } = system;
  if (limit === undefined) return { kind: "failed", reason: "The limit of this Mac cannot be set here." };
  await system.beforePrompt?.();
  const outcome = await changeGpuLimit(system, {
    key: limit.key,
    mib: step.mib,
    ramMib: limit.ramMib,
    bootDaemon: step.daemon,
  });
  if (outcome.kind === "done") {
    const isWhole = outcome.daemon?.kind !== "failed" && outcome.daemon?.kind !== "not-loaded";
    return isWhole ? { kind: "done" } : { kind: "done", note: system.limitWords(outcome, step.mib) };
  }
  const reason = system.limitWords(outcome, step.mib);
  return { kind: outcome.kind === "cancelled" ? "cancelled" : "failed", reason };
}

async function isDaemonAsAsked(
  system: ChangeSystem,
  { daemon, mib }: Extract<Step, { kind: "set-limit" }>,
): Promise<boolean> {
  if (daemon === "keep") return true;
  const own = (await readBootSettings(system)).find((setting) => setting.own);
  return daemon === "remove" ? own === undefined : own?.valueMib === mib;
}

async function checked(system: ChangeSystem, step: Step, otherwise: string): Promise<StepOutcome> {
  return (await isInEffect(system, step)) ? { kind: "done" } : { kind: "failed", reason: otherwise };
}

async function isThere(client: OllamaClient, name: string): Promise<boolean> {
  return (await client.models()).some((model) => sameModel(model.name, name));
}

/** A model of the same name and context could still be one of another file. */
async function isVariant(client: OllamaClient, step: Extract<Step, { kind: "create-variant" }>): Promise<boolean> {
  const [variant, source] = await Promise.all([client.show(step.name), client.show(step.source)]);
  return variant.parameters.numCtx === step.numCtx && variant.weightsFile === source.weightsFile;
}

async function numCtxOf(client: OllamaClient, name: string): Promise<number | undefined> {
  return (await client.show(name)).parameters.numCtx;
}
