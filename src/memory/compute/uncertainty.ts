import type { EffectiveSettings } from "../effective-settings";
import type { Method } from "./method";

const MIB = 1024 ** 2;

interface Band {
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

/** Layouts that no measurement covers: as wide as the least exact of the measured ones, and half as much again. */
const NOT_MEASURED: Band = { share: 0.75, floor: 48 * MIB };

/**
 * Half-width in bytes of the band around a compute estimate. Measured against llama.cpp's own allocations
 * (scripts/accuracy.ts prints by how much each model is off).
 */
export function computeUncertainty(
  bytes: number,
  settings: EffectiveSettings,
  { method, measured }: { readonly method: Method; readonly measured: boolean },
): number {
  const { share, floor } = measured ? BANDS[method] : NOT_MEASURED;
  return Math.ceil(share * bytes + floor * Math.min(settings.streams, 4));
}
