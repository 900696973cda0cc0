import { firstHeadCount, headSizes } from "./attention";
import { UnknownShape } from "./keys";
import type { ModelFile } from "./model-file";
import type { RecurrentShape } from "./shape";

/**
 * F32 elements that one recurrent layer keeps per slot: the inputs of its convolution and its state
 * (llama-hparams n_embd_r, n_embd_s). `layers` are those it is checked against.
 */
export function recurrentState(file: ModelFile, layers: readonly boolean[]): RecurrentShape | undefined {
  const { rule, keys, embeddingLength } = file;
  if (rule.recurrent === undefined || !layers.includes(true)) return undefined;
  const kind = rule.recurrent;
  const innerSize = keys.number("ssm.inner_size") ?? 0;
  const stateSize = keys.number("ssm.state_size") ?? 0;
  const groupCount = keys.number("ssm.group_count") ?? 0;
  const sized = (convolution: number, state: number): RecurrentShape => ({
    kind,
    convolution,
    state,
    innerSize,
    stateSize,
    groupCount,
    rollsBack: rule.rollsBack === true,
  });
  switch (kind) {
    case "mamba":
    case "mamba2":
    case "delta-net": {
      const channels = keys.positive("ssm.inner_size") + (kind === "mamba" ? 0 : 2 * groupCount * stateSize);
      checkConvolution(file, layers, "ssm_conv1d", channels);
      return sized((keys.positive("ssm.conv_kernel") - 1) * channels, keys.positive("ssm.state_size") * innerSize);
    }
    case "short-conv":
      checkConvolution(file, layers, "shortconv.conv", embeddingLength);
      return sized(embeddingLength * (keys.positive("shortconv.l_cache") - 1), 0);
    case "rwkv":
      return sized(
        (keys.number("token_shift_count") ?? 2) * embeddingLength,
        embeddingLength * keys.positive("wkv.head_size"),
      );
    case "kda": {
      const head = keys.positive("kda.head_dim");
      const kernel = keys.number("ssm.conv_kernel") ?? 0;
      const inner = headsOfFirst(file) * head;
      return sized(3 * (kernel === 0 ? 3 : kernel - 1) * inner, head * inner);
    }
    case "lightning": {
      const { keyLength } = headSizes(file);
      return sized(0, keyLength * keyLength * headsOfFirst(file));
    }
  }
}

function headsOfFirst(file: ModelFile): number {
  const heads = firstHeadCount(file);
  if (heads === "omitted") throw new UnknownShape("The source left out the array attention.head_count.", true);
  return heads;
}

/** The convolution has a kernel for each channel: [kernel, channels]. */
function checkConvolution({ tensor }: ModelFile, layers: readonly boolean[], name: string, channels: number): void {
  const shape = tensor(layers.indexOf(true), name);
  if (shape !== undefined && shape[1] !== channels) {
    throw new UnknownShape("Keys and tensors contradict each other over the recurrent state.");
  }
}
