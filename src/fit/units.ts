/** Binary units. People read GiB, the sysctl takes MiB, everything inside is bytes. */
export const KIB = 1024;
export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;

const grouped = new Intl.NumberFormat("en-US");

/** Whole number with thousands separators: 57344 → "57,344". */
export function formatCount(value: number): string {
  return grouped.format(value);
}

/**
 * Bytes for people, always binary: "51.8 GiB", "512 MiB", "24 KiB", "0 B". One decimal from 1 GiB on
 * (two with `digits: 2`); a negative amount keeps its sign.
 */
export function formatBytes(bytes: number, digits: 1 | 2 = 1): string {
  const size = Math.abs(bytes);
  const sign = bytes < 0 ? "-" : "";
  // 1023.5 MiB would round to "1,024 MiB", which is written as 1.0 GiB.
  if (size >= GIB - MIB / 2) return `${sign}${(size / GIB).toFixed(digits)} GiB`;
  if (size >= MIB - KIB / 2) return `${sign}${formatCount(Math.round(size / MIB))} MiB`;
  if (size >= KIB - 0.5) return `${sign}${formatCount(Math.round(size / KIB))} KiB`;
  return `${sign}${Math.round(size)} B`;
}

/** A part of a whole, with their unit once where it's GiB: "31.2 of 51.8 GiB", "512 MiB of 51.8 GiB". `about` is put before the whole. */
export function formatPart(bytes: number, wholeBytes: number, about = ""): string {
  const whole = formatBytes(wholeBytes);
  const part = formatBytes(bytes);
  return `${whole.endsWith(" GiB") ? part.replace(/ GiB$/, "") : part} of ${about}${whole}`;
}

/** A limit as the sysctl takes it, with its size for people where that's in GiB: "57,344 MiB (56.0 GiB)", "512 MiB". */
export function formatMib(mib: number): string {
  return mib < 1024 ? formatBytes(mib * MIB) : `${formatCount(mib)} MiB (${formatBytes(mib * MIB)})`;
}

/** Tokens: whole multiples of 1024 as "32K", others as "5,000". */
export function formatContext(tokens: number): string {
  return tokens >= 1024 && tokens % 1024 === 0 ? `${formatCount(tokens / 1024)}K` : formatCount(tokens);
}

/** Share of a whole, rounded to a whole percent: 0.8098 → "81 %". */
export function formatPercent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** A difference as a share, with its sign and one decimal: 0.0042 → "+0.4 %". */
export function formatSignedPercent(share: number): string {
  const percent = (share * 100).toFixed(1);
  return `${share >= 0 && !percent.startsWith("-") ? "+" : ""}${percent}%`.replace("-0.0", "+0.0");
}

const GROUPED = /^\d{1,3}(?:[,\u00a0\u202f ]\d{3})+$/;

/** An amount of memory as it was typed, and what it's in. */
export interface TypedAmount {
  readonly amount: number;
  readonly unit: "GiB" | "MiB";
}

/**
 * Reads an amount of memory that a person typed: "56", "56 GiB", "54,5 GB" (meant as GiB), "57344", "57,344 MiB". A number
 * below 1,024 without a unit is GiB, a larger one MiB, in every field alike. Undefined where it's none of these.
 */
export function readAmount(text: string): TypedAmount | undefined {
  const [, number = "", unit = ""] = /^\s*(\d[\d.,\u00a0\u202f ]{0,12}?)\s*(Gi?B?|Mi?B?)?\s*$/i.exec(text) ?? [];
  const amount = GROUPED.test(number)
    ? Number(number.replace(/\D/g, ""))
    : /^\d{1,7}(?:[.,]\d{1,4})?$/.test(number)
      ? Number(number.replace(",", "."))
      : undefined;
  if (amount === undefined) return undefined;
  const isGib = unit === "" ? amount < 1024 : /^g/i.test(unit);
  return { amount, unit: isGib ? "GiB" : "MiB" };
}

/** The same in bytes; undefined for nothing, too. */
export function parseAmount(text: string | undefined): number | undefined {
  const read = readAmount(text ?? "");
  return read && read.amount > 0 ? read.amount * { GiB: GIB, MiB: MIB }[read.unit] : undefined;
}

/** Parses what a person types as tokens: "32768", "32,768", "32K". Undefined where it's no such number. */
export function parseTokens(text: string | undefined): number | undefined {
  const [, digits = "", thousands] = /^\s*(\d{1,3}(?:,\d{3})+|\d{1,9})\s*(k)?\s*$/i.exec(text ?? "") ?? [];
  const tokens = digits === "" ? Number.NaN : Number(digits.replaceAll(",", "")) * (thousands ? 1024 : 1);
  return Number.isSafeInteger(tokens) && tokens < 1e9 ? tokens : undefined;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Ollama writes "for ever" as a time centuries ahead. */
const FOR_EVER = 10 * 365 * DAY;

/**
 * The keep_alive, in seconds, with which a model stays loaded at least as long as it would now; -1 = for ever. Undefined
 * where Ollama's usual five minutes do, and where `expires_at` isn't a time.
 */
export function keepAliveSeconds(expiresAt: string | undefined, now: Date): number | undefined {
  const left = Date.parse(expiresAt ?? "") - now.getTime();
  if (left > FOR_EVER) return -1;
  return left > 5 * MINUTE ? Math.ceil(left / 1000) : undefined;
}

/** When Ollama will unload a model (`expires_at` of /api/ps), in words; undefined where it isn't a time. */
export function formatExpiry(expiresAt: string | undefined, now: Date): string | undefined {
  const left = Date.parse(expiresAt ?? "") - now.getTime();
  if (Number.isNaN(left)) return undefined;
  if (left > FOR_EVER) return "stays loaded";
  // While it answers, the time of the request before is listed.
  if (left <= 0) return "unloaded when idle";
  if (left < MINUTE) return "unloaded in less than 1 min";
  const minutes = Math.round(left / MINUTE);
  if (minutes < 60) return `unloaded in ${minutes} min`;
  const hours = Math.round(left / HOUR);
  return hours < 48 ? `unloaded in ${hours} h` : `unloaded in ${Math.round(left / DAY)} days`;
}
