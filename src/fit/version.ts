export type Version = readonly [major: number, minor: number, patch: number];

/**
 * Parses "0.33.0", "v0.12.7" or "0.33.0-rc2" (a release candidate counts as its release). Undefined for anything else
 * and for 0.0.0, which development builds report.
 */
export function parseVersion(text: string | undefined): Version | undefined {
  const match = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:[-+].{0,60})?$/.exec(text?.trim() ?? "");
  if (match === null) return undefined;
  const version: Version = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  return version.every((part) => part === 0) ? undefined : version;
}

/** Negative when `a` is older than `b`, 0 when equal. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
