import { shownName } from "../shown-name";
import { type MlxConfig, openConfig, UnknownMlxModel } from "./config";
import { elementBytes } from "./element-bytes";
import type { MlxFiles } from "./files";
import { draftLayers, hasDraftModel } from "./layers/draft-layers";
import { buildLayer, type LayerBuilder } from "./layers/layer";
import { layerKinds } from "./layers/layer-kinds";
import { DRAFTS_WITHOUT_CACHE, type MlxRule, MODEL_TYPES, NOT_COVERED, WRAPPERS } from "./registry";
import type { LayerShape, MlxShape } from "./shape";
import { checkTensors } from "./tensor-check";

/**
 * How a model lays out memory, by its config.json; the tensors say which layers draft, and must not contradict it.
 *
 * @throws UnknownMlxModel with the reason as a sentence
 */
export function readShape({ config: json, tensors, draftConfig }: MlxFiles): MlxShape {
  const { name, rule } = ruleOf(openConfig(json));
  if (hasDraftModel(tensors) && !DRAFTS_WITHOUT_CACHE.has(draftType(draftConfig))) {
    throw new UnknownMlxModel("It carries a draft model whose cache this version can't size.");
  }
  const config = openConfig(json, rule.defaults);
  const builder: LayerBuilder = { config, rule, elementBytes: elementBytes(tensors) };
  const kinds = layerKinds(config, rule.layers ?? [{ kind: "every", layer: "full" }]);
  const built = kinds.map((kind, index) => buildLayer(builder, kind, index));
  checkTensors(
    tensors,
    built.map(({ rows }) => rows),
  );
  return {
    modelType: name,
    layers: [
      ...withoutShared(
        config,
        rule,
        built.map(({ shape }) => shape),
      ),
      ...drafting(builder, tensors),
    ],
    elementBytes: builder.elementBytes,
    trainedContext: config.number("max_position_embeddings") ?? config.number("model_max_length"),
  };
}

/** The rule of a config's model_type; that of its language model where it only wraps one. */
function ruleOf({ modelType, textType }: MlxConfig): { readonly name: string; readonly rule: MlxRule } {
  const name = withoutText(modelType);
  const wrapper = WRAPPERS.get(name);
  const inner = textType === undefined ? undefined : withoutText(textType);
  const decides = wrapper === undefined ? name : inner === undefined || inner === name ? wrapper.wraps : inner;
  const rule = MODEL_TYPES.get(decides);
  if (rule !== undefined) {
    return { name: decides, rule: wrapper?.keepsEveryToken ? { ...rule, layers: undefined } : rule };
  }
  const why = NOT_COVERED.get(decides);
  throw new UnknownMlxModel(
    why === undefined
      ? `This version can't size MLX models of the type ${shownName(decides)}.`
      : `Its type, ${decides}, ${why}.`,
  );
}

/** Text models taken out of larger ones are called qwen3_5_text, gemma4_text … */
function withoutText(name: string): string {
  return MODEL_TYPES.has(name) ? name : name.replace(/_text$/, "");
}

function draftType(config: unknown): string {
  return config === undefined ? "" : openConfig(config).modelType;
}

/** The last layers of some models read what an earlier one keeps. */
function withoutShared(config: MlxConfig, rule: MlxRule, layers: readonly LayerShape[]): readonly LayerShape[] {
  const shared = rule.sharesLast ? (config.number("num_kv_shared_layers") ?? 0) : 0;
  return layers.map((layer, index) => (index < layers.length - shared ? layer : { ...layer, caches: [] }));
}

function drafting(builder: LayerBuilder, tensors: MlxFiles["tensors"]): readonly LayerShape[] {
  const { drafts } = builder.rule;
  const count = drafts === undefined ? 0 : draftLayers(tensors, drafts);
  return count === 0 ? [] : new Array<LayerShape>(count).fill(buildLayer(builder, "full", 0).shape);
}
