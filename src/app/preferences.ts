import { getPreferenceValues } from "@raycast/api";
import type { JudgeOptions } from "../fit/run-input";
import { parseAmount } from "../fit/units";
import { KV_CACHE_TYPES } from "../memory/settings";
import { keysIn } from "../fit/keys-in";

/** The preferences as the rest of the code takes them; what cannot be read counts as not set. */
export interface Settings {
  readonly host: string;
  readonly modelsFolder?: string;
  readonly judge: JudgeOptions;
  readonly reserveBytes?: number;
  readonly remoteLimitBytes?: number;
  /** What was typed and can't be read, as sentences: it counts as not set. */
  readonly faults: readonly string[];
}

/** The preferences that hold an amount, by name. */
const AMOUNTS = {
  reserveGib: "Memory to Keep for macOS",
  remoteLimitGib: "GPU Limit of the Remote Mac",
} as const;

/** Why an amount counts as not set; undefined where it's empty or can be read. */
function amountFault(title: string, text: string | undefined): string | undefined {
  if ((text ?? "").trim() === "" || parseAmount(text) !== undefined) return undefined;
  return `${title} is "${(text ?? "").trim().slice(0, 20)}", which isn't an amount such as 8 or 8.5 GiB. It's ignored.`;
}

/** Where Ollama listens unless it's told otherwise. */
export const USUAL_HOST = "http://127.0.0.1:11434";

/** The preferences as they are now; what can't be read counts as not set, and is among the faults. */
export function readSettings(): Settings {
  const values = getPreferenceValues<Preferences>();
  const kvCacheType = KV_CACHE_TYPES.find((type) => type === values.kvCacheType);
  const parallel = Number(values.parallelSlots);
  const reserveBytes = parseAmount(values.reserveGib);
  const remoteLimitBytes = parseAmount(values.remoteLimitGib);
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
    faults: keysIn(AMOUNTS).flatMap((name) => amountFault(AMOUNTS[name], values[name]) ?? []),
  };
}

/** A context as dropdowns hold it: "effective", "default", "trained" or tokens. */
export function parseContext(value: string | undefined): JudgeOptions["context"] {
  if (value === "trained" || value === "default") return value;
  const tokens = Number(value);
  return Number.isSafeInteger(tokens) && tokens > 0 ? tokens : "effective";
}
