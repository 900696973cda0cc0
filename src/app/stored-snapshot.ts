import { Cache } from "@raycast/api";
import {
  type Check,
  type Fields,
  isAbsentOr,
  isFlag,
  isListOf,
  isOneOf,
  isRunner,
  isShape,
  isText,
  isWhole,
} from "../apply/stored-fields";
import type { InstalledModel, LoadedModel, ModelBackup, RunnerCommandLine, ServerFacts, Sourced } from "../fit/facts";
import type { RamUse } from "../fit/ram";
import { SERVER_ORIGINS, type ServerIdentity, type ServerOrigin } from "../fit/server-origin";
import { isObject } from "../memory/json-object";
import { isRequests } from "./mlx-requests";
import type { Settings } from "./preferences";
import type { Snapshot } from "./snapshot";

/** Changes with any change of {@link Snapshot}: what an earlier version of the extension stored is then read again. */
const FORMAT = 4;

let cache: Cache | undefined;

function store(): Cache {
  cache ??= new Cache({ namespace: "snapshot" });
  return cache;
}

const keyOf = ({ host }: Settings): string => host;

/** The last snapshot of this host, for the first picture; undefined where there's none or it isn't whole. Never throws. */
export function storedSnapshot(settings: Settings): Snapshot | undefined {
  try {
    const kept: unknown = JSON.parse(store().get(keyOf(settings)) ?? "null");
    const { format, snapshot } = Object(kept) as { readonly format?: unknown; readonly snapshot?: unknown };
    return format === FORMAT && isSnapshot(snapshot) ? snapshot : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a snapshot for the next opening. Where that fails, the next opening waits a little longer: nothing else is lost. */
export function storeSnapshot(settings: Settings, snapshot: Snapshot): void {
  try {
    store().set(keyOf(settings), JSON.stringify({ format: FORMAT, snapshot }));
  } catch {
    // A full disk, for example.
  }
}

const isSize = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isTextOrAbsent = (value: unknown): boolean => value === undefined || isText(value);
const isSizeOrAbsent = (value: unknown): boolean => value === undefined || isSize(value);
const isList = (value: unknown, check: (element: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(check);

const FLASH = { auto: true, on: true, off: true } as const;

/** Whether a stored value has all that a screen reads of a snapshot. */
export function isSnapshot(value: unknown): value is Snapshot {
  if (!isObject(value)) return false;
  const { machine, limit, advice, ram, gpuAllocatedBytes, url, isLocal, state, server, models, loaded, requests } =
    value;
  return (
    isMachine(machine) &&
    isLimit(limit) &&
    (advice === undefined || isAdvice(advice)) &&
    isAbsentOr(isRam)(ram) &&
    isSizeOrAbsent(gpuAllocatedBytes) &&
    isTextOrAbsent(url) &&
    typeof isLocal === "boolean" &&
    isObject(state) &&
    isText(state["kind"]) &&
    Object.values(state).every(isText) &&
    isServer(server) &&
    isList(models, isModel) &&
    isList(loaded, isLoaded) &&
    isAbsentOr(isListOf(isRequests))(requests)
  );
}

function isMachine(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (value["kind"] !== "apple-silicon") return isText(value["kind"]) && isText(value["reason"]);
  const { chip, ramBytes, macos, overrideMib, lowWaterMib, bootSession, metal, listedDeviceBytes } = value;
  return (
    isTextOrAbsent(chip) &&
    isSize(ramBytes) &&
    (macos === undefined || (isObject(macos) && isSize(macos["major"]) && isText(macos["text"]))) &&
    isSizeOrAbsent(overrideMib) &&
    isSizeOrAbsent(lowWaterMib) &&
    isTextOrAbsent(bootSession) &&
    (metal === undefined ||
      (isObject(metal) && isSize(metal["workingSetBytes"]) && isSizeOrAbsent(metal["maxBufferBytes"]))) &&
    isSizeOrAbsent(listedDeviceBytes)
  );
}

function isLimit(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (value["kind"] === "unknown") return isText(value["reason"]);
  const { kind, bytes, source, sourceText, estimated, disagreement, excess } = value;
  return (
    kind === "known" &&
    isSize(bytes) &&
    isText(source) &&
    isText(sourceText) &&
    typeof estimated === "boolean" &&
    isTextOrAbsent(disagreement) &&
    (excess === undefined || (isObject(excess) && isSize(excess["inForceBytes"]) && isText(excess["warning"])))
  );
}

const isRam = isShape<RamUse>({ ramBytes: isSize, reserveBytes: isSize, othersBytes: isAbsentOr(isSize) });

function isAdvice(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { ramMib, defaultMib, defaultEstimated, reserveBytes, refusedReserveBytes, recommendedMib, highestMib } = value;
  return (
    [ramMib, defaultMib, reserveBytes, highestMib].every(isSize) &&
    typeof defaultEstimated === "boolean" &&
    isSizeOrAbsent(refusedReserveBytes) &&
    isSizeOrAbsent(recommendedMib)
  );
}

const sourced = <T>(check: Check<T>) =>
  isAbsentOr(isShape<Sourced<T>>({ value: check, source: isText, likely: isAbsentOr(isFlag) }));

type IdentityOf<K extends ServerOrigin> = Omit<Extract<ServerIdentity, { readonly kind: K }>, "kind">;

const launchd = { pid: isWhole, label: isText, domain: isOneOf({ session: true, system: true }) } as const;

/** The fields of each kind of server; a kind or a field that's forgotten is a type error. */
const IDENTITIES: { readonly [K in ServerOrigin]: Fields<IdentityOf<K>> } = {
  app: { pid: isWhole, appPid: isWhole, appPath: isText },
  homebrew: launchd,
  agent: launchd,
  terminal: { pid: isWhole, program: isAbsentOr(isText) },
  program: { pid: isWhole, program: isAbsentOr(isText) },
  elsewhere: { pid: isWhole, carrier: isOneOf({ container: true, tunnel: true, other: true }), program: isText },
  remote: {},
  several: { pids: isListOf(isWhole) },
  unknown: { reason: isText },
};

function isIdentity(value: unknown): value is ServerIdentity {
  const { kind, ...fields } = Object(value) as { readonly kind?: unknown };
  return isOneOf(SERVER_ORIGINS)(kind) && isShape(IDENTITIES[kind] as Fields<object>)(fields);
}

const isCommandLine = isShape<RunnerCommandLine>({
  pid: isWhole,
  modelPath: isAbsentOr(isText),
  totalContext: isAbsentOr(isWhole),
  parallel: isAbsentOr(isWhole),
  kvCacheType: isAbsentOr(isText),
  flashAttention: isAbsentOr(isOneOf(FLASH)),
  batch: isAbsentOr(isWhole),
  gpuLayers: isAbsentOr(isWhole),
});

/** A field that's forgotten here is a type error. */
const isServer = isShape<ServerFacts>({
  version: isAbsentOr(isText),
  identity: isIdentity,
  contextLength: sourced(isWhole),
  kvCacheType: sourced(isText),
  parallel: sourced(isWhole),
  flashAttention: sourced(isOneOf(FLASH)),
  gpuOverheadBytes: sourced(isWhole),
  fit: sourced(isOneOf({ on: true, off: true })),
  fitTargetMib: sourced(isWhole),
  promptCacheMib: sourced(isWhole),
  maxLoadedModels: sourced(isWhole),
  modelsFolder: sourced(isText),
  gpu: sourced(isOneOf({ metal: true, none: true })),
  startupTotalBytes: sourced(isSize),
  tierNumCtx: sourced(isWhole),
  runners: isListOf(isCommandLine),
  converting: isAbsentOr(isListOf(isText)),
});

const isBackup = isShape<ModelBackup>({ digest: isText, sizeBytes: isAbsentOr(isWhole), blob: isAbsentOr(isText) });

function isModel(value: unknown): boolean {
  if (!isObject(value)) return false;
  const model = value as { readonly [K in keyof InstalledModel]?: unknown };
  return (
    [model.name, model.digest, model.format].every(isText) &&
    isSize(model.sizeBytes) &&
    isList(model.families, isText) &&
    isList(model.capabilities, isText) &&
    typeof model.cloud === "boolean" &&
    [model.modifiedAt, model.family, model.parameterSize, model.quantization, model.parentModel].every(
      isTextOrAbsent,
    ) &&
    isSizeOrAbsent(model.trainedContext) &&
    isAbsentOr(isRunner)(model.runner) &&
    isAbsentOr(isFlag)(model.sharesName) &&
    isAbsentOr(isBackup)(model.backup)
  );
}

function isLoaded(value: unknown): boolean {
  if (!isObject(value)) return false;
  const model = value as { readonly [K in keyof LoadedModel]?: unknown };
  return (
    [model.name, model.digest].every(isText) &&
    [model.sizeBytes, model.vramBytes].every(isSize) &&
    isSizeOrAbsent(model.contextLength) &&
    isTextOrAbsent(model.expiresAt) &&
    isAbsentOr(isRunner)(model.runner)
  );
}
