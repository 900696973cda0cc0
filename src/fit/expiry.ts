const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Ollama writes "for ever" as a time centuries ahead. */
const FOR_EVER = 10 * 365 * DAY;

/** When Ollama will unload a model (`expires_at` of /api/ps), in words; undefined where it is no time. */
export function expiryText(expiresAt: string | undefined, now: Date): string | undefined {
  const left = Date.parse(expiresAt ?? "") - now.getTime();
  if (Number.isNaN(left)) return undefined;
  if (left > FOR_EVER) return "stays loaded";
  // While it answers, the time of the request before stands there.
  if (left <= 0) return "unloaded when idle";
  if (left < MINUTE) return "unloaded in less than 1 min";
  const minutes = Math.round(left / MINUTE);
  if (minutes < 60) return `unloaded in ${minutes} min`;
  const hours = Math.round(left / HOUR);
  return hours < 48 ? `unloaded in ${hours} h` : `unloaded in ${Math.round(left / DAY)} days`;
}
