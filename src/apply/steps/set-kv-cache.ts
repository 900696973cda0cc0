import { readLaunchctlEnv, setLaunchctlEnv } from "../../mac/ollama-service";
import { isText } from "../stored-fields";
import type { ChangeSystem, StepKind } from "./step-kind";

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
  leavesSomething: true,
  planned: ({ option, kvCacheTypeNow }) => {
    const { kvCacheType } = option.changes;
    return kvCacheType === undefined ? [] : [{ kind: "set-kv-cache", type: kvCacheType, before: kvCacheTypeNow }];
  },
  title: () => "Setting the KV cache type",
  text: ({ type }) =>
    type === ""
      ? "Remove OLLAMA_KV_CACHE_TYPE, so the KV cache is f16 again."
      : `Set the KV cache type to ${type} for Ollama's next start.`,
  failedText: () => "The KV Cache Type Wasn't Set",
  isInEffect,
  run: async (system, step) => {
    await setLaunchctlEnv(system, KV_CACHE_TYPE, step.type);
    return (await isInEffect(system, step))
      ? { kind: "done" }
      : { kind: "failed", reason: `launchctl didn't take ${KV_CACHE_TYPE}.` };
  },
  undo: ({ type, before }) => [{ kind: "set-kv-cache", type: before, before: type }],
};

async function isInEffect(system: ChangeSystem, { type }: SetKvCache): Promise<boolean> {
  return ((await readLaunchctlEnv(system, KV_CACHE_TYPE)) ?? "") === type;
}
