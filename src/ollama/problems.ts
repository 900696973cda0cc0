import { oneLine } from "../fit/one-line";
import { isObject } from "../memory/json-object";

/**
 * What went wrong with an Ollama server, or on the way to it:
 * - not-running: nothing listens there; - no-route: the machine can't be reached; - unknown-name: its name means nothing;
 * - bad-certificate: https that can't be trusted; - no-access: 401 or 403 of whoever stands before it;
 * - not-ollama: something else answers; - timed-out: no answer in time; - not-found: it does not know the model;
 * - bad-answer: an answer that makes no sense, breaks off or is too large; - http: it refused or failed, with its own
 * words; - redirected: it sends requests to another address; - stopped: the caller's signal ended it.
 */
export type ProblemKind =
  | "not-running"
  | "no-route"
  | "unknown-name"
  | "bad-certificate"
  | "no-access"
  | "not-ollama"
  | "timed-out"
  | "not-found"
  | "bad-answer"
  | "http"
  | "redirected"
  | "stopped";

/** Begins the reason why metadata couldn't be read, behind which a server's own words may stand. */
export const METADATA_UNREAD = "Couldn't read its metadata: ";

/** Something the Ollama server did not do, with a message for people. */
export class OllamaProblem extends Error {
  constructor(
    readonly kind: ProblemKind,
    message: string,
    options?: ErrorOptions & { readonly status?: number },
  ) {
    super(message, options);
    this.name = "OllamaProblem";
    this.status = options?.status;
  }

  /** HTTP status, where the problem is one. */
  readonly status: number | undefined;
}

/** What Node and OpenSSL call the causes; those not named here or by {@link kindOf} mean that nothing answers. */
const CAUSES: Readonly<Record<string, ProblemKind>> = {
  EHOSTUNREACH: "no-route",
  EHOSTDOWN: "no-route",
  ENETUNREACH: "no-route",
  ENETDOWN: "no-route",
  EADDRNOTAVAIL: "no-route",
  ENOTFOUND: "unknown-name",
  EAI_AGAIN: "unknown-name",
  ETIMEDOUT: "timed-out",
  UND_ERR_CONNECT_TIMEOUT: "timed-out",
  UND_ERR_HEADERS_TIMEOUT: "timed-out",
  EPROTO: "bad-certificate",
  CERT_HAS_EXPIRED: "bad-certificate",
  CERT_NOT_YET_VALID: "bad-certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "bad-certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "bad-certificate",
  UNABLE_TO_GET_ISSUER_CERT: "bad-certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "bad-certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "bad-certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "bad-certificate",
  ERR_SSL_WRONG_VERSION_NUMBER: "bad-certificate",
  UND_ERR_HEADERS_OVERFLOW: "not-ollama",
};

/** What a code stands for. Node's parser has one for each way in which something isn't HTTP. */
function kindOf(code: string): ProblemKind | undefined {
  return code.startsWith("HPE_") ? "not-ollama" : Object.hasOwn(CAUSES, code) ? CAUSES[code] : undefined;
}

/** Turns what was thrown before any answer came into a problem. */
export function problemFrom(error: unknown, url: string): OllamaProblem {
  if (error instanceof OllamaProblem) return error;
  const code = causeCode(error);
  const kind = kindOf(code ?? "") ?? "not-running";
  if (kind === "not-ollama") return notOllama(url, { cause: error });
  return new OllamaProblem(kind, beforeAnswerText(kind, url, code), { cause: error });
}

/** Of a proxy whose server took too long for it: 504, and 524 as Cloudflare has it. */
const GATEWAY_TIMEOUTS: ReadonlySet<number | undefined> = new Set([504, 524]);

/**
 * Whether fetch, or a proxy on the way, gave a request up because its answer took long to begin; whoever was asked may well
 * be at it.
 */
export function wasGivenUp(error: unknown): boolean {
  if (!(error instanceof OllamaProblem)) return false;
  return causeCode(error) === "UND_ERR_HEADERS_TIMEOUT" || GATEWAY_TIMEOUTS.has(error.status);
}

function beforeAnswerText(kind: ProblemKind, url: string, code: string | undefined): string {
  const { host, hostname } = new URL(url);
  switch (kind) {
    case "no-route":
      return isPrivateHost(hostname)
        ? `${hostname} can't be reached. If other programs reach it, macOS is blocking Raycast: allow it under Privacy & Security, Local Network.`
        : `${hostname} can't be reached. Check the network, and whether that machine is on.`;
    case "unknown-name":
      return `The name ${hostname} isn't known. Check its spelling, or enter the machine's address.`;
    case "timed-out":
      return `${host} didn't answer in time. Check that the machine is awake, then refresh.`;
    case "bad-certificate":
      return /^E(?:PROTO|RR_SSL)/.test(code ?? "")
        ? `${host} doesn't speak https. Enter the address with http.`
        : `The certificate of ${host} isn't trusted (${code}). Enter the name it was issued for, or plain http in your own network.`;
    default:
      return `Nothing answers at ${url}.`;
  }
}

/** The code that Node gave the cause; where several addresses were tried, of the first that says more than a refusal. */
function causeCode(error: unknown, depth = 0): string | undefined {
  if (!isObject(error) || depth > 4) return undefined;
  const { code, cause, errors } = error;
  const tried = Array.isArray(errors) ? errors.slice(0, 16).map((one) => causeCode(one, depth + 1)) : [];
  const known = [...tried, typeof code === "string" ? code : undefined].find(
    (one) => one !== undefined && kindOf(one) !== undefined,
  );
  return known ?? causeCode(cause, depth + 1);
}

/** An address of a home or office network, or a name that only such a network knows: macOS asks before programs use it. */
function isPrivateHost(hostname: string): boolean {
  return (
    /^(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.)[\d.]+$/.test(hostname) ||
    /^\[f(?:[cd]|e[89ab])/i.test(hostname) ||
    /\.local\.?$/i.test(hostname) ||
    /^[^.:[\]]+$/.test(hostname)
  );
}

/** The problem that an answer other than 2xx means; `body` is its text, or the first part of it. */
export function problemOfStatus(status: number, body: string, url: string): OllamaProblem {
  const words = errorWords(body);
  if (words === undefined && (status === 401 || status === 403 || status === 407)) {
    const { host } = new URL(url);
    const why =
      status === 403
        ? "Ollama only takes requests under names it knows, and a proxy may refuse them too."
        : "a proxy asks for a login, which isn't supported.";
    return new OllamaProblem("no-access", `${host} refuses access (${status}): ${why}`, { status });
  }
  if (words === undefined && status < 500) {
    // Ollama words all its errors in JSON; a page of somebody else's does not.
    return notOllama(url, { status });
  }
  if (words === undefined) {
    return new OllamaProblem("http", `The server at ${url} answered with status ${status}.`, { status });
  }
  return status === 404
    ? new OllamaProblem("not-found", `Ollama says: ${words}`, { status })
    : new OllamaProblem("http", `Ollama answered ${status}: ${words}`, { status });
}

/** What answers isn't Ollama: its answer, or its status, is none that Ollama gives. */
export function notOllama(url: string, options?: ErrorOptions & { readonly status?: number }): OllamaProblem {
  return new OllamaProblem("not-ollama", `What answers at ${url} isn't Ollama.`, options);
}

const MOST_CHARACTERS = 300;

/** Words of a server for people. */
export const serversWords = (words: string): string => oneLine(words, MOST_CHARACTERS);

/** The text of `{"error": "..."}`; undefined for anything else. */
function errorWords(body: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    const error = isObject(answer) ? answer["error"] : undefined;
    return typeof error === "string" && error !== "" ? serversWords(error) : undefined;
  } catch {
    return undefined;
  }
}
