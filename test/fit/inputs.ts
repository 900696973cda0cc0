import type {
  DescriptionResult,
  InstalledModel,
  ModelDescription,
  PublishedBuild,
  ServerFacts,
  Sourced,
} from "../../src/fit/facts";
import { adviseLimit, defaultLimitByFormula, type GpuLimit, limitInForce } from "../../src/fit/limit-policy";
import type { PlanInput } from "../../src/fit/plan/plan-input";
import { usedByOthers } from "../../src/fit/ram";
import { GIB, MIB } from "../../src/fit/units";
import type { JudgeInput, Verdict, VerdictOf } from "../../src/fit/verdict";
import type { ServerIdentity } from "../../src/fit/server-origin";
import type { MetadataValue, ModelMetadata } from "../../src/memory/metadata";
import { type OracleModel, readOracle } from "../memory/oracle";

/** The models whose memory was measured. */
export const oracle = readOracle();

export function measured(name: string): OracleModel {
  const found = oracle.find((model) => model.name === name);
  if (found === undefined) throw new Error(`There is no ${name}.`);
  return found;
}

export const logged = <T>(value: T): Sourced<T> => ({ value, source: "server log" });

/** Metadata with these keys changed; undefined takes one away. */
export function withKeys(metadata: ModelMetadata, changes: Record<string, MetadataValue | undefined>): ModelMetadata {
  const values = new Map(metadata.values);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) values.delete(key);
    else values.set(key, value);
  }
  return { ...metadata, values };
}

export function installed(from: OracleModel, changes: Partial<InstalledModel> = {}): InstalledModel {
  return {
    name: `${from.name}:latest`,
    digest: `digest of ${from.name}`,
    sizeBytes: from.weights,
    format: "gguf",
    family: String(from.header.values.get("general.architecture")),
    families: [],
    capabilities: [],
    cloud: false,
    ...changes,
  };
}

export function described(metadata: ModelMetadata, changes: Partial<ModelDescription> = {}): ModelDescription {
  return {
    metadata,
    metadataSource: "header",
    parameters: { unreadable: [] },
    capabilities: ["completion"],
    projectors: [],
    adapters: [],
    drafts: [],
    ...changes,
  };
}

/** A build that a registry has, with as much read of it as is given. */
export function published(
  name: string,
  weightBytes: number,
  description?: DescriptionResult,
  changes: Partial<InstalledModel> = {},
): { readonly kind: "published" } & PublishedBuild {
  const downloadBytes = weightBytes + 500;
  const model = {
    name,
    digest: `digest of ${name}`,
    sizeBytes: downloadBytes,
    format: "gguf",
    families: [],
    capabilities: ["completion"],
    cloud: false,
    ...changes,
  } as const;
  return { kind: "published", name, weightBytes, downloadBytes, model, description };
}

/** The server of Ollama.app. */
export const APP_SERVER: ServerIdentity = {
  kind: "app",
  pid: 655,
  appPid: 640,
  appPath: "/Applications/Ollama.app",
};

/** A server of which every setting was read, at its default. */
export const SERVER: ServerFacts = {
  version: "0.33.0",
  identity: APP_SERVER,
  contextLength: logged(0),
  kvCacheType: logged(""),
  parallel: logged(1),
  flashAttention: logged("auto"),
  startupTotalBytes: logged(51.8 * GIB),
  runners: [],
};

/** A verdict on a model that llama.cpp runs. @throws where nothing is known, or MLX runs it */
export function llama(verdict: Verdict): VerdictOf<"llama"> {
  if (verdict.kind === "unknown") throw new Error(verdict.reason);
  if (verdict.engine === "mlx") throw new Error("MLX runs it.");
  return verdict;
}

/** What is known of a GGUF model. @throws where nothing is */
export function gguf(description: DescriptionResult): ModelDescription {
  if ("kind" in description) throw new Error(description.kind === "mlx" ? "MLX runs it." : description.reason);
  return description;
}

export function limitOf(bytes: number, changes: Partial<GpuLimit> = {}): GpuLimit {
  return { kind: "known", bytes, source: "metal", sourceText: "from Metal", estimated: false, ...changes };
}

/** A measured model under a limit, on {@link SERVER}, at the context that Ollama would use. */
export function inputFor(from: OracleModel, limitBytes: number, changes: Partial<JudgeInput> = {}): JudgeInput {
  return {
    model: installed(from),
    description: described(from.header),
    server: SERVER,
    limit: limitOf(limitBytes),
    loaded: [],
    options: { context: "effective" },
    ...changes,
  };
}

/** What the plan takes for a measured model on a Mac of this size at macOS's default limit, with an Ollama 0.33. */
export function planFor(
  name: string,
  ramGib: number,
  major: number,
  extra: Partial<JudgeInput> = {},
  quantization = "Q4_K_M",
): PlanInput {
  const found = measured(name);
  const ramBytes = ramGib * GIB;
  const macos = { major, text: `${major}.0` };
  const mac = {
    kind: "apple-silicon",
    ramBytes,
    macos,
    overrideMib: 0,
    metal: { workingSetBytes: defaultLimitByFormula(ramBytes, macos) },
  } as const;
  const advice = adviseLimit(mac);
  return {
    advice,
    canCap: true,
    variantName: (source, numCtx) => `${source}-${numCtx / 1024}k`,
    input: {
      model: installed(found, { quantization, capabilities: ["completion"] }),
      description: described(found.header),
      server: { identity: APP_SERVER, version: "0.33.0", runners: [] },
      limit: limitInForce(mac),
      highestLimitMib: advice.highestMib,
      loaded: [],
      options: { context: "effective" },
      ...extra,
    },
  };
}

/** The same plan on a Mac that has so much of its RAM in use, its own loaded models included. */
export function withUsedRam(planned: PlanInput, usedBytes: number): PlanInput {
  const { input, advice } = planned;
  if (advice === undefined) throw new Error("A remote Mac tells nothing of its RAM.");
  const { ramMib, reserveBytes } = advice;
  const ram = { ramBytes: ramMib * MIB, reserveBytes, othersBytes: usedByOthers(usedBytes, input.loaded) };
  return { ...planned, input: { ...input, ram } };
}

/** The object without one of its optional fields. */
export function lacking<T extends object, K extends keyof T>(values: T, key: K): Omit<T, K> {
  const rest = { ...values };
  delete rest[key];
  return rest;
}
