const HOST = "registry.ollama.ai";
const NAMESPACE = "library";

export interface FullName {
  readonly host: string;
  readonly namespace: string;
  readonly model: string;
  readonly tag: string;
}

/** Takes a name apart from its end, as Ollama does, and fills in the defaults; it need not be valid. */
export function fullName(text: string): FullName {
  let rest = text;
  let tag = "latest";
  if (rest.lastIndexOf(":") > rest.lastIndexOf("/")) {
    tag = rest.slice(rest.lastIndexOf(":") + 1);
    rest = rest.slice(0, rest.lastIndexOf(":"));
  }
  const parts = rest.split("/");
  const model = parts.pop() ?? "";
  const namespace = parts.pop() ?? NAMESPACE;
  const host = parts.length > 0 ? parts.join("/").replace(/^[a-z]+:\/\//, "") : HOST;
  return { host, namespace, model, tag };
}

export function isValidName({ host, namespace, model, tag }: FullName): boolean {
  return (
    /^\w[\w.:-]{0,349}$/.test(host) &&
    /^\w[\w-]{0,79}$/.test(namespace) &&
    [model, tag].every((part) => /^\w[\w.-]{0,79}$/.test(part))
  );
}

/** One spelling for all spellings of a name. */
export function keyOf(text: string): string {
  const { host, namespace, model, tag } = fullName(text);
  return `${host}/${namespace}/${model}:${tag}`.toLowerCase();
}

/** The name as Ollama prints it: without the default host and namespace, always with the tag. */
export function shortName(text: string): string {
  const { host, namespace, model, tag } = fullName(text);
  const name = `${model}:${tag}`;
  if (host.toLowerCase() !== HOST) return `${host}/${namespace}/${name}`;
  return namespace.toLowerCase() === NAMESPACE ? name : `${namespace}/${name}`;
}
