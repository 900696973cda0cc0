import type { MetadataValue, ModelMetadata } from "../metadata";

/** A model as llama.cpp comes to see it: names and keys of Ollama's own converter are translated. */
export interface ModelView {
  /** As llama.cpp calls it. */
  readonly architecture: string;
  /** Value of a key, named without the architecture's prefix. */
  readonly value: (key: string) => MetadataValue | undefined;
  readonly tensorShape: (name: string) => readonly number[] | undefined;
  readonly hasTensor: (test: (name: string) => boolean) => boolean;
}

type Changes = Readonly<Record<string, MetadataValue | undefined>>;

interface Translation {
  readonly architecture: string;
  /** Keys that the translation sets, computed from the file's own. */
  readonly changes?: (file: ModelView) => Changes;
}

/**
 * Translations that Ollama's llama.cpp applies to files of its former converter while it loads them, as far as they
 * change memory (ollama's llama/compat). By general.architecture of the file.
 */
const TRANSLATIONS: ReadonlyMap<string, (file: ModelView) => Translation | undefined> = new Map<
  string,
  (file: ModelView) => Translation | undefined
>([
  ["gptoss", () => ({ architecture: "gpt-oss", changes: expertWidth("blk.0.ffn_gate_exps.weight", 1) })],
  ["deepseekocr", () => ({ architecture: "deepseek2-ocr", changes: expertWidth("blk.1.ffn_down_exps.weight", 0) })],
  ["glm4moelite", () => ({ architecture: "deepseek2", changes: absorbedLatentSizes })],
  ["glmocr", () => ({ architecture: "glm4" })],
  ["olmo3", () => ({ architecture: "olmo2" })],
  ["qwen25vl", () => ({ architecture: "qwen2vl" })],
  ["nemotron_h_omni", (file) => ({ architecture: hasExperts(file) ? "nemotron_h_moe" : "nemotron_h" })],
  ["gemma3", (file) => (file.tensorShape("dense.0.weight") ? { architecture: "gemma-embedding" } : undefined)],
  ["qwen35", (file) => ({ architecture: "qwen35", changes: () => predictionLayers(file) })],
  ["qwen35moe", (file) => ({ architecture: "qwen35moe", changes: () => predictionLayers(file) })],
  ["lfm2", (file) => ({ architecture: "lfm2", changes: () => lfm2FeedForward(file) })],
]);

/** The view of a model's metadata that the rules of the registry are written for; undefined without an architecture. */
export function viewOf(metadata: ModelMetadata): ModelView | undefined {
  const named = metadata.values.get("general.architecture");
  if (typeof named !== "string" || named === "") return undefined;
  const shapes = new Map(metadata.tensors.map(({ name, shape }) => [name, shape]));
  const file: ModelView = {
    architecture: named,
    value: (key) => metadata.values.get(`${named}.${key}`),
    tensorShape: (name) => shapes.get(name),
    hasTensor: (test) => metadata.tensors.some(({ name }) => test(name)),
  };
  const translation = TRANSLATIONS.get(named)?.(file);
  if (translation === undefined) return file;
  const changes = new Map(Object.entries(translation.changes?.(file) ?? {}));
  return {
    ...file,
    architecture: translation.architecture,
    value: (key) => (changes.has(key) ? changes.get(key) : file.value(key)),
  };
}

function hasExperts({ value }: ModelView): boolean {
  return ["expert_count", "expert_used_count"].some((key) => value(key) !== undefined && value(key) !== 0);
}

/** The width of an expert, which these files leave to the tensors. */
function expertWidth(tensor: string, dimension: number): (file: ModelView) => Changes {
  return ({ value, tensorShape }) => {
    const width = tensorShape(tensor)?.[dimension];
    return value("expert_feed_forward_length") === undefined && width !== undefined
      ? { expert_feed_forward_length: width }
      : {};
  };
}

/** These files name the sizes of one head; the cache holds the latent vector and the rotary part, once for all heads. */
function absorbedLatentSizes({ value }: ModelView): Changes {
  const rank = value("attention.kv_lora_rank");
  const rotary = value("rope.dimension_count");
  const head = value("attention.key_length");
  return {
    "attention.head_count_kv": 1,
    "attention.key_length": typeof rank === "number" && typeof rotary === "number" ? rank + rotary : undefined,
    "attention.value_length": rank,
    "attention.key_length_mla": head,
    "attention.value_length_mla": head,
  };
}

/** Blocks that predict further tokens have names of their own here and come on top of the blocks. */
function predictionLayers({ value, hasTensor }: ModelView): Changes {
  const separate = hasTensor((name) => name.startsWith("mtp.")) && !hasTensor((name) => name.includes(".nextn."));
  const blocks = value("block_count");
  const predicting = value("nextn_predict_layers");
  if (!separate || typeof blocks !== "number" || typeof predicting !== "number") return {};
  const named = hasTensor((name) => name.startsWith(`blk.${blocks - 1}.`));
  return named ? { nextn_predict_layers: 0 } : {};
}

/** Some files claim another width than their tensors have. */
function lfm2FeedForward({ tensorShape }: ModelView): Changes {
  const converted = tensorShape("output_norm.weight") !== undefined && !tensorShape("token_embd_norm.weight");
  const width = tensorShape("blk.0.ffn_gate.weight")?.[1];
  return converted && width !== undefined ? { feed_forward_length: width } : {};
}
