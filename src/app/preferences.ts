import { getPreferenceValues } from "@raycast/api";
import type { JudgeOptions } from "../fit/run-settings";
import { parseGib } from "../fit/units";
import { KV_CACHE_TYPES } from "../memory/settings";

/** The preferences as the rest of the code takes them; what cannot be read counts as not set. */
export interface Settings {
  readonly host: string;
  readonly modelsFolder?: string;
  readonly judge: JudgeOptions;
  readonly reserveBytes?: number;
  readonly remoteLimitBytes?: number;
}

/** Where Ollama listens unless it's told otherwise. */
export const USUAL_HOST = "http://127.0.0.1:11434";

export function readSettings(): Settings {
  const values = getPreferenceValues<Preferences>();
  const kvCacheType = KV_CACHE_TYPES.find((type) => type === values.kvCacheType);
  const parallel = Number(values.parallelSlots);
  const reserveBytes = parseGib(values.reserveGib);
  const remoteLimitBytes = parseGib(values.remoteLimitGib);
  return {
    host: values.ollamaHost?.trim() || USUAL_HOST,
    modelsFolder: values.modelsFolder,
    judge: {
      context: parseContext(values.judgeContext),
      kvCacheType,
      parallel: Number.isSafeInteger(parallel) && parallel > 0 ? parallel : undefined,
    },
    reserveBytes,
    remoteLimitBytes,
  };
}

/** A context as dropdowns hold it: "effective", "default", "trained" or tokens. */
export function parseContext(value: string | undefined): JudgeOptions["context"] {
  if (value === "trained" || value === "default") return value;
  const tokens = Number(value);
  return Number.isSafeInteger(tokens) && tokens > 0 ? tokens : "effective";
}
