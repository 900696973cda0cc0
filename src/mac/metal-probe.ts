import type { MetalReading } from "../fit/facts";
import type { Runner } from "./runner";
import { isObject } from "../memory/json-object";

export const OSASCRIPT = "/usr/bin/osascript";

/**
 * Asks Metal for its figures without Xcode. A new process each time, because a living one may keep what it read first.
 * `MTLCreateSystemDefaultDevice` is a C function, which the bridge does not always bind; it gives a device only where
 * CoreGraphics is loaded, too (Apple's documentation of it), and nil where there's none.
 */
export const METAL_SCRIPT = `ObjC.import("CoreGraphics");
ObjC.import("Metal");
if (typeof $.MTLCreateSystemDefaultDevice !== "function") {
  ObjC.bindFunction("MTLCreateSystemDefaultDevice", ["id", []]);
}
const gpu = $.MTLCreateSystemDefaultDevice();
const isThere = gpu !== undefined && gpu !== null && !(typeof gpu.isNil === "function" && gpu.isNil());
JSON.stringify(isThere ? {
  chip: ObjC.unwrap(gpu.name),
  workingSetBytes: Number(gpu.recommendedMaxWorkingSetSize),
  maxBufferBytes: Number(gpu.maxBufferLength),
} : {});`;

/** Asks Metal for the limit in force; undefined when it does not answer within 5 s or answers nonsense. */
export async function probeMetal(run: Runner): Promise<MetalReading | undefined> {
  const result = await run(OSASCRIPT, ["-l", "JavaScript", "-e", METAL_SCRIPT], {
    timeoutMs: 5_000,
    maxBytes: 64 * 1024,
  });
  return result.exitCode === 0 ? parseMetalReading(result.stdout) : undefined;
}

/** Parses the probe's JSON; undefined unless the working set is a plausible size. */
export function parseMetalReading(output: string): MetalReading | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    return undefined;
  }
  if (!isObject(answer)) return undefined;
  const { chip, workingSetBytes, maxBufferBytes } = answer;
  if (!isSize(workingSetBytes)) return undefined;
  return {
    chip: isChipName(chip) ? chip : undefined,
    workingSetBytes,
    maxBufferBytes: isSize(maxBufferBytes) ? maxBufferBytes : undefined,
  };
}

/** Metal reports an override unchanged, even one above the RAM, so only the absurd is refused. */
function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function isChipName(value: unknown): value is string {
  return typeof value === "string" && /^[\x20-\x7e]{1,80}$/.test(value);
}
