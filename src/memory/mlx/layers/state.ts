import type { MlxConfig } from "../config";
import type { TensorRows } from "../tensor-check";

/** Recurrent layers: gated delta net, Mamba 2 under the names of three families, short convolution, KDA. */
export type StateKind =
  "delta-net" | "mamba2-nemotron" | "mamba2-granite" | "mamba2-falcon" | "short-convolution" | "kda";

/** Elements that one recurrent layer keeps. */
export interface StateShape {
  /** Last inputs of the convolution, in the type of activations. */
  readonly convolution: number;
  /** The state proper, which MLX keeps in f32. */
  readonly state: number;
  /** Rows of the tensors that make them, by name. */
  readonly rows: TensorRows;
}

/** mlx-lm qwen3_next.py, nemotron_h.py, granitemoehybrid.py, falcon_h1.py, lfm2.py, kimi_linear.py; Ollama recurrent.go. */
export function stateShape(config: MlxConfig, kind: StateKind): StateShape {
  switch (kind) {
    case "delta-net": {
      const [keyHeads, keySize] = [config.positive("linear_num_key_heads"), config.positive("linear_key_head_dim")];
      const [valueHeads, valueSize] = [
        config.positive("linear_num_value_heads"),
        config.positive("linear_value_head_dim"),
      ];
      return shaped({
        kernel: config.positive("linear_conv_kernel_dim", 4),
        channels: 2 * keyHeads * keySize + valueHeads * valueSize,
        state: valueHeads * valueSize * keySize,
      });
    }
    case "mamba2-nemotron":
      return mamba2(config, {
        heads: "mamba_num_heads",
        headSize: "mamba_head_dim",
        state: "ssm_state_size",
        kernel: "conv_kernel",
        groups: "n_groups",
      });
    case "mamba2-granite":
      return mamba2(config, GRANITE);
    case "mamba2-falcon":
      return mamba2(config, { ...GRANITE, inner: "mamba_d_ssm" });
    case "short-convolution": {
      const channels = config.positive("hidden_size");
      return shaped({ kernel: config.positive("conv_L_cache"), channels, state: 0, tensor: "conv" });
    }
    case "kda": {
      const own = config.inside("linear_attn_config");
      const [heads, headSize] = [own.positive("num_heads"), own.positive("head_dim")];
      return shaped({
        kernel: own.positive("short_conv_kernel_size", 4),
        channels: 3 * heads * headSize,
        state: heads * headSize * headSize,
        tensor: "none",
      });
    }
  }
}

/** The keys that a family calls the sizes of Mamba 2 by. */
interface Mamba2Keys {
  readonly heads: string;
  readonly headSize: string;
  readonly state: string;
  readonly kernel: string;
  readonly groups: string;
  /** Absent: heads × head size. */
  readonly inner?: string;
}

const GRANITE: Mamba2Keys = {
  heads: "mamba_n_heads",
  headSize: "mamba_d_head",
  state: "mamba_d_state",
  kernel: "mamba_d_conv",
  groups: "mamba_n_groups",
};

function mamba2(config: MlxConfig, keys: Mamba2Keys): StateShape {
  const [heads, headSize, state] = [
    config.positive(keys.heads),
    config.positive(keys.headSize),
    config.positive(keys.state),
  ];
  const inner = keys.inner === undefined ? heads * headSize : config.positive(keys.inner);
  return shaped({
    kernel: config.positive(keys.kernel),
    channels: inner + 2 * config.positive(keys.groups) * state,
    state: heads * headSize * state,
  });
}

interface Sizes {
  readonly kernel: number;
  /** Channels of the convolution. */
  readonly channels: number;
  readonly state: number;
  /** The one whose rows are the channels; "none": they are in several. */
  readonly tensor?: "conv1d" | "conv" | "none";
}

function shaped({ kernel, channels, state, tensor = "conv1d" }: Sizes): StateShape {
  const rows = tensor === "none" ? {} : { [tensor]: channels };
  return { convolution: (kernel - 1) * channels, state, rows };
}
