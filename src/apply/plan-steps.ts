import type { InstalledModel, LoadedModel, ServerFacts } from "../fit/facts";
import type { PlanOption } from "../fit/plan/options";
import type { DaemonStep } from "../mac/privileged";
import { expectedLoad } from "./load-report";
import type { Step } from "./steps";

/** What the steps of an option depend on besides the option. */
export interface StepsInput {
  readonly option: PlanOption;
  readonly model: InstalledModel;
  readonly variantName: (source: string, numCtx: number) => string;
  /** Limit that is set now, in MiB; 0 = macOS decides. */
  readonly limitNowMib: number;
  /** Limit that our LaunchDaemon sets at start; absent where there is none or it cannot be told. */
  readonly daemonMib?: number;
  readonly server: ServerFacts;
  readonly loaded: readonly LoadedModel[];
  /** OLLAMA_KV_CACHE_TYPE of the session now; "" = not set. */
  readonly kvCacheTypeNow: string;
  /** Whether a model of that name exists, with which num_ctx, and whether it runs the file of the model. */
  readonly existing: (name: string) => { readonly numCtx?: number; readonly sharesFile: boolean } | undefined;
  /** A context that was chosen to judge at and that Ollama would not take by itself. */
  readonly requestContext?: number;
}

/**
 * The steps of an option, in their order: first what may be declined (the password), then what disturbs, last the load
 * that shows whether it was worth it. A model that is loaded sees a new limit only once it is loaded anew.
 */
export function planSteps(input: StepsInput): readonly Step[] {
  const { option, model, loaded } = input;
  const { limitMib, kvCacheType, numCtx, unload = [] } = option.changes;
  const name = numCtx === undefined ? model.name : input.variantName(model.name, numCtx);
  const restarts = kvCacheType !== undefined;
  const own = loaded.filter(({ digest, sharesFile }) => digest === model.digest || sharesFile);
  const stale = limitMib === undefined || restarts ? [] : own.map((resident) => resident.name);
  const leaving = [...new Set([...unload, ...stale])];
  return [
    ...(limitMib === undefined
      ? []
      : [{ kind: "set-limit", mib: limitMib, beforeMib: input.limitNowMib, daemon: daemonStep(input) } as const]),
    ...(kvCacheType === undefined
      ? []
      : [{ kind: "set-kv-cache", type: kvCacheType, before: input.kvCacheTypeNow } as const]),
    ...(numCtx === undefined ? [] : createSteps(input, name, numCtx)),
    ...(restarts
      ? [
          {
            kind: "restart-ollama",
            origin: input.server.origin,
            cutsOff: loaded.map((resident) => resident.name),
          } as const,
        ]
      : []),
    ...leaving.map((other) => ({ kind: "unload", name: other }) as const),
    {
      kind: "load",
      name,
      numCtx: numCtx === undefined && input.requestContext !== undefined ? input.requestContext : undefined,
      expected: expectedLoad(option.after),
    },
  ];
}

function createSteps({ model, existing }: StepsInput, name: string, numCtx: number): readonly Step[] {
  const there = existing(name);
  // Made earlier of the same file with the very same context: nothing to create.
  if (there?.sharesFile && there.numCtx === numCtx) return [];
  return [{ kind: "create-variant", source: model.name, name, numCtx, replaces: there !== undefined }];
}

/** A LaunchDaemon that keeps the limit in force is taken along, or the next restart would bring the old limit back. */
function daemonStep({ daemonMib, limitNowMib }: StepsInput): DaemonStep {
  return daemonMib !== undefined && daemonMib === limitNowMib ? "install" : "keep";
}

/** Whether the extension carries an option out itself; others are done with their commands. */
export function isApplicable({ kind, changes }: PlanOption, server: ServerFacts): boolean {
  if (kind === "close-apps" || changes.build !== undefined) return false;
  // Only for the app the session's variables decide; a service has its own, and a terminal its shell's.
  return changes.kvCacheType === undefined || server.origin === "app";
}
