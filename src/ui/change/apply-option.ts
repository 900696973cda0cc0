import { Icon, showToast, Toast } from "@raycast/api";
import { journalState, newJournal, readJournal } from "../../apply/journal";
import { leavesSomething, planSteps, type Step } from "../../apply/steps";
import { agreeToSteps } from "./agree-to-steps";
import type { ModelDescription } from "../../fit/facts";
import { checkLimit } from "../../fit/limit-policy";
import { type BesideLoaded, ownRunners } from "../../fit/own-runners";
import type { PlanOption } from "../../fit/plan/options";
import type { JudgeOptions } from "../../fit/run-settings";
import { keepAliveSeconds } from "../../fit/units";
import { readBootSettings } from "../../mac/boot-settings";
import { readLaunchctlEnv } from "../../mac/ollama-service";
import { readLimitMib } from "../../mac/gpu-limit";
import { sameModel, variantName } from "../../fit/model-name";
import { carryOut } from "./carry-out";
import type { Settings } from "../../app/preferences";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import { localStorage } from "../../app/local-storage";
import type { FitRow } from "../shared/use-fit-list";
import { getSystem } from "../../app/system";

export interface ApplyOption {
  readonly option: PlanOption;
  /** The option behind it, for where the model still spills. */
  readonly next?: PlanOption;
  readonly row: FitRow;
  readonly rows: readonly FitRow[];
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
}

/**
 * Carries out an option after one confirmation that lists what will happen. `verifies` false leaves out the load at its
 * end, which takes a while and shows whether it was worth it.
 */
export async function applyOption(work: ApplyOption, verifies = true): Promise<void> {
  const { option, next, row, snapshot, settings, refresh } = work;
  const system = getSystem();
  const earlier = await readJournal(localStorage);
  const state = earlier && journalState(earlier, system.now());
  const steps = (await stepsOf(work)).filter(({ kind }) => verifies || kind !== "load");
  if (earlier !== undefined && state !== "finished" && steps.some(leavesSomething)) {
    await showToast({
      style: Toast.Style.Failure,
      title: state === "running" ? "Another Change Is Running" : "Another Change Is Unfinished",
      message: `${earlier.title} for ${earlier.model}: see the top of Check Model Fit.`,
    });
    return;
  }
  // Loading alone changes nothing that would have to be agreed to.
  const isLoad = steps.every(({ kind }) => kind === "load");
  if (!isLoad && !(await confirmSteps(work, steps))) return;
  const about = { title: option.title, model: row.model.name, url: snapshot.url ?? "", isUndo: false };
  await carryOut({
    journal: newJournal(about, steps, system.now()),
    settings,
    snapshot,
    refresh,
    next: next === undefined ? undefined : next.title,
  });
}

async function stepsOf({ option, row, rows, snapshot }: ApplyOption): Promise<readonly Step[]> {
  const system = getSystem();
  const mac = appleSilicon(snapshot.machine);
  // What is on screen may be older than what is in force, and undoing goes back to this.
  const [limitMib, daemons, kvCacheTypeNow] = await Promise.all([
    option.changes.limitMib === undefined ? undefined : readLimitMib(system),
    option.changes.limitMib === undefined ? [] : readBootSettings(system),
    option.changes.kvCacheType === undefined ? undefined : readLaunchctlEnv(system, "OLLAMA_KV_CACHE_TYPE"),
  ]);
  const daemonMib = daemons.find((setting) => setting.own)?.valueMib;
  const context = row.input?.options.context;
  return planSteps({
    option,
    model: row.model,
    variantName,
    limitNowMib: limitMib ?? mac?.overrideMib ?? 0,
    daemonMib,
    server: snapshot.server,
    loaded: row.input?.loaded ?? snapshot.loaded,
    kvCacheTypeNow: kvCacheTypeNow ?? "",
    existing: (name) => {
      const there = rows.find(({ model }) => sameModel(model.name, name));
      if (there === undefined) return undefined;
      const numCtx = describedIn(there)?.parameters.numCtx;
      const file = describedIn(there)?.weightsFile;
      return {
        numCtx,
        sharesFile: file !== undefined && file === describedIn(row)?.weightsFile,
      };
    },
    requestContext: isRequested(context, option) ? option.after.run.numCtx.value : undefined,
    keepAlive: row.input && keepAliveOf(row.input, system.now()),
  });
}

/** Whether a request has to ask for the context: Ollama would take another one itself. */
function isRequested(context: JudgeOptions["context"] | undefined, { after }: PlanOption): boolean {
  if (context === undefined || context === "default") return false;
  return context !== "effective" || after.run.isAskedByClient;
}

/** The longest time for which what runs the model's file stays loaded, if it's longer than usual. */
function keepAliveOf(input: BesideLoaded, now: Date): number | undefined {
  const times = ownRunners(input).map(({ expiresAt }) => keepAliveSeconds(expiresAt, now));
  const long = times.filter((seconds) => seconds !== undefined);
  if (long.length === 0) return undefined;
  return long.includes(-1) ? -1 : Math.max(...long);
}

function describedIn({ input }: FitRow): ModelDescription | undefined {
  const description = input?.description;
  return description === undefined || "kind" in description ? undefined : description;
}

function confirmSteps({ option, snapshot }: ApplyOption, steps: readonly Step[]): Promise<boolean> {
  const mac = appleSilicon(snapshot.machine);
  const { limitMib } = option.changes;
  const check =
    limitMib === undefined || mac === undefined || snapshot.advice === undefined
      ? undefined
      : checkLimit(limitMib, mac.ramBytes, snapshot.advice);
  const warnings = check !== undefined && "warning" in check ? [check.warning] : [];
  const replaces = steps.some((step) => step.kind === "create-variant" && step.replaces);
  return agreeToSteps({
    icon: Icon.Play,
    title: `${option.title}?`,
    steps,
    warnings,
    yes: "Apply",
    isDestructive: replaces || warnings.length > 0,
  });
}
