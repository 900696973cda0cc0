import { environment, updateCommandMetadata } from "@raycast/api";
import { useEffect } from "react";
import type { LoadedModel, AppleSiliconMac } from "../../fit/facts";
import { inForceBytes, limitInForce } from "../../fit/limit-policy";
import { loadedWithoutGpu } from "../../fit/loaded-place";
import { isInContainer } from "../../fit/server-origin";
import { formatBytes, formatPart } from "../../fit/units";
import type { FitRow } from "../../app/judge-rows";
import type { Snapshot } from "../../app/snapshot";
import type { BootSetting } from "../../mac/boot-settings";
import type { AtStart } from "../limit/boot-words";

/** Writes a subtitle of the command that runs, which Raycast's search shows until the next time; null clears it. Never throws. */
export async function writeSubtitle(subtitle: string | null): Promise<void> {
  await updateCommandMetadata({ subtitle }).catch(() => undefined);
}

/**
 * Keeps the subtitle of `command` as it's known now, where that's the command that runs: a view may be shown by another.
 * Undefined while it's read, null where nothing can be said: what was true the last time isn't any more.
 */
export function useSubtitle(command: string, text: string | null | undefined): void {
  useEffect(() => {
    if (text !== undefined && environment.commandName === command) void writeSubtitle(text);
  }, [command, text]);
}

/** "56.0 of 64.0 GiB · until restart"; nothing of a restart where it isn't known what's in force after one. */
export function limitSubtitle(mac: AppleSiliconMac, { own, others }: Pick<AtStart, "own" | "others">): string {
  const limit = limitInForce(mac);
  if (limit.kind === "unknown") return "Limit Unknown";
  const lasts = mac.overrideMib === undefined ? undefined : lastsText(own ? [own, ...others] : others, mac.overrideMib);
  const about = limit.estimated ? "about " : "";
  return [`${about}${formatPart(inForceBytes(limit), mac.ramBytes)}`, lasts].filter(Boolean).join(" · ");
}

/** How long a limit lasts, by what sets one when the Mac starts; undefined where that doesn't tell. */
function lastsText(settings: readonly BootSetting[], mib: number): string | undefined {
  if (mib === 0) return "macOS default";
  const run = settings.filter((setting) => setting.kind === "sysctl-conf" || setting.state !== "switched-off");
  if (run.every(({ valueMib }) => valueMib !== undefined && valueMib !== mib)) return "until restart";
  // Whether macOS still reads sysctl.conf, reports differ.
  const isSure = run.some(({ kind }) => kind === "launch-daemon") && run.every(({ valueMib }) => valueMib === mib);
  return isSure ? "after restarts too" : undefined;
}

/**
 * "2 loaded · 31.2 of 51.8 GiB"; null where it isn't known what's loaded. What a model may still grow to isn't used: "at
 * least", as the menu bar says.
 */
export function loadedSubtitle(
  { limit, server }: Pick<Snapshot, "limit" | "server">,
  loaded: readonly LoadedModel[] | undefined,
): string | null {
  if (loaded === undefined) return null;
  if (isInContainer(server.identity)) return loadedWithoutGpu(loaded.length);
  const used = loaded.reduce((sum, { vramBytes }) => sum + vramBytes, 0);
  const least = loaded.some(({ growth }) => growth !== undefined) ? "at least " : "";
  const words =
    limit.kind === "unknown" || limit.isLeast
      ? formatBytes(used)
      : formatPart(used, inForceBytes(limit), limit.estimated ? "about " : "");
  return `${loaded.length} loaded · ${least}${words}`;
}

/** "2 of 7 models don't fit", of those whose verdict is known; tight ones do. Null where none is known. */
export function fitSubtitle(rows: readonly Pick<FitRow, "verdict">[]): string | null {
  const kinds = rows.flatMap(({ verdict = { kind: "unknown" } }) => (verdict.kind === "unknown" ? [] : [verdict.kind]));
  const others = kinds.filter((kind) => kind !== "fits" && kind !== "tight").length;
  if (kinds.length === 0) return null;
  if (others === 0) return kinds.length === 1 ? "1 model fits" : `${kinds.length} models fit`;
  return `${others} of ${kinds.length} models ${others === 1 ? "doesn't" : "don't"} fit`;
}
