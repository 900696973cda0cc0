import { contextTier } from "../context-tier";
import type { ServerFacts } from "../facts";
import type { GpuLimit } from "../limit-policy";
import type { JudgeInput } from "../verdict";
import type { KnownVerdict } from "./options";

/** The state that a change leads to, as the verdict judges it. */
export interface StateAfter {
  readonly judged: JudgeInput;
  /** The same once Ollama has started anew under that limit. */
  readonly restarted: JudgeInput;
  /** Context that has to be pinned in a variant, because Ollama's default would change with its next start. */
  readonly pinned?: number;
}

/**
 * The state once the limit is `limit` and Ollama has started anew, now or at some later time. Ollama's default context
 * follows the limit it was started under (ollama's server/routes.go): where it would change, the context of before is pinned.
 */
export function stateAfter(input: JudgeInput, before: KnownVerdict, limit: GpuLimit): StateAfter {
  const { server } = input;
  const overhead = server.gpuOverheadBytes?.value ?? 0;
  const now = server.startupTotalBytes?.value ?? before.limit.bytes;
  const moves =
    before.run.contextFollowsLimit && contextTier(now, overhead) !== contextTier(limit.bytes, overhead)
      ? before.run.numCtx.value
      : undefined;
  const judged: JudgeInput = {
    ...input,
    limit,
    options: moves === undefined ? input.options : { ...input.options, context: moves },
  };
  return {
    judged,
    restarted: { ...judged, server: startedUnder(server, limit.bytes) },
    pinned: moves,
  };
}

/** The limit once it is set to so many bytes. */
export function limitOnceSet(bytes: number): GpuLimit {
  return { kind: "known", bytes, source: "override", sourceText: "once it is set", estimated: false };
}

function startedUnder(server: ServerFacts, bytes: number): ServerFacts {
  return {
    ...server,
    tierNumCtx: undefined,
    startupTotalBytes: { value: bytes, source: "once Ollama has restarted" },
  };
}
