import type { MlxModel } from "../memory/mlx/estimate";
import type { MlxPeak, ShownContext } from "./mlx-peaks";
import { longestPrompt, usualContext } from "./mlx-verdict";
import type { JudgeOptions, Setting } from "./run-input";
import { formatContext } from "./units";

/** How an MLX model is run: what the client sends decides, and no setting of Ollama's. */
export interface MlxRun {
  /** Tokens of the prompt that is judged. */
  readonly context: Setting<number>;
  /** A client of this server sent a prompt of that length. */
  readonly isAskedByClient: boolean;
  /** Its client asks again for what it asked. */
  readonly staysWhenReloaded: boolean;
  readonly trainedContext?: number;
  /** Nothing of Ollama's decides it. */
  readonly contextFollowsLimit: false;
  /** Whether the context that Ollama shows caps anything, as far as its log tells. */
  readonly shown: ShownContext;
  /** Peaks that were measured, the newest last. */
  readonly peaks: readonly MlxPeak[];
  /** Words why no verdict can be better than Tight. */
  readonly cautions: readonly string[];
}

export interface MlxRunInput {
  readonly model: MlxModel;
  readonly options: JudgeOptions;
  /** Peaks of this model in the log of the server that answers. */
  readonly peaks: readonly MlxPeak[];
  readonly shown: ShownContext;
  readonly cautions: readonly string[];
}

/** The prompt to judge: the person's choice, else the longest that this server's log shows, else a usual one. */
export function resolveMlxRun({ model, options, peaks, shown, cautions }: MlxRunInput): MlxRun {
  const sent = options.context === "effective" ? peaks.filter(({ isOurs }) => !isOurs) : [];
  const seen = Math.max(0, ...sent.map(({ promptTokens }) => promptTokens));
  return {
    context: cut(seen > 0 ? sure(seen, SEEN) : chosen(model, options), model),
    isAskedByClient: seen > 0,
    staysWhenReloaded: seen > 0,
    trainedContext: model.shape.trainedContext,
    contextFollowsLimit: false,
    shown,
    peaks,
    cautions,
  };
}

const SEEN = "the longest prompt in this server's log";

function chosen(model: MlxModel, { context }: JudgeOptions): Setting<number> {
  switch (context) {
    case "effective":
    case "default":
      return { value: usualContext(model), source: "a usual prompt, as the client decides", assumed: true };
    case "trained":
      return sure(longestPrompt(model), "the model's maximum");
    default:
      return sure(context, "chosen to judge at");
  }
}

const sure = (value: number, source: string): Setting<number> => ({ value, source, assumed: false });

/** Longer prompts than the trained context are refused. */
function cut(setting: Setting<number>, model: MlxModel): Setting<number> {
  const most = longestPrompt(model);
  return setting.value <= most
    ? setting
    : {
        ...setting,
        value: most,
        source: `${setting.source}, cut from ${formatContext(setting.value)} to the trained context`,
      };
}
