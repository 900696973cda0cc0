import { type MlxConfig, UnknownMlxModel } from "../config";
import type { MlxRule } from "../registry";
import type { LayerCache, LayerShape } from "../shape";
import type { TensorRows } from "../tensor-check";
import { kvShape } from "./attention";
import type { LayerKind } from "./layer-kinds";
import { stateShape } from "./state";

/** MLX keeps recurrent states in f32, whatever the activations. */
const STATE_BYTES = 4;

/** What builds the layers of one model. */
export interface LayerBuilder {
  readonly config: MlxConfig;
  readonly rule: MlxRule;
  /** Bytes of an element of activations. */
  readonly elementBytes: number;
}

export interface BuiltLayer {
  readonly shape: LayerShape;
  readonly rows: TensorRows;
}

/** The layer `index` of that kind, with all it keeps. */
export function buildLayer(builder: LayerBuilder, kind: LayerKind, index: number): BuiltLayer {
  switch (kind) {
    case "none":
      return { shape: { caches: [] }, rows: {} };
    case "state":
      return recurrent(builder);
    case "full":
    case "sliding":
      return attending(builder, kind, index);
    case "full-and-state": {
      const [state, attention] = [recurrent(builder), attending(builder, "full", index)];
      return {
        shape: { ...attention.shape, caches: [...state.shape.caches, ...attention.shape.caches] },
        rows: { ...state.rows, ...attention.rows },
      };
    }
  }
}

function attending({ config, rule, elementBytes }: LayerBuilder, kind: "full" | "sliding", index: number): BuiltLayer {
  const window = kind === "sliding" ? windowOf(config, rule) : undefined;
  const sees = kind === "sliding" ? "window" : "every-token";
  const { attention, keyRow, valueRow, rows } = kvShape(config, rule.attention ?? "grouped", sees, index);
  const rowBytes = (keyRow + valueRow) * elementBytes;
  const cache: LayerCache = window === undefined ? { kind: "full", rowBytes } : { kind: "sliding", rowBytes, window };
  return { shape: { caches: [cache], attention: { ...attention, window } }, rows };
}

function windowOf(config: MlxConfig, { windowless }: MlxRule): number | undefined {
  if (windowless === "every-token" && (config.number("sliding_window") ?? 0) === 0) return undefined;
  return config.positive("sliding_window");
}

function recurrent({ config, rule, elementBytes }: LayerBuilder): BuiltLayer {
  if (rule.state === undefined) throw new UnknownMlxModel("It has recurrent layers, which its type isn't known for.");
  const { convolution, state, rows } = stateShape(config, rule.state);
  return { shape: { caches: [{ kind: "state", bytes: convolution * elementBytes + state * STATE_BYTES }] }, rows };
}
