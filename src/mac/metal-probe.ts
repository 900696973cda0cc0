import type { MetalReading } from "../fit/facts";
import type { Runner } from "./runner";

/** Asks Metal for the GPU's working set. JXA needs no Xcode; osascript has to be the system's. */
export const METAL_PROBE = `
ObjC.import("Metal");
if (typeof $.MTLCreateSystemDefaultDevice !== "function") {
  ObjC.bindFunction("MTLCreateSystemDefaultDevice", ["id", []]);
}
const gpu = $.MTLCreateSystemDefaultDevice();
JSON.stringify({
  chip: ObjC.unwrap(gpu.name),
  workingSetBytes: Number(gpu.recommendedMaxWorkingSetSize),
  maxBufferBytes: Number(gpu.maxBufferLength),
});
`;

const TIMEOUT_MS = 4_000;

/** Metal's figures, read in a new process (a running one keeps old ones). Undefined where Metal does not answer. */
export async function readMetal(run: Runner): Promise<MetalReading | undefined> {
  const result = await run("/usr/bin/osascript", ["-l", "JavaScript", "-e", METAL_PROBE], { timeoutMs: TIMEOUT_MS });
  return result.exitCode === 0 ? parseMetal(result.stdout) : undefined;
}

/** Parses the probe's answer; a working set that is no plausible size is no answer. */
export function parseMetal(text: string): MetalReading | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null) return undefined;
  const { chip, workingSetBytes, maxBufferBytes } = answer as Record<string, unknown>;
  if (!isSize(workingSetBytes)) return undefined;
  return {
    ...(typeof chip === "string" ? { chip } : {}),
    workingSetBytes,
    ...(isSize(maxBufferBytes) ? { maxBufferBytes } : {}),
  };
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 2 ** 20;
}
