import { readSettings } from "../app/preferences";
import { appleSilicon, readSnapshot } from "../app/snapshot";
import { getSystem } from "../app/system";
import { readTick } from "../app/tick";
import { RUNNER_TITLES } from "../fit/model-runner";
import { adviseLimit, defaultLimit } from "../fit/limit-policy";
import { formatExpiry, MIB } from "../fit/units";
import { gib, limitAnswer } from "./shared/tool-words";
import { stateSentence } from "./shared/tool-world";

/** Says how much GPU memory this Mac may use (the limit) and what takes it now: loaded models with what spilled, memory pressure and swap. All sizes in GiB. */
export default async function getGpuMemory() {
  const system = getSystem();
  const settings = readSettings();
  const snapshot = await readSnapshot(system, settings);
  const { tick } = await readTick(system, settings);
  const mac = appleSilicon(snapshot.machine);
  const { server, kernel } = tick;
  const isNotThere = server.kind === "not-running" && snapshot.state.kind !== "elsewhere";
  const loaded = server.kind === "answering" ? server.loaded : isNotThere ? [] : undefined;
  return {
    ...limitAnswer(snapshot),
    thisMac: mac && {
      ramGiB: gib(mac.ramBytes),
      defaultLimitGiB: gib(defaultLimit(mac).bytes),
      highestSafeLimitGiB: gib(adviseLimit(mac, settings.reserveBytes).highestMib * MIB),
    },
    noLimitHere: mac === undefined && "reason" in snapshot.machine ? snapshot.machine.reason : undefined,
    ollama: stateSentence(snapshot.state),
    loaded:
      loaded?.map(({ name, sizeBytes, use, contextLength, runner, expiresAt }) => ({
        name,
        countedGiB: gib(sizeBytes),
        onCpuPercent: Math.round(use.cpuShare * 100),
        growsToGiB: use.growsTo === undefined ? undefined : gib(use.growsTo),
        context: contextLength,
        runner: runner && RUNNER_TITLES[runner],
        until: formatExpiry(expiresAt, system.now()),
      })) ?? "Unknown",
    gpuAllocatedGiB: snapshot.gpuAllocatedBytes === undefined ? undefined : gib(snapshot.gpuAllocatedBytes),
    memoryPressure: kernel.pressure ?? "Unknown",
    swapUsedGiB: kernel.swapUsedBytes === undefined ? undefined : gib(kernel.swapUsedBytes),
  };
}
