import type { ModelRunner } from "../model-runner";

/** What a model is good at. */
export type Purpose = "code" | "chat" | "vision";

/** A model that may be recommended, with what it needs. */
export interface PickRow {
  /** As `ollama pull` takes it. */
  readonly name: string;
  /** The build that is meant, where a name may stand for two. */
  readonly runner: ModelRunner;
  /** Bytes of the download, projector included. */
  readonly downloadBytes: number;
  /** Parameters in billions where every token reads all of them; absent for a mixture of experts. */
  readonly denseBillions?: number;
  /** Below this context, in tokens, the next row does more good: better weights aren't worth so little room. */
  readonly leastContext?: number;
  readonly purposes: readonly Purpose[];
  /** The measured model whose dimensions it has. */
  readonly basis: string;
  /** By context in tokens, smallest first; in bytes. */
  readonly needs: readonly {
    readonly context: number;
    /** What the screens call its total, safety margin included. */
    readonly totalBytes: number;
    /** The limit under which it surely fits. */
    readonly limitBytes: number;
    readonly ramBytes: number;
  }[];
}
