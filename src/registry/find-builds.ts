import type { InstalledModel } from "../fit/facts";
import { parseModelName } from "../fit/model-name";
import { type FirstTag, firstTag } from "./first-tag";
import type { ExistingTag, TagOptions } from "./read-tag";
import { sideBySide } from "../memory/side-by-side";

export interface BuildSearch {
  readonly model: InstalledModel;
  /** `general.name` of the file's metadata, as publishers on Hugging Face call the model. */
  readonly publishedName?: string;
  /** Quantizations to look for, as llama.cpp writes them. */
  readonly quantizations: readonly string[];
}

const OLLAMA = "registry.ollama.ai";
/** A quantization at the end of a tag: "32b-q4_K_M", "8b-instruct-fp16". */
const QUANTIZATION = /(?:^|-)(?:i?q\d(?:_[a-z0-9]{1,4}){0,2}|fp16|bf16|f16|f32|mxfp4)$/i;

/**
 * Names under which a smaller build of a model could be published, likeliest first. None is known to exist: the library
 * has no list of tags, and since 2025 mostly publishes q4_K_M and q8_0 (ollama issues 9762, 14434).
 */
export function possibleBuilds(
  { model, publishedName }: Omit<BuildSearch, "quantizations">,
  quantization: string,
): readonly string[] {
  const parent = parseModelName(model.parentModel ?? "") === undefined ? model.name : (model.parentModel ?? model.name);
  const name = parseModelName(parent);
  if (name === undefined) return [];
  const { host, namespace, model: base, tag } = name;
  const place = host === OLLAMA ? (namespace === "library" ? "" : `${namespace}/`) : `${host}/${namespace}/`;
  const isHuggingFace = /^(?:hf\.co|huggingface\.co)$/i.test(host);
  const own = isHuggingFace
    ? huggingFaceTags(quantization)
    : host === OLLAMA && !quantization.startsWith("I")
      ? libraryTags(tag, model.parameterSize, quantization)
      : [];
  return [
    ...own.map((each) => `${place}${base}:${each}`),
    ...(isHuggingFace ? [] : unslothNames(publishedName, quantization)),
  ];
}

function libraryTags(tag: string, parameterSize: string | undefined, quantization: string): readonly string[] {
  // As the library spells them: q4_K_M.
  const spelled = quantization.replace(/^Q/, "q");
  const bare = tag.replace(/-\d+k$/, "").replace(QUANTIZATION, "");
  if (bare === "") return [spelled];
  const billions = /^(\d{1,4}(?:\.\d)?)B$/i.exec(parameterSize ?? "")?.[1];
  const stem = bare === "latest" ? billions && `${Math.round(Number(billions))}b` : bare;
  if (stem === undefined) return [spelled];
  return /-(?:instruct|chat|it)$/.test(stem)
    ? [`${stem}-${spelled}`]
    : [`${stem}-${spelled}`, `${stem}-instruct-${spelled}`];
}

function huggingFaceTags(quantization: string): readonly string[] {
  return /^IQ[1-3]/.test(quantization) ? [quantization, `UD-${quantization}`] : [quantization];
}

function unslothNames(publishedName: string | undefined, quantization: string): readonly string[] {
  const repository = publishedName?.trim().replace(/\s+/g, "-") ?? "";
  return /^[A-Za-z0-9][\w.-]{1,70}$/.test(repository)
    ? huggingFaceTags(quantization).map((tag) => `hf.co/unsloth/${repository}-GGUF:${tag}`)
    : [];
}

/**
 * Asks the registries which smaller builds of a model are published. Only names of the model go out. It never throws; an
 * answer that never came is "unchecked".
 */
export async function findSmallerBuilds(
  fetch: typeof globalThis.fetch,
  search: BuildSearch,
  options: TagOptions = {},
): Promise<ReadonlyMap<string, FirstTag>> {
  // A registry that answers with another build than asked for, or with one for MLX, has not got this one.
  const isSmaller = ({ format, weightBytes }: ExistingTag) => format === "gguf" && weightBytes < search.model.sizeBytes;
  const found = await sideBySide(search.quantizations, async (quantization) => {
    const tag = await firstTag(fetch, possibleBuilds(search, quantization), options, isSmaller);
    return [quantization, tag] as const;
  });
  return new Map(found);
}
