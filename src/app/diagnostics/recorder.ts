import type { RunResult } from "../../mac/runner";
import type { System } from "../system";

/** A program that a probe ran, and what it said. */
export interface Call {
  readonly file: string;
  readonly args: readonly string[];
  readonly result: RunResult;
}

/** A request that a probe made of the server, and how large its answer was. */
export interface Exchange {
  /** "POST /api/show". */
  readonly request: string;
  readonly status?: number;
  readonly bytes: number;
}

/** A system that notes what it is used for. */
export interface Recorder {
  readonly system: System;
  readonly calls: readonly Call[];
  readonly exchanges: readonly Exchange[];
}

/** The same system, with a note of every program that's run and of every answer of the server. */
export function record(system: System): Recorder {
  const calls: Call[] = [];
  const exchanges: { request: string; status?: number; bytes: number }[] = [];
  return {
    calls,
    exchanges,
    system: {
      ...system,
      run: async (file, args, options) => {
        const result = await system.run(file, args, options);
        calls.push({ file, args, result });
        return result;
      },
      fetch: async (input, init) => {
        const { pathname } = new URL(input instanceof Request ? input.url : input);
        const exchange: (typeof exchanges)[number] = { request: `${init?.method ?? "GET"} ${pathname}`, bytes: 0 };
        exchanges.push(exchange);
        const response = await system.fetch(input, init);
        exchange.status = response.status;
        return counted(response, (bytes) => {
          exchange.bytes += bytes;
        });
      },
    },
  };
}

function counted(response: Response, count: (bytes: number) => void): Response {
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      count(chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(counting), response);
}
