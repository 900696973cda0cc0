const LONGEST_TAG = 80;
const PART = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}";
const NAME = new RegExp(
  `^(?:(?:(?<host>[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349})/)?(?<namespace>[A-Za-z0-9_][A-Za-z0-9_-]{0,79})/)?(?<model>${PART})(?::(?<tag>${PART}))?$`,
);

export interface ModelName {
  readonly host: string;
  readonly namespace: string;
  readonly model: string;
  readonly tag: string;
}

/** A model name in its parts with Ollama's defaults; undefined where Ollama would refuse it (types/model/name.go). */
export function parseModelName(text: string): ModelName | undefined {
  const parts = NAME.exec(text)?.groups;
  if (parts?.["model"] === undefined) return undefined;
  return {
    host: parts["host"] ?? "registry.ollama.ai",
    namespace: parts["namespace"] ?? "library",
    model: parts["model"],
    tag: parts["tag"] ?? "latest",
  };
}

/** Whether a name may be given to a new model: valid, and no tag that Ollama reads as a place. */
export function isUsableName(text: string): boolean {
  const name = parseModelName(text);
  return name !== undefined && !/^(?:local|cloud)$|-cloud$/i.test(name.tag);
}

/** Why Ollama doesn't accept a name; undefined where it does. */
export function nameFault(text: string): string | undefined {
  return isUsableName(text) ? undefined : `Ollama doesn't accept this name: ${faultOf(text)}`;
}

function faultOf(text: string): string {
  if (text.trim() === "") return "it's empty";
  if (/\s/.test(text)) return "no spaces";
  if (/:(?:local|cloud)$|-cloud$/i.test(text)) return "it keeps local and cloud for itself";
  const odd = /[^A-Za-z0-9_.:/-]/.exec(text)?.[0];
  if (odd !== undefined) return `no ${odd}`;
  const parts = text.split(/[/:]/);
  if (parts.some((part) => part === "")) return "a part is empty";
  if (parts.some((part) => part.length > 80)) return "a part has more than 80 characters";
  if (parts.some((part) => /^[.-]/.test(part))) return "a part begins with a dot or dash";
  return "it's model:tag";
}

/**
 * The same text for every spelling of one model: Ollama compares without case and fills in the defaults. A text that's
 * no name to Ollama stands for itself.
 */
export function modelKey(text: string): string {
  const name = parseModelName(text);
  return name === undefined ? text : `${name.host}/${name.namespace}/${name.model}:${name.tag}`.toLowerCase();
}

/** Whether both spellings name one model. */
export function sameModel(a: string, b: string): boolean {
  return modelKey(a) === modelKey(b);
}

/**
 * Suggested name of a capped variant: `qwen3-coder-next:q4_K_M` at 8192 → `qwen3-coder-next:q4_K_M-8k`. A variant of a
 * variant says its own context only, and a tag that would become too long loses its end. From the second on, it's numbered.
 */
export function variantName(source: string, numCtx: number, count = 1): string {
  const context = `-${numCtx % 1024 === 0 ? `${numCtx / 1024}k` : numCtx}`;
  const suffix = count === 1 ? context : `${context}-${count}`;
  const [, base = source, tag = "latest"] = /^(.*):([^/:]*)$/.exec(source) ?? [];
  return `${base}:${tag.replace(/-\d+k(?:-\d+)?$/, "").slice(0, LONGEST_TAG - suffix.length)}${suffix}`;
}

const LISTED = new Intl.ListFormat("en", { style: "long", type: "conjunction" });

/** Names for a sentence, "a, b, and c": all of them, where what's left out would be agreed to unseen. */
export function listAllNames(names: readonly string[]): string {
  return LISTED.format(names);
}

/** Names for a sentence, "a, b, and c": the first four, and how many more there are. */
export function listNames(names: readonly string[]): string {
  return listAllNames([...names.slice(0, 4), ...(names.length > 4 ? [`${names.length - 4} more`] : [])]);
}
