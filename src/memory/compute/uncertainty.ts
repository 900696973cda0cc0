import type { EffectiveSettings } from "../effective-settings";
import type { Closeness } from "./measured";
import type { Method } from "./method";

const MIB = 1024 ** 2;

export interface Band {
  /** Share of the estimate, and bytes per slot (up to four). */
  readonly share: number;
  readonly floor: number;
}

/** What each method was measured to be off by, with headroom. */
const BANDS: Readonly<Record<Method, Band>> = {
  plan: { share: 0.15, floor: 24 * MIB },
  "plan-with-experts": { share: 0.25, floor: 24 * MIB },
  "closed-form": { share: 0.5, floor: 32 * MIB },
};

/** Layouts that were measured to be off by more, and those that no measurement covers. */
const WIDE: Band = { share: 0.75, floor: 48 * MIB };

/** The band of a layout, by how it is computed and how close it was to what was measured. */
export function bandOf(method: Method, measured: Closeness | undefined): Band {
  return measured === "close" ? BANDS[method] : WIDE;
}

/**
 * Half-width in bytes of the band around a compute estimate. Measured against llama.cpp's own allocations
 * (scripts/accuracy.ts prints by how much each model is off).
 */
export function computeUncertainty(bytes: number, settings: EffectiveSettings, { share, floor }: Band): number {
  return Math.ceil(share * bytes + floor * Math.min(settings.streams, 4));
}
