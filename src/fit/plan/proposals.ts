import { alreadyFits } from "./already-fits";
import { beyondReserve } from "./beyond-reserve";
import { clientContext } from "./client-context";
import { closeApps } from "./close-apps";
import { ggufBuild } from "./gguf-build";
import { higherLimit } from "./higher-limit";
import { oneRequest } from "./one-request";
import { otherBuild } from "./other-build";
import type { Proposal } from "./proposal";
import { quantizedKvCache } from "./quantized-kv-cache";
import { raiseAndCap } from "./raise-and-cap";
import { reloadModel } from "./reload-model";
import { safeContext } from "./safe-context";
import { shortKeepAlive } from "./short-keep-alive";
import { smallerBuild } from "./smaller-build";
import { smallerBuildAndMore } from "./smaller-build-and-more";
import { smallerMlxBuild } from "./smaller-mlx-build";
import { smallerContext } from "./smaller-context";
import { unloadOthers } from "./unload-others";
import { keysIn } from "../keys-in";

/** Every kind of way to make a model fit, least intrusive first: their order in a plan. */
export const PROPOSALS = {
  "already-fits": alreadyFits,
  "reload-model": reloadModel,
  "unload-others": unloadOthers,
  "client-context": clientContext,
  "higher-limit": higherLimit,
  "safe-context": safeContext,
  "smaller-context": smallerContext,
  "raise-and-cap": raiseAndCap,
  "one-request": oneRequest,
  "quantized-kv-cache": quantizedKvCache,
  "other-build": otherBuild,
  "gguf-build": ggufBuild,
  "close-apps": closeApps,
  "smaller-mlx-build": smallerMlxBuild,
  "smaller-build": smallerBuild,
  "smaller-build-and-more": smallerBuildAndMore,
  "short-keep-alive": shortKeepAlive,
  "beyond-reserve": beyondReserve,
} satisfies Readonly<Record<string, Proposal>>;

export type PlanKind = keyof typeof PROPOSALS;

export const PLAN_KINDS = keysIn(PROPOSALS);
