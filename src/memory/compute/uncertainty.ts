import type { EffectiveSettings } from "../effective-settings";

/** How the buffer was computed. */
export type Method = "plan" | "plan-with-experts" | "closed-form";

const MIB = 1024 ** 2;

/** Share of the estimate and bytes per slot (up to four) that each method was measured to be off by, with headroom. */
const BANDS: Readonly<Record<Method, { readonly share: number; readonly floor: number }>> = {
  plan: { share: 0.15, floor: 24 * MIB },
  "plan-with-experts": { share: 0.25, floor: 24 * MIB },
  "closed-form": { share: 0.5, floor: 32 * MIB },
};

/**
 * Half-width in bytes of the band around a compute estimate. Measured against llama.cpp's own allocations of 34 models
 * (scripts/accuracy.ts prints by how much each model is off).
 */
export function computeUncertainty(bytes: number, settings: EffectiveSettings, method: Method): number {
  const { share, floor } = BANDS[method];
  return Math.ceil(share * bytes + floor * Math.min(settings.streams, 4));
}
