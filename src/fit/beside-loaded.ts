import type { LoadedModel } from "./facts";
import { mostLoaded } from "./together";
import { type BesideLoaded, otherRunners } from "./own-runners";
import { formatBytes, formatContext } from "./units";
import type { JudgeInput, KnownVerdict, Verdict } from "./verdict";

/** What other models take of the limit, and what they leave to this one; all in bytes. */
export interface RoomBeside {
  readonly others: readonly LoadedModel[];
  readonly takenBytes: number;
  /** Negative = missing. */
  readonly leftBytes: number;
  /** Whether the model surely fits beside them. */
  readonly isEnough: boolean;
}

/** How a model fits beside the others that are loaded; undefined where there are none. */
export function roomBeside(input: BesideLoaded, { spareBytes, estimate }: KnownVerdict): RoomBeside | undefined {
  const others = otherRunners(input);
  if (others.length === 0) return undefined;
  const takenBytes = others.reduce((sum, { vramBytes }) => sum + vramBytes, 0);
  const leftBytes = spareBytes - takenBytes;
  return { others, takenBytes, leftBytes, isEnough: leftBytes >= estimate.uncertainty };
}

/** How a model is loaded now, or would be beside what is, as a sentence; undefined where nothing else is loaded. */
export function besideText(input: BesideLoaded & Pick<JudgeInput, "server">, verdict: Verdict): string | undefined {
  const self = input.loaded.find(({ digest }) => digest === input.model.digest);
  if (self !== undefined) {
    const spilled = self.sizeBytes - self.vramBytes;
    const asked = verdict.run?.isAskedByClient ? ", asked for by a client" : "";
    const context = self.contextLength === undefined ? "" : ` at ${formatContext(self.contextLength)}${asked}`;
    const counted =
      self.countedBytes === undefined
        ? ""
        : ` Ollama's own count leaves out ${formatBytes(self.sizeBytes - self.countedBytes)} of it.`;
    return spilled > 0
      ? `Loaded now${context}: ${formatBytes(spilled)} of ${formatBytes(self.sizeBytes)} spilled to the CPU.${counted}`
      : `Loaded now${context}, ${formatBytes(self.vramBytes)}, all on the GPU.${counted}`;
  }
  if (verdict.kind !== "fits" && verdict.kind !== "tight") return undefined;
  const room = roomBeside(input, verdict);
  if (room === undefined) return undefined;
  const { others, takenBytes, leftBytes, isEnough } = room;
  const names = `${others.map(({ name }) => name).join(", ")} (${formatBytes(takenBytes)})`;
  const most = mostLoaded(input.server);
  if (others.length >= most) {
    return `Ollama keeps at most ${most} ${most === 1 ? "model" : "models"} loaded, so ${most === 1 ? names : `one of ${names}`} is unloaded first.`;
  }
  return isEnough
    ? `Fits next to ${names} too.`
    : `Next to ${names}, ${formatBytes(Math.max(0, -leftBytes))} would be missing: Ollama may unload ${others.length === 1 ? "it" : "them"} first.`;
}
