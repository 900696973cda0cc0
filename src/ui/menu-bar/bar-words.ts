import { inForceBytes, limitText } from "../../fit/limit-policy";
import { RUNNER_TITLES } from "../../fit/model-runner";
import type { WatchedModel } from "../../fit/guard/watched";
import { loadedWithoutGpu } from "../../fit/loaded-place";
import { rulesOfEngine } from "../../fit/runners";
import { formatBytes, formatContext, formatExpiry, formatPart, formatPercent } from "../../fit/units";
import { type LimitInForce, limitOf, type Tick, type TickServer, type Used, usedOf } from "../../app/tick";
import type { TitleStyle } from "./menu-bar-preferences";

/** "31.2 of 51.8 GiB", "at least 31.2 of about 51.8 GiB", "31.2 GiB" where the limit isn't known. */
export function usedText({ bytes, isLeast }: Used, limit: LimitInForce | undefined): string {
  return `${isLeast ? "at least " : ""}${ofLimit(bytes, limit, "about ")}`;
}

function ofLimit(bytes: number, limit: LimitInForce | undefined, about: string): string {
  return limit === undefined ? formatBytes(bytes) : formatPart(bytes, limit.bytes, limit.isAbout ? about : "");
}

/** What is in the menu bar beside the icon; undefined where nothing is to be said. */
export function barTitle(tick: Tick, style: TitleStyle): string | undefined {
  const used = usedOf(tick);
  const limit = limitOf(tick);
  if (used === undefined || style === "icon") return undefined;
  const sign = (least: string) => (used.isLeast ? least : "");
  if (style === "used") return `${sign("≥ ")}${ofLimit(used.bytes, limit, "~")}`;
  // What's free and the share of an unknown limit aren't known.
  if (limit === undefined) return undefined;
  const about = limit.isAbout ? "~" : "";
  switch (style) {
    case "free":
      return used.bytes > limit.bytes
        ? `${sign("≥ ")}${about}${formatBytes(used.bytes - limit.bytes)} Over`
        : `${sign("≤ ")}${about}${formatBytes(limit.bytes - used.bytes)} Free`;
    case "percent":
      return `${sign("≥ ")}${about}${formatPercent(used.bytes / limit.bytes)}`;
  }
}

/** "31.2 of 51.8 GiB · 2 loaded": what the command says of itself in Raycast's search. */
export function subtitleText(tick: Tick): string | null {
  const used = usedOf(tick);
  if (tick.server.kind !== "answering") return null;
  const { length } = tick.server.loaded;
  return used === undefined ? loadedWithoutGpu(length) : `${usedText(used, limitOf(tick))} · ${length} loaded`;
}

/** Why it isn't known what is loaded, and where that can be told. */
export function noAnswerWords(server: Exclude<TickServer, { readonly kind: "answering" }>): {
  readonly title: string;
  readonly subtitle: string;
} {
  const { kind, reason } = server;
  if (kind === "failed") return { title: "Couldn't Read Loaded Models", subtitle: reason };
  return server.other === undefined
    ? { title: "Ollama Isn't Running There", subtitle: reason }
    : {
        title: "Ollama Listens at Another Address",
        subtitle: `It answers at ${server.other}, not at the host in the preferences.`,
      };
}

const BAR_CELLS = 10;

/** "██████░░░░ 60%"; a use that's not nothing has at least one cell. */
export function shareBar(share: number): string {
  const filled = Math.min(BAR_CELLS, Math.max(share > 0 ? 1 : 0, Math.round(share * BAR_CELLS)));
  return `${"█".repeat(filled)}${"░".repeat(BAR_CELLS - filled)} ${formatPercent(share)}`;
}

/** "GPU Limit: 51.8 GiB", and where that comes from. A tick asks no Metal: that's left until the menu is opened. */
export function limitWords(
  { limit, where, place, hasNoGpu }: Tick,
  isOpen: boolean,
): { readonly title: string; readonly subtitle: string } {
  const whose = place === undefined ? "GPU Limit" : `GPU Limit ${where === "untold" ? "of This Mac" : place}`;
  if (limit.kind === "unknown" && hasNoGpu) return { title: `No GPU ${place}`, subtitle: limit.reason };
  if (limit.kind === "unknown") return { title: `${whose}: Unknown`, subtitle: limit.reason };
  const title = `${whose}: ${limit.estimated ? "about " : ""}${limitText(limit, inForceBytes(limit))}`;
  const source = limit.source === "formula" && !isOpen ? "estimated until you open this menu" : limit.sourceText;
  return { title, subtitle: limit.excess ? "more than is safe: this Mac may freeze" : source };
}

/** "qwen3:8b · 5.2 GiB · 40K · llama.cpp · 23% on the CPU · unloaded in 4 min". */
export function modelText(model: WatchedModel, now: Date): string {
  const { use, contextLength, runner, engine, sizeBytes } = model;
  const rules = engine && rulesOfEngine(engine);
  const grows = rules?.cache === "grows";
  const size = `${use.isLeast && use.growsTo === undefined ? "at least " : ""}${formatBytes(grows ? sizeBytes : use.bytes)}`;
  return [
    model.name,
    use.growsTo === undefined ? size : `${size}, grows to ${formatBytes(use.growsTo)}`,
    ...(use.growsTo === undefined && grows ? ["grows"] : []),
    // A context that's only displayed caps nothing.
    ...(contextLength === undefined || rules?.numCtx === "displayed" ? [] : [formatContext(contextLength)]),
    ...(runner === undefined ? [] : [RUNNER_TITLES[runner]]),
    ...(use.cpuShare > 0 ? [`${cpuText(use.cpuShare)} on the CPU`] : []),
    ...[formatExpiry(model.expiresAt, now)].filter((text) => text !== undefined),
  ].join(" · ");
}

function cpuText(share: number): string {
  const text = formatPercent(share);
  return text === "0%" ? "under 1%" : text;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** "Read at 10:03, 3 min ago". */
export function ageText({ at }: Tick, now: Date): string {
  const minutes = Math.floor((now.getTime() - at) / 60_000);
  return `Read at ${CLOCK.format(at)}, ${minutes < 1 ? "just now" : `${minutes} min ago`}`;
}

export const PRESSURES = { normal: "Normal", warning: "Warning", critical: "Critical" } as const;
