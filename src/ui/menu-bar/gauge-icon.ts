import { Color, type Image } from "@raycast/api";

/** How urgent what the icon stands for is: only what's wrong has a colour. */
export type Mood = "calm" | "warning" | "critical";

const TINTS: Readonly<Record<Exclude<Mood, "calm">, Color>> = { warning: Color.Yellow, critical: Color.Red };

/** Degrees, clockwise from straight up, at which the scale begins and ends. */
const FROM = -120;
const TO = 120;

/**
 * A small gauge for the menu bar, its needle at the share of the limit that's used; without a share the needle is left
 * out. Black in light and white in dark menu bars, as a template of macOS would be.
 */
export function gaugeIcon(share: number | undefined, mood: Mood): Image.ImageLike {
  const source = { light: drawing(share, "#000"), dark: drawing(share, "#fff") };
  return mood === "calm" ? { source } : { source, tintColor: TINTS[mood] };
}

function drawing(share: number | undefined, color: string): string {
  const start = point(FROM, 6.5);
  const end = point(TO, 6.5);
  const angle = FROM + (TO - FROM) * Math.min(1, Math.max(0, share ?? 0));
  const needle = share === undefined ? "" : `<path d="M8 9L${point(angle, 5)}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" fill="none" stroke="${color}" stroke-width="1.5" stroke-linecap="round"><path d="M${start}A6.5 6.5 0 1 1 ${end}"/>${needle}<circle cx="8" cy="9" r=".8" fill="${color}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

function point(degrees: number, radius: number): string {
  const radians = (degrees * Math.PI) / 180;
  return `${(8 + radius * Math.sin(radians)).toFixed(1)} ${(9 - radius * Math.cos(radians)).toFixed(1)}`;
}
