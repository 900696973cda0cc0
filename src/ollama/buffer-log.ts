import type { LaidOut } from "../fit/laid-out";
import { MIB } from "../fit/units";

/**
 * A line of llama-server in Ollama's log, as Ollama itself reads it (llm/llama_server.go, bufferSizeRegex). Whoever wrote
 * it is before the first colon.
 */
const BUFFER =
  /^[^\n:]{0,280}\w:\s{1,40}(\S{1,80})\s{1,40}(model|KV|compute|RS)\s{1,40}buffer size\s{0,40}=\s{0,40}(\d{1,9}(?:\.\d{1,4})?)\s{0,40}MiB/;
const MOST_LINE_CHARACTERS = 64 * 1024;

/**
 * What llama-server laid out on the GPU for the file with this blob name when it was started last, by its own lines in the
 * log. Undefined where it wasn't started, where another one began before it was loaded (whose lines are whose can't be
 * told), or where a line is missing. Its fit lays out what it tries as well: the last model buffer begins what counts.
 */
export function parseBuffers(log: string, blob: string): LaidOut | undefined {
  const lines = log.split("\n").filter((line) => line.length <= MOST_LINE_CHARACTERS);
  const start = lines.findLastIndex((line) => isStart(line) && line.includes(blob));
  if (start < 0) return undefined;
  const own = lines.slice(start + 1);
  const next = own.findIndex(isStart);
  const found = (next < 0 ? own : own.slice(0, next)).flatMap((line) => {
    const [, backend = "", kind, mib] = BUFFER.exec(line) ?? [];
    return kind !== undefined && isGpu(backend) ? [{ kind, bytes: Math.round(Number(mib) * MIB) }] : [];
  });
  const first = found.findLastIndex(({ kind }) => kind === "model");
  const loaded = found.slice(first);
  const sum = (wanted: string) =>
    loaded.filter(({ kind }) => kind === wanted).reduce((all, { bytes }) => all + bytes, 0);
  const compute = loaded.findLast(({ kind }) => kind === "compute")?.bytes;
  if (first < 0 || compute === undefined) return undefined;
  // Of two caches each has a line of its own.
  return { cacheBytes: sum("KV") + sum("RS"), computeBytes: compute, modelBytes: sum("model") };
}

function isStart(line: string): boolean {
  return line.startsWith("time=") && line.includes(' msg="starting llama-server"');
}

/** As Ollama tells them apart (isGPUBuffer). */
function isGpu(backend: string): boolean {
  return backend !== "CPU" && backend !== "BLAS" && !backend.startsWith("CPU_") && !backend.endsWith("_Host");
}
