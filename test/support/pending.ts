import type { Runner } from "../../src/mac/runner";
import type { System } from "../../src/app/system";

/** Counts what a system has under way, so that a test waits for its end instead of for a time. */
export interface PendingWork {
  count: number;
}

/** The same system; programs and requests that have not ended are counted in `work`. */
export function counted(system: System, work: PendingWork): System {
  const track = async <T>(start: () => Promise<T>): Promise<T> => {
    work.count++;
    try {
      return await start();
    } finally {
      work.count--;
    }
  };
  const run: Runner = (file, args, options) => track(() => system.run(file, args, options));
  const countedFetch = async (...request: Parameters<typeof fetch>): Promise<Response> => {
    const response = await track(() => system.fetch(...request));
    return response.body === null ? response : withCountedBody(response, response.body, work);
  };
  return { ...system, run, fetch: countedFetch };
}

/** A body that is being read is under way; one that nobody reads is not. */
function withCountedBody(response: Response, body: ReadableStream<Uint8Array>, work: PendingWork): Response {
  const reader = body.getReader();
  const read = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    work.count++;
    try {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    } finally {
      work.count--;
    }
  };
  const stream = new ReadableStream<Uint8Array>(
    { pull: read, cancel: (reason: unknown) => reader.cancel(reason) },
    { highWaterMark: 0 },
  );
  const { status, statusText, headers, url } = response;
  return Object.defineProperty(new Response(stream, { status, statusText, headers }), "url", { value: url });
}
