import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";

/**
 * A fetch that waits for an answer as long as it takes, for requests of the client in this folder: Node's own gives up on
 * headers after 300 s, and Ollama sends none before a model is loaded. Bodies are text, redirects aren't followed.
 */
export const patientFetch: typeof fetch = (input, init = {}) =>
  new Promise((resolve, reject) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(
      url,
      {
        method: init.method ?? "GET",
        headers: Object.fromEntries(new Headers(init.headers)),
        signal: init.signal ?? undefined,
      },
      (answer) => {
        const { statusCode = 0, headers } = answer;
        const isEmpty = statusCode === 204 || statusCode === 304;
        const entries = Object.entries(headers).flatMap(([name, value]) =>
          [value ?? []].flat().map((one): [string, string] => [name, one]),
        );
        try {
          const body = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
          if (isEmpty) answer.resume();
          resolve(new Response(body, { status: statusCode, headers: entries }));
        } catch (error) {
          // A status below 200 or beyond 599.
          request.destroy();
          reject(new TypeError("fetch failed", { cause: error }));
        }
      },
    );
    request.on("error", (error) => reject(new TypeError("fetch failed", { cause: error })));
    // Without an error too, as by a server that changes over to another protocol; after an answer it's not heard any more.
    request.on("close", () => reject(new TypeError("fetch failed")));
    request.end(typeof init.body === "string" ? init.body : undefined);
  });
