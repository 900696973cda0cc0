import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { gguf } from "@huggingface/gguf";
import { readModelFile } from "../../src/ollama/blob-source";
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
}

/**
 * Measures reading the header of a generated model file with 262,144 tokens and 514,906 merges (about 16 MB), by this
 * project's reader and by `@huggingface/gguf`, from a local file.
 *
 * @param runs runs of each of our own ways; the other reader, being slow, runs once
 */
export async function benchGgufHeader(runs = 7): Promise<readonly GgufHeaderBench[]> {
  const folder = await mkdtemp(join(tmpdir(), "gguf-bench-"));
  try {
    const path = join(folder, "model.gguf");
    const { headerBytes } = await writeSparseGguf(path, largeModel());
    const ours = async (name: string, options: ReadGgufOptions) => ({
      name,
      ...(await measured(runs, async () => (await readModelFile(path, options)).parts[0]?.bytesRead ?? 0)),
    });
    const rows = [
      await ours("keys only (early stop)", { tensors: false }),
      await ours("keys and tensors", {}),
      {
        name: "@huggingface/gguf",
        ...(await measured(1, async () => {
          await gguf(path, { allowLocalFile: true });
          return undefined;
        })),
      },
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
    .map(({ name, milliseconds, bytesRead }) =>
      [
        name.padEnd(40),
        `${milliseconds.toFixed(1)} ms`.padStart(12),
        (bytesRead === undefined ? "" : `${bytesRead.toLocaleString("en-US")} B`).padStart(16),
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
