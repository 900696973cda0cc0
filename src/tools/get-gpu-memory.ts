import { readSettings } from "../app/preferences";
import { appleSilicon, isLoadedKnown, readSnapshot } from "../app/snapshot";
import { getSystem } from "../app/system";
import type { LoadedModel } from "../fit/facts";
import { adviseLimit, defaultLimit } from "../fit/limit-policy";
import { buildOf } from "../fit/model-builds";
import { RUNNER_TITLES } from "../fit/model-runner";
import { rulesOf } from "../fit/runners";
import { formatExpiry, MIB } from "../fit/units";
import { readKernelStatus } from "../mac/memory-status";
import { gib, limitAnswer } from "./shared/tool-words";
import { readRealLoads, stateSentence } from "./shared/tool-world";

/** Says how much GPU memory this Mac may use (the limit) and what takes it now: loaded models with what spilled, memory pressure and swap. All sizes in GiB. */
export default async function getGpuMemory() {
  const system = getSystem();
  const settings = readSettings();
  const isMac = system.platform === "darwin";
  const [snapshot, kernel] = await Promise.all([
    readSnapshot(system, settings),
    isMac ? readKernelStatus(system) : undefined,
  ]);
  const { machine, models, state, gpuAllocatedBytes } = snapshot;
  const { pressure, swapUsedBytes } = kernel ?? {};
  const mac = appleSilicon(machine);
  const isNotThere = state.kind === "not-running" || state.kind === "not-installed";
  const loaded = isLoadedKnown(snapshot) ? await readRealLoads(snapshot, settings) : isNotThere ? [] : undefined;
  const answerOf = (model: LoadedModel) => {
    const { name, sizeBytes, vramBytes, countedBytes, growth, contextLength, runner, expiresAt } = model;
    const build = buildOf(model, models);
    const isDisplayed = build !== undefined && rulesOf(build).numCtx === "displayed";
    return {
      name,
      sizeGiB: gib(sizeBytes),
      countedByOllamaGiB: countedBytes === undefined ? undefined : gib(countedBytes),
      onCpuPercent: sizeBytes === 0 ? 0 : Math.round((1 - Math.min(1, vramBytes / sizeBytes)) * 100),
      growsToGiB: growth === undefined || growth.peakBytes <= sizeBytes ? undefined : gib(growth.peakBytes),
      // What Ollama only displays caps nothing.
      context: isDisplayed ? undefined : contextLength,
      runner: runner && RUNNER_TITLES[runner],
      until: formatExpiry(expiresAt, system.now()),
    };
  };
  return {
    ...limitAnswer(snapshot),
    thisMac: mac && {
      ramGiB: gib(mac.ramBytes),
      defaultLimitGiB: gib(defaultLimit(mac).bytes),
      highestSafeLimitGiB: gib(adviseLimit(mac, settings.reserveBytes).highestMib * MIB),
    },
    noLimitHere: mac === undefined && "reason" in machine ? machine.reason : undefined,
    ollama: stateSentence(state),
    loaded: loaded?.map(answerOf) ?? "Unknown",
    gpuAllocatedGiB: gpuAllocatedBytes === undefined ? undefined : gib(gpuAllocatedBytes),
    memoryPressure: pressure ?? "Unknown",
    swapUsedGiB: swapUsedBytes === undefined ? undefined : gib(swapUsedBytes),
  };
}
