import {
  type Check,
  type Fields,
  isAbsentOr,
  isEither,
  isFlag,
  isListOf,
  isOneOf,
  isRunner,
  isShape,
  isSize,
  isText,
  isWhole,
  parseStored,
} from "../apply/stored-fields";
import type {
  AppleSiliconMac,
  InstalledModel,
  LoadedModel,
  MacosVersion,
  MetalReading,
  RunnerCommandLine,
  ServerFacts,
  Sourced,
  UnsupportedMachine,
} from "../fit/facts";
import type { GpuLimit, LimitAdvice, LimitExcess, UnknownGpuLimit } from "../fit/limit-policy";
import type { ModelFormat } from "../fit/model-runner";
import type { RamUse } from "../fit/ram";
import { SERVER_ORIGINS, type ServerIdentity, type ServerOrigin } from "../fit/server-origin";
import { isObject } from "../memory/json-object";
import { isBackup } from "./description-text";
import { isRequests } from "./mlx-requests";
import type { Settings } from "./preferences";
import type { ServerState, Snapshot } from "./snapshot";
import { textCache } from "./text-cache";

/** Changes with any change of {@link Snapshot}: what an earlier version of the extension stored is then read again. */
const FORMAT = 5;

const cache = textCache({ namespace: "snapshot" });

const keyOf = ({ host }: Settings): string => host;

/** The last snapshot of this host, for the first picture; undefined where there's none or it isn't whole. Never throws. */
export function storedSnapshot(settings: Settings): Snapshot | undefined {
  return parseStored(cache.get(keyOf(settings)), isStored)?.snapshot;
}

/** Keeps a snapshot for the next opening. Where that fails, the next opening waits a little longer. Never throws. */
export function storeSnapshot(settings: Settings, snapshot: Snapshot): void {
  cache.set(keyOf(settings), JSON.stringify({ format: FORMAT, snapshot }));
}

const FLASH = { auto: true, on: true, off: true } as const;

const isMac = isShape<AppleSiliconMac>({
  kind: isOneOf({ "apple-silicon": true }),
  chip: isAbsentOr(isText),
  ramBytes: isSize,
  macos: isAbsentOr(isShape<MacosVersion>({ major: isSize, text: isText })),
  overrideMib: isAbsentOr(isSize),
  lowWaterMib: isAbsentOr(isSize),
  bootSession: isAbsentOr(isText),
  metal: isAbsentOr(
    isShape<MetalReading>({ chip: isAbsentOr(isText), workingSetBytes: isSize, maxBufferBytes: isAbsentOr(isSize) }),
  ),
  listedDeviceBytes: isAbsentOr(isSize),
});

const isUnsupported = isShape<UnsupportedMachine>({
  kind: isOneOf<UnsupportedMachine["kind"]>({
    intel: true,
    "virtual-machine": true,
    "old-macos": true,
    "not-a-mac": true,
    unreadable: true,
  }),
  reason: isText,
});

const isKnownLimit = isShape<GpuLimit>({
  kind: isOneOf({ known: true }),
  bytes: isSize,
  excess: isAbsentOr(isShape<LimitExcess>({ inForceBytes: isSize, warning: isText })),
  source: isOneOf<GpuLimit["source"]>({
    override: true,
    metal: true,
    "listed-device": true,
    "server-log": true,
    formula: true,
    stated: true,
    loaded: true,
  }),
  sourceText: isText,
  estimated: isFlag,
  isLeast: isAbsentOr(isFlag),
  disagreement: isAbsentOr(isText),
});

const isUnknownLimit = isShape<UnknownGpuLimit>({ kind: isOneOf({ unknown: true }), reason: isText });

const isAdvice = isShape<LimitAdvice>({
  ramMib: isSize,
  defaultMib: isSize,
  defaultEstimated: isFlag,
  reserveBytes: isSize,
  refusedReserveBytes: isAbsentOr(isSize),
  recommendedMib: isAbsentOr(isSize),
  highestMib: isSize,
});

const isRam = isShape<RamUse>({ ramBytes: isSize, reserveBytes: isSize, othersBytes: isAbsentOr(isSize) });

/** States that hold more than texts, such as a folder that isn't there, are read again. */
const isState = (value: unknown): value is ServerState =>
  isObject(value) && isText(value["kind"]) && Object.values(value).every(isText);

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
  if (!isObject(value)) return false;
  const { kind, ...fields } = value;
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

const isModel = isShape<InstalledModel>({
  name: isText,
  digest: isText,
  sizeBytes: isSize,
  modifiedAt: isAbsentOr(isText),
  format: isOneOf<ModelFormat>({ gguf: true, safetensors: true, other: true }),
  runner: isAbsentOr(isRunner),
  sharesName: isAbsentOr(isFlag),
  backup: isAbsentOr(isBackup),
  family: isAbsentOr(isText),
  families: isListOf(isText),
  parameterSize: isAbsentOr(isText),
  quantization: isAbsentOr(isText),
  trainedContext: isAbsentOr(isSize),
  parentModel: isAbsentOr(isText),
  capabilities: isListOf(isText),
  cloud: isFlag,
});

const isLoaded = isShape<LoadedModel>({
  name: isText,
  digest: isText,
  runner: isAbsentOr(isRunner),
  sizeBytes: isSize,
  vramBytes: isSize,
  growth: isAbsentOr(
    isShape<NonNullable<LoadedModel["growth"]>>({ weightBytes: isSize, peakBytes: isSize, tokens: isSize }),
  ),
  countedBytes: isAbsentOr(isSize),
  contextLength: isAbsentOr(isSize),
  expiresAt: isAbsentOr(isText),
  sharesFile: isAbsentOr(isFlag),
});

/** Whether a stored value has all that a screen reads of a snapshot. */
export const isSnapshot = isShape<Snapshot>({
  machine: isEither(isMac, isUnsupported),
  limit: isEither(isKnownLimit, isUnknownLimit),
  advice: isAbsentOr(isAdvice),
  ram: isAbsentOr(isRam),
  gpuAllocatedBytes: isAbsentOr(isSize),
  url: isAbsentOr(isText),
  isLocal: isFlag,
  state: isState,
  server: isServer,
  models: isListOf(isModel),
  loaded: isListOf(isLoaded),
  requests: isAbsentOr(isListOf(isRequests)),
});

const isStored = isShape<{ readonly format: typeof FORMAT; readonly snapshot: Snapshot }>({
  format: (value) => value === FORMAT,
  snapshot: isSnapshot,
});
