import type { LoadedModel } from "./facts";
import { stillGrowsText } from "./loaded-place";
import { allBytesOf, gpuBytesOf } from "./loaded-size";
import { mostLoaded } from "./together";
import { type BesideLoaded, otherRunners } from "./own-runners";
import { balanceRam, type RamBalance, shortageText } from "./ram";
import { rulesOf } from "./runners";
import { OLLAMAS_COUNT } from "./sum-names";
import { formatBytes, formatContext } from "./units";
import { type JudgeInput, type KnownVerdict, needBytes, needRange, swaps, type Verdict } from "./verdict";

/** What other models take of the limit and of the RAM, and what they leave to this one; all in bytes. */
export interface RoomBeside {
  readonly others: readonly LoadedModel[];
  readonly takenBytes: number;
  /** Negative = missing. */
  readonly leftBytes: number;
  readonly ram?: RamBalance;
  /** What isn't surely enough for all of them. */
  readonly lacks?: "limit" | "ram";
}

/** How a model fits beside the others that are loaded; undefined where there are none. */
export function roomBeside(input: BesideLoaded, verdict: KnownVerdict): RoomBeside | undefined {
  const others = otherRunners(input);
  if (others.length === 0) return undefined;
  const sum = (bytes: (model: LoadedModel) => number) => others.reduce((total, model) => total + bytes(model), 0);
  const takenBytes = sum(gpuBytesOf);
  const leftBytes = verdict.spareBytes - takenBytes;
  const ram = verdict.ram && balanceRam(verdict.ram, verdict.ram.needBytes + sum(allBytesOf));
  const lacks =
    leftBytes < needRange(verdict).high - needBytes(verdict)
      ? "limit"
      : ram?.kind === "swaps" && !swaps(verdict)
        ? "ram"
        : undefined;
  return { others, takenBytes, leftBytes, ram, lacks };
}

/** What isn't enough for a model and those beside it, as a sentence; undefined where there's room for all. */
export function lackText({ others, takenBytes, leftBytes, ram, lacks }: RoomBeside): string | undefined {
  const beside = `Next to ${others.map(({ name }) => name).join(", ")} (${formatBytes(takenBytes)}),`;
  if (lacks === "limit") return `${beside} ${formatBytes(Math.max(0, -leftBytes))} would be missing.`;
  return lacks === "ram" && ram ? `${beside} ${shortageText(ram)}. The Mac would swap to the disk.` : undefined;
}

/** How a model is loaded now, or would be beside what is, as a sentence; undefined where nothing else is loaded. */
export function besideText(input: BesideLoaded & Pick<JudgeInput, "server">, verdict: Verdict): string | undefined {
  const self = input.loaded.find(({ digest }) => digest === input.model.digest);
  if (self !== undefined) {
    const spilled = self.sizeBytes - self.vramBytes;
    const asked = verdict.run?.isAskedByClient ? ", asked for by a client" : "";
    const isCapped = self.contextLength !== undefined && rulesOf(input.model).numCtx === "caps";
    const context = isCapped ? ` at ${formatContext(self.contextLength ?? 0)}${asked}` : "";
    const counted =
      self.countedBytes === undefined
        ? ""
        : ` ${OLLAMAS_COUNT} leaves out ${formatBytes(self.sizeBytes - self.countedBytes)} of it.`;
    return spilled > 0
      ? `Loaded now${context}: ${formatBytes(spilled)} of ${formatBytes(self.sizeBytes)} spilled to the CPU.${counted}`
      : `Loaded now${context}, ${formatBytes(self.vramBytes)}, all on the GPU.${counted}${self.growth === undefined ? "" : ` ${stillGrowsText(self)}`}`;
  }
  if (verdict.kind !== "fits" && verdict.kind !== "tight") return undefined;
  const room = roomBeside(input, verdict);
  if (room === undefined) return undefined;
  const lack = lackText(room);
  const { others, takenBytes } = room;
  const names = `${others.map(({ name }) => name).join(", ")} (${formatBytes(takenBytes)})`;
  const most = mostLoaded(input.server);
  if (others.length >= most) {
    return `Ollama keeps at most ${most} ${most === 1 ? "model" : "models"} loaded, so ${most === 1 ? names : `one of ${names}`} is unloaded first.`;
  }
  return lack === undefined
    ? `Fits next to ${names} too.`
    : `${lack} Ollama may unload ${others.length === 1 ? "it" : "them"} first.`;
}
