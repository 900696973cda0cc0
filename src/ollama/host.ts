export type Host =
  | { readonly kind: "ok"; readonly url: string; readonly isLocal: boolean }
  | { readonly kind: "invalid"; readonly reason: string };

const LOCAL = new Set(["127.0.0.1", "localhost", "[::1]", "0.0.0.0"]);

/**
 * An Ollama host as people write OLLAMA_HOST: scheme and port may be missing (http, 11434; 443 and 80 after a scheme).
 * 0.0.0.0 listens everywhere and is reached at 127.0.0.1.
 */
export function parseHost(text: string): Host {
  const trimmed = text.trim();
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed);
  let url: URL;
  try {
    url = new URL(hasScheme ? trimmed : `http://${trimmed}`);
  } catch {
    return invalid(trimmed);
  }
  if ((url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "" || url.username !== "") {
    return invalid(trimmed);
  }
  const isLocal = LOCAL.has(url.hostname) || url.hostname.startsWith("127.");
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.port === "" && !hasScheme) url.port = "11434";
  return { kind: "ok", url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`, isLocal };
}

function invalid(text: string): Host {
  return {
    kind: "invalid",
    reason: `"${text.slice(0, 80)}" is no address of an Ollama server, such as http://127.0.0.1:11434.`,
  };
}
