import type { InstalledModel } from "../fit/facts";
import { buildKey } from "../fit/model-builds";
import { modelKey } from "../fit/model-name";
import { MODEL_RUNNERS } from "../fit/model-runner";

/** The second name of a child manifest, by which releases before 0.40 find it (compatmigrate/manifest.go). */
const SHADOW = /^(?:llamacpp|ggml|mlx|ollama):[0-9a-f]{64}$/i;

/**
 * The builds that people choose between, of the rows of `/api/tags`: from 0.40 on that lists every child of a name's
 * manifest list. Of each format one stays, the one that Ollama runs; a GGUF file that it converted is that build's
 * `backup`. Shadow names and rows that are there twice go.
 */
export function distinctBuilds(rows: readonly InstalledModel[]): readonly InstalledModel[] {
  const real = rows.filter(({ name }) => !SHADOW.test(name));
  const once = [...new Map(real.map((row) => [buildKey(row), row])).values()];
  const byName = new Map<string, InstalledModel[]>();
  for (const row of once) byName.set(modelKey(row.name), [...(byName.get(modelKey(row.name)) ?? []), row]);
  return once.flatMap((row) => {
    const ofName = byName.get(modelKey(row.name)) ?? [row];
    const ofFormat = ofName.filter(({ format }) => format === row.format).toSorted(byPreference);
    if (ofFormat[0] !== row) return [];
    const old = row.runner === "llamacpp" ? ofFormat.find(({ runner }) => runner === "ggml") : undefined;
    const backup = old && { digest: old.digest, sizeBytes: old.sizeBytes };
    const sharesName = ofName.some(({ format }) => format !== row.format) || undefined;
    return [{ ...row, ...(backup && { backup }), ...(sharesName && { sharesName }) }];
  });
}

function byPreference(a: InstalledModel, b: InstalledModel): number {
  return rank(a) - rank(b);
}

function rank({ runner }: InstalledModel): number {
  return runner === undefined ? MODEL_RUNNERS.length : MODEL_RUNNERS.indexOf(runner);
}
