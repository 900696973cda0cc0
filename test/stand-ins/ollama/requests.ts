/** What a request to the stand-in says, and the answers that several routes give. */
import type { IncomingMessage } from "node:http";
import { type Answer, json, type Route } from "./faults";

export type Body = Readonly<Record<string, unknown>>;

export const METHODS: Readonly<Record<Route, string>> = {
  version: "GET",
  tags: "GET",
  ps: "GET",
  show: "POST",
  generate: "POST",
  embed: "POST",
  create: "POST",
  copy: "POST",
  delete: "DELETE",
};

export function nameIn(body: Body): string {
  return String(body["model"] ?? body["name"] ?? "");
}

export function done(model: string, reason: "load" | "unload"): Answer {
  return json(200, {
    model,
    created_at: new Date().toISOString(),
    response: "",
    done: true,
    done_reason: reason,
  });
}

export function lines(...statuses: readonly unknown[]): Answer {
  return {
    status: 200,
    type: "application/x-ndjson",
    chunks: statuses.map((status) => `${JSON.stringify(status)}\n`),
  };
}

/** Five minutes unless asked otherwise: seconds, "10m", negative = for ever. */
export function expiry(keepAlive: unknown, now: Date): Date {
  const match = typeof keepAlive === "string" ? /^(-?\d+)(s|m|h)?/.exec(keepAlive) : undefined;
  const unit = { s: 1, m: 60, h: 3600 }[match?.[2] ?? "s"] ?? 1;
  const seconds = typeof keepAlive === "number" ? keepAlive : match ? Number(match[1]) * unit : 300;
  return seconds < 0 ? new Date("2318-02-18T00:00:00Z") : new Date(now.getTime() + seconds * 1000);
}

/** The body as an object, {} where there is none; undefined where it isn't a JSON object. */
export async function readJson(request: IncomingMessage): Promise<Body | undefined> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  if (text === "") return {};
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Body) : undefined;
  } catch {
    return undefined;
  }
}
