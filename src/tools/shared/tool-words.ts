import type { FitRow } from "../../app/judge-rows";
import type { Snapshot } from "../../app/snapshot";
import { stringValue } from "../../memory/metadata";
import { inForceBytes } from "../../fit/limit-policy";
import { buildId } from "../../fit/model-builds";
import { RUNNER_TITLES } from "../../fit/model-runner";
import { isInContainer, type ServerIdentity } from "../../fit/server-origin";
import { GIB, MIB } from "../../fit/units";
import { contextOf, needBytes, type Verdict } from "../../fit/verdict";
import { badgeText } from "../../fit/verdict-text";
import { METADATA_UNREAD } from "../../ollama/problems";

/** Bytes as GiB with two decimals, as a number: what an assistant reckons with. */
export const gib = (bytes: number): number => Math.round((bytes / GIB) * 100) / 100;

/** What of a text may come from outside as it is: names, versions, numbers. */
const HARMLESS = /^[\w.:+/@-]{1,80}$/;

/** What our sentences take out of files and servers they quote. */
const QUOTED = /"((?:[^"\\]|\\.)*)"/g;

/**
 * A text of the screens without what servers and model files wrote themselves: an assistant would read it as an
 * instruction. `row` is the model that the text is about.
 */
export function ownWords(text: string, snapshot: Snapshot, row?: FitRow): string {
  const { server } = snapshot;
  const description = row?.input?.description;
  const metadata = description === undefined || "kind" in description ? undefined : description.metadata;
  const foreign = [
    server.version,
    server.kvCacheType?.value,
    server.kvCacheType?.value.slice(0, 40),
    metadata && stringValue(metadata, "general.architecture"),
    metadata && stringValue(metadata, "general.name"),
    row?.model.family,
    row?.model.quantization,
    row?.model.parameterSize,
    description !== undefined && "kind" in description && description.kind === "mlx"
      ? description.model.shape.modelType
      : undefined,
  ];
  return foreign.reduce<string>(
    (words, part) =>
      part === undefined || part === "" || HARMLESS.test(part) ? words : words.replaceAll(part, "(left out)"),
    text.replace(QUOTED, (quoted, words: string) => (HARMLESS.test(words) ? quoted : "(left out)")),
  );
}

/** Why a verdict is unknown; words of a server about metadata that couldn't be read are left out. */
export function unknownText(verdict: Extract<Verdict, { kind: "unknown" }>, snapshot: Snapshot, row: FitRow): string {
  const description = row.input?.description;
  const unread = description !== undefined && "reason" in description ? description.reason : "";
  const reason = unread.startsWith(METADATA_UNREAD)
    ? verdict.reason.replace(unread, "Its metadata couldn't be read.")
    : verdict.reason;
  return ownWords(reason, snapshot, row);
}

/** One model as every tool names it. */
export function modelAnswer(row: FitRow, snapshot: Snapshot) {
  const { model, verdict } = row;
  const isLoaded = snapshot.loaded.some(({ digest }) => digest === model.digest);
  return {
    name: buildId(model),
    verdict: verdict === undefined ? "Unknown" : badgeText(verdict),
    needGiB: verdict === undefined || verdict.kind === "unknown" ? undefined : gib(needBytes(verdict)),
    context: verdict && contextOf(verdict)?.value,
    runner: model.runner && RUNNER_TITLES[model.runner],
    loaded: isLoaded || undefined,
    why: verdict?.kind === "unknown" ? unknownText(verdict, snapshot, row) : undefined,
  };
}

function machineText(identity: ServerIdentity): string {
  if (isInContainer(identity)) return "a container on this Mac, which gets no GPU";
  return identity.kind === "elsewhere" && identity.carrier === "other" ? "Unknown" : "another machine";
}

/** The limit as every tool names it. */
export function limitAnswer({ limit, isLocal, advice, server }: Snapshot) {
  return {
    limitGiB: limit.kind === "known" ? gib(inForceBytes(limit)) : undefined,
    limit:
      limit.kind === "known"
        ? `${limit.isLeast ? "at least, " : limit.estimated ? "about, " : ""}${limit.source === "loaded" ? "as models there show" : limit.sourceText}`
        : "Unknown",
    machine: isLocal ? "this Mac" : machineText(server.identity),
    highestSafeLimitGiB: advice && gib(advice.highestMib * MIB),
    recommendedLimitGiB: advice?.recommendedMib === undefined ? undefined : gib(advice.recommendedMib * MIB),
  };
}
