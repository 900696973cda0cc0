import type { AttentionShape } from "../shape";
import type { TensorRows } from "../tensor-check";

/** K and V of a layer, in elements. */
export interface KvShape {
  readonly attention: Omit<AttentionShape, "window">;
  readonly keyRow: number;
  readonly valueRow: number;
  /** Rows of the tensors that make them, by name. */
  readonly rows: TensorRows;
}
