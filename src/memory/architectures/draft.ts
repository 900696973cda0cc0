import type { ModelFile } from "./model-file";
import type { AttentionShape, DraftShape } from "./shape";

/** The blocks after the last layer, by the rows that all blocks keep; undefined where there are none. */
export function draftShape(
  { blockCount, layerCount }: ModelFile,
  rows: readonly AttentionShape[],
): DraftShape | undefined {
  const blocks = rows.slice(layerCount, blockCount).filter(({ keyRow }) => keyRow > 0);
  return blocks.length === 0 ? undefined : { blocks };
}
