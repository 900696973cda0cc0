import { LIMIT_KEY } from "./commands";
import type { AppleSiliconMac, InstalledModel, LoadedModel, Machine, MacosVersion } from "./facts";
import { containerText, placeText, type ServerIdentity } from "./server-origin";
import { formatBytes, formatMib, GIB, MIB, readAmount } from "./units";
import { compareVersions, parseVersion } from "./version";

const METAL_PAGE = 16_384;

/** What macOS and the apps should keep, by RAM in GiB; between two rows the higher one counts. */
const RESERVES: readonly (readonly [upToGib: number, reserveGib: number])[] = [
  [18, 4],
  [24, 5],
  [36, 6],
  [64, 8],
  [128, 12],
  [256, 16],
  [Infinity, 24],
];

/** A limit that's higher by less isn't worth a password: no model of use needs just that. */
const LEAST_RAISE_MIB = 512;

/** Whether a limit in MiB is enough higher than one in bytes to be recommended. */
export function isWorthRaising(mib: number, limitBytes: number): boolean {
  return mib * MIB - limitBytes >= LEAST_RAISE_MIB * MIB;
}

/** Leaving less than this needs a second yes. */
const SECOND_YES_BELOW = 4 * GIB;
/** Leaving less than this is refused. */
export const REFUSED_BELOW = 2 * GIB;

/** Bytes that a recommended limit leaves for macOS on a Mac with `ramBytes`. */
export function recommendedReserve(ramBytes: number): number {
  const row = RESERVES.find(([upToGib]) => ramBytes <= upToGib * GIB);
  return (row?.[1] ?? 24) * GIB;
}

/**
 * macOS's own limit by formula, a labelled last resort where Metal cannot be asked (from readings of macOS 26/27
 * and of 15 and older). Sizes that were never read take the share of the next smaller Mac.
 */
export function defaultLimitByFormula(ramBytes: number, macos?: MacosVersion): number {
  const ramGib = ramBytes / GIB;
  if (macos !== undefined && macos.major <= 15) {
    const share = ramGib < 36 ? ramBytes * (2 / 3) : ramBytes * 0.75;
    return Math.floor(ramGib >= 192 ? Math.max(share, ramBytes - 48 * GIB) : share);
  }
  if (ramGib >= 512) return 464 * GIB;
  const share =
    ramGib >= 256
      ? 0.87
      : ramGib >= 128
        ? 0.84
        : ramGib >= 64
          ? 0.81
          : ramGib >= 32
            ? 0.78
            : ramGib >= 16
              ? 0.74
              : 2 / 3;
  return Math.ceil((ramBytes * share) / METAL_PAGE) * METAL_PAGE;
}

/** The limit that the GPU works under, and how it is known. */
export interface GpuLimit {
  readonly kind: "known";
  /** What verdicts rest on: the limit in force, but never more than is safe. */
  readonly bytes: number;
  /** Set where more is in force than is safe. */
  readonly excess?: LimitExcess;
  readonly source: "override" | "metal" | "listed-device" | "server-log" | "formula" | "stated" | "loaded";
  /** For people, beside {@link limitText}: "set with iogpu.wired_limit_mb". */
  readonly sourceText: string;
  /** Not read but worked out: nothing that rests on it is better than Tight. */
  readonly estimated: boolean;
  /** It may be higher: what is above it isn't known not to fit. */
  readonly isLeast?: boolean;
  /** Two sources contradict each other: which, and what each says. */
  readonly disagreement?: string;
}

/** A limit above the highest safe one: macOS and Metal accept it. */
export interface LimitExcess {
  readonly inForceBytes: number;
  /** What it risks and what verdicts rest on instead, in sentences. */
  readonly warning: string;
}

/** Bytes of the limit in force, safe or not: what Ollama and Metal go by. */
export function inForceBytes({ bytes, excess }: GpuLimit): number {
  return excess?.inForceBytes ?? bytes;
}

/** "51.8 GiB", "at least 50.3 GiB" where it may be higher; of the limit that verdicts rest on, unless other bytes are given. */
export function limitText(limit: GpuLimit, bytes = limit.bytes): string {
  return `${limit.isLeast ? "at least " : ""}${formatBytes(bytes)}`;
}

export interface UnknownGpuLimit {
  readonly kind: "unknown";
  readonly reason: string;
}

/**
 * The limit in force: the override when it is above 0, else Metal's figure, else what llama-server lists, else what the
 * server logged at its start, else the formula (labelled). `serverStartupBytes` is the total from Ollama's log.
 */
export function limitInForce(machine: Machine, serverStartupBytes?: number): GpuLimit | UnknownGpuLimit {
  if (machine.kind !== "apple-silicon") return { kind: "unknown", reason: machine.reason };
  return atMostSafe(readLimit(machine, serverStartupBytes), machine);
}

/** The highest limit that leaves macOS enough to work with: its own default, or all but 4 GiB where that is more. */
function highestSafeBytes(mac: AppleSiliconMac): number {
  return Math.max(mac.ramBytes - SECOND_YES_BELOW, defaultLimit(mac).bytes);
}

/** Metal reports whatever is set, even all of the RAM, and a Mac freezes long before a model fills that. */
function atMostSafe(limit: GpuLimit, mac: AppleSiliconMac): GpuLimit {
  const safe = highestSafeBytes(mac);
  // The default is worked out from another figure of Metal's, so a byte more is no excess.
  if (limit.bytes <= safe + MIB) return limit;
  const left = mac.ramBytes - limit.bytes;
  const warning = `${formatMib(Math.floor(limit.bytes / MIB))} is in force, which leaves ${left > 0 ? `only ${formatBytes(left)}` : "nothing"} of this Mac's ${formatBytes(mac.ramBytes)} for macOS: it may freeze or restart. Verdicts rest on ${formatBytes(safe)}, the highest safe limit.`;
  return {
    ...limit,
    bytes: safe,
    sourceText: `the highest safe one, since ${formatBytes(limit.bytes)} is in force`,
    excess: { inForceBytes: limit.bytes, warning },
  };
}

function readLimit(machine: AppleSiliconMac, serverStartupBytes: number | undefined): GpuLimit {
  const metalBytes = machine.metal?.workingSetBytes;
  if (machine.overrideMib !== undefined && machine.overrideMib > 0) {
    const bytes = machine.overrideMib * MIB;
    return {
      kind: "known",
      bytes,
      source: "override",
      sourceText: `set with ${LIMIT_KEY}`,
      estimated: false,
      disagreement:
        metalBytes !== undefined && Math.abs(metalBytes - bytes) > MIB
          ? `${LIMIT_KEY} says ${formatBytes(bytes, 2)}, Metal says ${formatBytes(metalBytes, 2)}.`
          : undefined,
    };
  }
  // Without the sysctl the override may or may not be there; Metal's figure includes it either way.
  if (metalBytes !== undefined) {
    return { kind: "known", bytes: metalBytes, source: "metal", sourceText: "read from Metal", estimated: false };
  }
  if (machine.listedDeviceBytes !== undefined) {
    return {
      kind: "known",
      bytes: machine.listedDeviceBytes,
      source: "listed-device",
      sourceText: "listed by Ollama's llama-server",
      estimated: false,
    };
  }
  if (serverStartupBytes !== undefined) {
    return {
      kind: "known",
      bytes: serverStartupBytes,
      source: "server-log",
      sourceText: "what Ollama logged when it started (one decimal)",
      estimated: true,
    };
  }
  return {
    kind: "known",
    bytes: defaultLimitByFormula(machine.ramBytes, machine.macos),
    source: "formula",
    sourceText: `estimated for ${machine.macos ? `macOS ${machine.macos.major}` : "a current macOS"}: ${whyEstimated(machine)}`,
    estimated: true,
  };
}

/** The limit once it is set to so many bytes; `estimated` where it's a default of macOS that couldn't be read. */
export function limitOnceSet(bytes: number, estimated = false): GpuLimit {
  return { kind: "known", bytes, source: "override", sourceText: "once it is set", estimated };
}

/** What couldn't be read, where the formula has to replace it. */
function whyEstimated({ overrideMib }: AppleSiliconMac): string {
  return overrideMib === undefined ? "neither sysctl nor Metal could be read" : "Metal couldn't be asked";
}

/** Title of the preference that states the limit of another machine. */
export const REMOTE_PREFERENCE = "GPU Limit of the Remote Mac";

/** What helps where a limit is only known to be at least something. */
export const STATE_LIMIT = `If it's higher, state it in the preferences (${REMOTE_PREFERENCE}).`;

/** Why it isn't known whether a need of so many bytes fits such a limit, as sentences. */
export function leastLimitText(need: number, limit: GpuLimit): string {
  return `It needs ${formatBytes(need)}, and the limit there is only known to be ${limitText(limit)}, ${limit.sourceText}. ${STATE_LIMIT}`;
}

/**
 * The limit of another machine: what its owner states in the preferences, else what the largest model that's whole on
 * its GPU shows at the least, else unknown. A container has no GPU.
 */
export function remoteLimit(
  identity: ServerIdentity = { kind: "remote" },
  statedBytes?: number,
  shown: ShownLoads = { loaded: [], models: [] },
): GpuLimit | UnknownGpuLimit {
  if (identity.kind === "elsewhere" && identity.carrier === "container") {
    return { kind: "unknown", reason: containerText(identity.program) };
  }
  if (statedBytes !== undefined) {
    return {
      kind: "known",
      bytes: statedBytes,
      source: "stated",
      sourceText: "stated in the preferences",
      estimated: false,
    };
  }
  return (
    leastLimit(shown) ?? {
      kind: "unknown",
      reason: `${placeText(identity)} Its limit isn't stated in the preferences (${REMOTE_PREFERENCE}).`,
    }
  );
}

/** What another machine shows of what it has loaded. */
export interface ShownLoads {
  readonly loaded: readonly LoadedModel[];
  readonly models: readonly InstalledModel[];
  readonly version?: string;
}

/** From 0.30 on llama.cpp keeps this much free beside a model that's whole on the GPU. */
const KEPT_FREE = GIB;

/**
 * What a loaded model shows of the limit: at least its size, and what is kept free beside it. An MLX model shows nothing,
 * as it isn't kept below the limit.
 */
function leastLimit({ loaded, models, version: text }: ShownLoads): GpuLimit | undefined {
  const isGguf = ({ digest }: LoadedModel) => models.some((one) => one.digest === digest && one.format === "gguf");
  const whole = loaded.filter((one) => one.sizeBytes > 0 && one.vramBytes >= one.sizeBytes && isGguf(one));
  const [largest] = whole.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  if (largest === undefined) return undefined;
  const version = parseVersion(text);
  const keeps = version !== undefined && compareVersions(version, [0, 30, 0]) >= 0;
  const bytes = largest.sizeBytes + (keeps ? KEPT_FREE : 0);
  return {
    kind: "known",
    bytes,
    source: "loaded",
    sourceText: `as ${largest.name} is whole on the GPU there`,
    estimated: false,
    isLeast: true,
  };
}

/** macOS's default limit, also while an override is set: maxBufferLength is 0.75 × the default whatever the override. */
export function defaultLimit(mac: AppleSiliconMac): { readonly bytes: number; readonly estimated: boolean } {
  if (mac.overrideMib === 0 && mac.metal) return { bytes: mac.metal.workingSetBytes, estimated: false };
  if (mac.metal?.maxBufferBytes !== undefined) return { bytes: mac.metal.maxBufferBytes / 0.75, estimated: false };
  return { bytes: defaultLimitByFormula(mac.ramBytes, mac.macos), estimated: true };
}

/** What can be set on this Mac, in whole MiB. */
export interface LimitAdvice {
  readonly ramMib: number;
  readonly defaultMib: number;
  readonly defaultEstimated: boolean;
  readonly reserveBytes: number;
  /** The person's own reserve, where it's less than macOS needs, or all there is, and the reserve here is kept instead. */
  readonly refusedReserveBytes?: number;
  /** RAM minus the reserve; absent where macOS's default already gives as much, or nearly. */
  readonly recommendedMib?: number;
  /** Highest value that needs no second yes (4 GiB left, or the default where that is more). */
  readonly highestMib: number;
}

/**
 * What to recommend on this Mac. `reserveBytes` is the person's own reserve, if they set one; less than what needs no
 * second yes isn't recommended, whoever asks for it, and one that leaves models nothing was meant otherwise.
 */
export function adviseLimit(mac: AppleSiliconMac, reserveBytes?: number): LimitAdvice {
  const standard = defaultLimit(mac);
  const ramMib = Math.floor(mac.ramBytes / MIB);
  const defaultMib = Math.floor(standard.bytes / MIB);
  const isUsable = reserveBytes !== undefined && reserveBytes < mac.ramBytes;
  const reserve = Math.max(isUsable ? reserveBytes : recommendedReserve(mac.ramBytes), SECOND_YES_BELOW);
  const recommendedMib = Math.floor((mac.ramBytes - reserve) / MIB);
  return {
    ramMib,
    defaultMib,
    defaultEstimated: standard.estimated,
    reserveBytes: reserve,
    refusedReserveBytes: reserveBytes === reserve ? undefined : reserveBytes,
    recommendedMib: isWorthRaising(recommendedMib, standard.bytes) ? recommendedMib : undefined,
    highestMib: Math.floor(highestSafeBytes(mac) / MIB),
  };
}

/** The value to set for a limit in MiB: macOS's own default is given back to it, so that nothing is left set. */
export function settingFor(mib: number, advice?: Pick<LimitAdvice, "defaultMib" | "defaultEstimated">): number {
  return mib === readDefaultMib(advice) ? 0 : mib;
}

/** macOS's default in MiB where it was read: one by formula may be another than macOS goes back to. */
export function readDefaultMib(advice?: Pick<LimitAdvice, "defaultMib" | "defaultEstimated">): number | undefined {
  return advice?.defaultEstimated === false ? advice.defaultMib : undefined;
}

/** Whether a limit may be set, and what a person must hear first. */
export type LimitCheck =
  | { readonly kind: "default" }
  | { readonly kind: "fine"; readonly mib: number }
  | ({ readonly kind: "warning" | "second-yes"; readonly mib: number } & LimitWarning)
  | { readonly kind: "refused"; readonly reason: string };

/** What a limit risks: in sentences, and as the end of one, for where there's little room. */
interface LimitWarning {
  readonly warning: string;
  readonly inShort: string;
}

/** Judges a limit in MiB on a Mac with `ramBytes`; 0 gives the limit back to macOS. */
export function checkLimit(
  mib: number,
  ramBytes: number,
  advice: Pick<LimitAdvice, "reserveBytes" | "defaultMib">,
): LimitCheck {
  if (!Number.isSafeInteger(mib) || mib < 0)
    return { kind: "refused", reason: "The limit must be a whole number of MiB." };
  if (mib === 0) return { kind: "default" };
  const left = ramBytes - mib * MIB;
  if (left < 0) {
    return { kind: "refused", reason: `${formatMib(mib)} is more than this Mac has (${formatBytes(ramBytes)}).` };
  }
  if (left < REFUSED_BELOW) {
    return {
      kind: "refused",
      reason: `That leaves ${formatBytes(left)} for macOS. Below ${formatBytes(REFUSED_BELOW)} the Mac may freeze, so it isn't set.`,
    };
  }
  if (left < SECOND_YES_BELOW) {
    return {
      kind: "second-yes",
      mib,
      warning: `That leaves only ${formatBytes(left)} for macOS and your apps. Macs with so little left have frozen, swapped heavily or restarted.`,
      inShort: "it leaves macOS so little that Macs have frozen",
    };
  }
  if (mib < Math.min(1024, advice.defaultMib)) {
    return {
      kind: "refused",
      reason: `${formatMib(mib)} is too little for any model. 0 gives the limit back to macOS.`,
    };
  }
  // macOS's own default is never something to be warned of.
  if (left < advice.reserveBytes && mib > advice.defaultMib) {
    return {
      kind: "warning",
      mib,
      warning: `That leaves ${formatBytes(left)} for macOS and your apps, less than the ${formatBytes(advice.reserveBytes)} advised for this Mac.`,
      inShort: `it leaves macOS less than the ${formatBytes(advice.reserveBytes)} advised`,
    };
  }
  if (mib < advice.defaultMib) {
    return {
      kind: "warning",
      mib,
      warning: `This is less than macOS allows by default, ${formatMib(advice.defaultMib)}: models get less memory, not more.`,
      inShort: `it's less than macOS's own ${formatBytes(advice.defaultMib * MIB)}`,
    };
  }
  return { kind: "fine", mib };
}

/** Parses a limit that a person typed, in MiB; of GiB it's the nearest. Undefined where it's no amount, and for a part of a MiB. */
export function parseLimit(text: string): number | undefined {
  const { amount = Number.NaN, unit } = readAmount(text) ?? {};
  const mib = unit === "GiB" ? Math.round(amount * 1024) : amount;
  return Number.isSafeInteger(mib) ? mib : undefined;
}
