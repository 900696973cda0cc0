export type Host =
  | { readonly kind: "ok"; readonly url: string; readonly isLocal: boolean }
  | { readonly kind: "invalid"; readonly reason: string };

const EVERYWHERE = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["[::]", "[::1]"],
]);
const PLAIN_PORT = /^[^/?#]*:0*80(?:[/?#]|$)/;

/**
 * An Ollama host as people write OLLAMA_HOST: scheme and port may be missing (http, 11434; 443 and 80 after a scheme).
 * 0.0.0.0 and :: listen everywhere and are reached at this machine's own address.
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
  url.hostname = EVERYWHERE.get(url.hostname) ?? url.hostname;
  const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  // A URL does not keep port 80, but here it was written down.
  if (url.port === "" && !hasScheme && !PLAIN_PORT.test(trimmed)) url.port = "11434";
  return { kind: "ok", url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`, isLocal };
}

function invalid(text: string): Host {
  return {
    kind: "invalid",
    reason: `"${text.slice(0, 80)}" is no address of an Ollama server, such as http://127.0.0.1:11434.`,
  };
}
