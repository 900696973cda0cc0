import type { ServerResponse } from "node:http";

/**
 * What a route does instead of answering properly.
 * - refuse: closes the connection before a byte; - slow: answers after a while; - hang: never answers;
 * - http500: an error of Ollama's kind; - garbage: a page that is not JSON; - halfStream: ends in the middle of the
 *   answer, politely; - dies: the whole server goes down in the middle of the answer; - hugeBody: never stops sending.
 */
export type Fault =
  | { readonly kind: "refuse" | "hang" | "garbage" | "halfStream" | "dies" | "hugeBody" }
  | { readonly kind: "slow"; readonly ms: number }
  | { readonly kind: "http500"; readonly message?: string }
  /** Any answer at all: what a hostile or foreign server could send. */
  | { readonly kind: "answer"; readonly status?: number; readonly type?: string; readonly body: string };

export const ROUTES = ["version", "tags", "show", "ps", "generate", "embed", "create", "copy", "delete"] as const;
export type Route = (typeof ROUTES)[number];

/** A complete answer: one body, or the lines of a stream. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly chunks: readonly string[];
}

/** Sends an answer, spoiled by the fault. Resolves when there is nothing more to do. */
export async function send(
  response: ServerResponse,
  answer: Answer,
  fault: Fault | undefined,
  goDown: () => void,
): Promise<void> {
  switch (fault?.kind) {
    case "refuse":
      response.destroy();
      return;
    case "hang":
      return;
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return deliver(response, answer);
    case "http500":
      return deliver(response, error(500, fault.message ?? "something went wrong inside"));
    case "garbage":
      return deliver(response, { status: 200, type: "text/html", chunks: ["<html><body>It works!</body></html>"] });
    case "answer":
      return deliver(response, {
        status: fault.status ?? 200,
        type: fault.type ?? "application/json; charset=utf-8",
        chunks: [fault.body],
      });
    case "halfStream":
      return deliver(response, { ...answer, chunks: half(answer.chunks) });
    case "dies":
      response.writeHead(answer.status, { "content-type": answer.type });
      response.write(half(answer.chunks).join(""), goDown);
      return;
    case "hugeBody":
      response.writeHead(200, { "content-type": answer.type });
      return flood(response);
    case undefined:
      return deliver(response, answer);
  }
}

/** An error as Ollama words it. */
export function error(status: number, message: string): Answer {
  return json(status, { error: message });
}

export function json(status: number, body: unknown): Answer {
  return { status, type: "application/json; charset=utf-8", chunks: [JSON.stringify(body)] };
}

function deliver(response: ServerResponse, { status, type, chunks }: Answer): void {
  response.writeHead(status, { "content-type": type });
  for (const chunk of chunks) response.write(chunk);
  response.end();
}

/** The first half of the text, cut inside a line. */
function half(chunks: readonly string[]): readonly string[] {
  const text = chunks.join("");
  return [text.slice(0, Math.ceil(text.length / 2))];
}

function flood(response: ServerResponse): void {
  const block = " ".repeat(1024 * 1024);
  const more = () => {
    while (!response.destroyed && response.write(block));
  };
  response.on("drain", more);
  more();
}
