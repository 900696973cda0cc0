import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { gguf } from "@huggingface/gguf";
import { readModelFile } from "../../src/ollama/blob-source";
import { readRemoteModel } from "../../src/registry/range-source";
import type { ReadGgufOptions } from "../../src/memory/gguf/read-header";
import { largeModel } from "../../test/memory/gguf/samples";
import { writeSparseGguf } from "../../test/stand-ins/gguf-writer";

/** One way to read the same header. */
export interface GgufHeaderBench {
  readonly name: string;
  /** Size of the header, the same for all rows. */
  readonly headerBytes: number;
  /** Median over the runs. */
  readonly milliseconds: number;
  /** Undefined where it can't be counted: `@huggingface/gguf` opens local files itself. */
  readonly bytesRead: number | undefined;
  /** HTTP requests; undefined for a local file. */
  readonly requests: number | undefined;
}

/**
 * Measures reading the header of a generated model file with 262,144 tokens and 514,906 merges (about 16 MB), by this
 * project's reader and by `@huggingface/gguf`, from a local file and over HTTP ranges without a network between.
 *
 * @param runs runs of each of our own ways; the other reader, being slow, runs once
 */
export async function benchGgufHeader(runs = 7): Promise<readonly GgufHeaderBench[]> {
  const folder = await mkdtemp(join(tmpdir(), "gguf-bench-"));
  try {
    const path = join(folder, "model.gguf");
    const { header, headerBytes, fileBytes } = await writeSparseGguf(path, largeModel());
    const url = "http://bench.test/model.gguf";

    const ours = async (name: string, options: ReadGgufOptions) => {
      const local = await measured(runs, async () => (await readModelFile(path, options)).parts[0]?.bytesRead ?? 0);
      const server = rangeServer(header, fileBytes);
      const remote = await measured(runs, async () => {
        server.requests = 0;
        return (await readRemoteModel(url, { ...options, fetch: server.fetch })).parts[0]?.bytesRead ?? 0;
      });
      return [
        { name: `${name}, local file`, ...local, requests: undefined },
        { name: `${name}, HTTP`, ...remote, requests: server.requests },
      ];
    };

    const theirLocal = await measured(1, async () => {
      await gguf(path, { allowLocalFile: true });
      return undefined;
    });
    const server = rangeServer(header, fileBytes);
    const theirRemote = await measured(1, async () => {
      await gguf(url, { fetch: server.fetch });
      return server.bytes;
    });
    const rows = [
      ...(await ours("keys only (early stop)", { tensors: false })),
      ...(await ours("keys and tensors", {})),
      { name: "@huggingface/gguf, local file", ...theirLocal, requests: undefined },
      { name: "@huggingface/gguf, HTTP", ...theirRemote, requests: server.requests },
    ];
    return rows.map((row) => ({ ...row, headerBytes }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The rows as a table for a terminal. */
export function ggufHeaderTable(rows: readonly GgufHeaderBench[]): string {
  const title = `GGUF header of ${rows[0]?.headerBytes.toLocaleString("en-US")} B, 262,144 tokens, 514,906 merges\n`;
  const lines = rows
    .map(({ name, milliseconds, bytesRead, requests }) =>
      [
        name.padEnd(40),
        `${milliseconds.toFixed(1)} ms`.padStart(12),
        (bytesRead === undefined ? "" : `${bytesRead.toLocaleString("en-US")} B`).padStart(16),
        requests === undefined ? "" : `${requests} requests`.padStart(14),
      ].join(""),
    )
    .join("\n");
  return title + lines;
}

async function measured(
  runs: number,
  read: () => Promise<number | undefined>,
): Promise<Pick<GgufHeaderBench, "milliseconds" | "bytesRead">> {
  const times: number[] = [];
  let bytesRead: number | undefined;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    bytesRead = await read();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { milliseconds: times[Math.floor(times.length / 2)] ?? 0, bytesRead };
}

/** A `fetch` that answers ranges of a file of `fileBytes`, of which everything behind `header` is zero. */
function rangeServer(header: Uint8Array, fileBytes: number) {
  const server = {
    requests: 0,
    bytes: 0,
    fetch: (async (_url, init) => {
      const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get("range") ?? "");
      const first = Number(range?.[1]);
      const last = Math.min(Number(range?.[2]), fileBytes - 1);
      const body = new Uint8Array(last - first + 1);
      body.set(header.subarray(first, last + 1));
      server.requests++;
      server.bytes += body.length;
      return new Response(body, { status: 206, headers: { "Content-Range": `bytes ${first}-${last}/${fileBytes}` } });
    }) satisfies typeof fetch,
  };
  return server;
}
