import { askLaunchctlEnv, setLaunchctlEnv } from "../../mac/ollama-service";
import { oneLine } from "../../fit/one-line";
import { isText } from "../stored-fields";
import type { StepKind } from "./step-kind";

interface SetKvCache {
  readonly kind: "set-kv-cache";
  /** OLLAMA_KV_CACHE_TYPE for the server's next start; "" takes the variable away. */
  readonly type: string;
  readonly before: string;
}

const KV_CACHE_TYPE = "OLLAMA_KV_CACHE_TYPE";

/** Sets the session's variable that the Ollama app reads when it starts. */
export const setKvCache: StepKind<SetKvCache> = {
  fields: { type: isText, before: isText },
  leaves: {
    unsureText: () => "The KV Cache Type May Have Been Set",
    doneText: ({ type }) =>
      type === "" ? "The KV cache is f16 again." : `The KV cache is ${shown(type)} for every model of this server.`,
  },
  planned: ({ option, kvCacheTypeNow }) => {
    const { kvCacheType } = option.changes;
    return kvCacheType === undefined ? [] : [{ kind: "set-kv-cache", type: kvCacheType, before: kvCacheTypeNow }];
  },
  title: () => "Setting the KV cache type",
  text: ({ type }) =>
    type === ""
      ? "Remove OLLAMA_KV_CACHE_TYPE, so the KV cache is f16 again."
      : `Set the KV cache type to ${shown(type)} for Ollama's next start.`,
  failedText: () => "The KV Cache Type Wasn't Set",
  look: async (system, step) => {
    const now = await askLaunchctlEnv(system, KV_CACHE_TYPE);
    if (now === undefined) throw new Error(`Couldn't read ${KV_CACHE_TYPE}.`);
    if (now === step.type) return { kind: "in-effect", undo: back(step, now) };
    if (now === step.before) return { kind: "as-planned" };
    const reason = `By now ${KV_CACHE_TYPE} is ${shown(now) || "not set"}, so it was left alone.`;
    return { kind: "other", reason, undo: back(step, now) };
  },
  run: async (system, { type }) => {
    await setLaunchctlEnv(system, KV_CACHE_TYPE, type);
    return { kind: "done" };
  },
  undoUnseen: (step) => back(step, step.type),
};

/** Whoever has set the variable may have put anything into it. */
const shown = (type: string): string => oneLine(type, 40);

function back({ before }: SetKvCache, now: string): readonly SetKvCache[] {
  return [{ kind: "set-kv-cache", type: before, before: now }];
}
