import { showToast, Toast } from "@raycast/api";
import { isOver, newJournal } from "../../apply/journal";
import { type KeptJournal, readJournal } from "../../apply/journal-store";
import type { RunResult } from "../../apply/run-change";
import { leavesSomething, planSteps, type Step, stepText } from "../../apply/steps";
import type { ClosableApp, InstalledModel } from "../../fit/facts";
import { checkLimit, settingFor } from "../../fit/limit-policy";
import { type BesideLoaded, ownRunners } from "../../fit/own-runners";
import { installedAfter } from "../../fit/plan/changes";
import type { PlanOption } from "../../fit/plan/options";
import type { JudgeOptions } from "../../fit/run-input";
import { rulesOf } from "../../fit/runners";
import { keepAliveSeconds } from "../../fit/units";
import { contextOf } from "../../fit/verdict";
import { readOwnDaemons } from "../../mac/boot-settings";
import { readLaunchctlEnv } from "../../mac/ollama-service";
import { readLimitMib } from "../../mac/gpu-limit";
import { sameModel } from "../../fit/model-name";
import { carryOut } from "./carry-out";
import type { Settings } from "../../app/preferences";
import { appleSilicon, connect, isLoadedKnown, type Snapshot } from "../../app/snapshot";
import { localStorage } from "../../app/local-storage";
import { describedIn, namesTaken, variantNamer } from "../../app/variant-names";
import type { OpenMakeItFit } from "../shared/load-cure";
import { asOneChange } from "../shared/one-change";
import type { FitRow } from "../shared/use-fit-list";
import { getSystem } from "../../app/system";

export interface ApplyOption {
  readonly option: PlanOption;
  readonly row: FitRow;
  readonly rows: readonly FitRow[];
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
  /** Opens what makes the model fit, where the load at the end shows that it doesn't yet. */
  readonly makeItFit?: OpenMakeItFit;
}

/** How an option is carried out. */
export interface ApplyWay {
  /** False leaves out the load at its end, which takes a while and shows whether it was worth it. Default true. */
  readonly verifies?: boolean;
  /** Keeps a limit that it raises after a restart of the Mac. */
  readonly keepsLimit?: boolean;
  /** The apps that the person ticked to be closed, in a form that says what else is done: nothing more is asked. */
  readonly closing?: readonly ClosableApp[];
  /** The steps as the person has read and agreed to them: nothing else is done. Absent = a load alone, or `closing`. */
  readonly agreed?: readonly Step[];
}

/**
 * Carries out an option that the person agrees to, step by step; undefined where nothing was begun, which is said. What
 * came of one that finished is for a view to show.
 */
export async function applyOption(work: ApplyOption, way: ApplyWay = {}): Promise<RunResult | undefined> {
  const { option, row, snapshot, settings, refresh, makeItFit } = work;
  const steps = await stepsOf(work, way);
  const isReady = async () => (await isAsPlanned(work)) && (!steps.some(leavesSomething) || (await isPlaceFree()));
  const { digest } = installedAfter(option.changes, row.model);
  const about = { title: option.title, model: row.model.name, digest, url: snapshot.url ?? "" };
  const journal = newJournal(about, steps, getSystem().now());
  const changeWork = { settings, snapshot, refresh, makeItFit, hasView: true };
  if (!(await isReady())) return undefined;
  // Loading alone changes nothing that would have to be agreed to, and disturbs no other change.
  if (steps.every(({ kind }) => kind === "load")) return carryOut(journal, changeWork, { isOurs: async () => true });
  // The form in which apps are ticked says what else is done.
  if (way.closing === undefined && !(await isAsAgreed(way.agreed ?? [], steps, refresh))) return undefined;
  return asOneChange({ title: option.title, journal: journal.id }, async (lock) =>
    (await isReady()) ? carryOut(journal, changeWork, lock) : undefined,
  );
}

/** Whether the steps are still those that a person has read; otherwise it is said, and they are shown again. */
async function isAsAgreed(agreed: readonly Step[], steps: readonly Step[], refresh: () => void): Promise<boolean> {
  const words = (list: readonly Step[]) => list.map(stepText).join("\n");
  if (words(agreed) === words(steps)) return true;
  await showToast({
    style: Toast.Style.Failure,
    title: "The Steps Changed Meanwhile",
    message: "Nothing changed. Read them again, then apply.",
  });
  refresh();
  return false;
}

/** Whether the change before is over: it must not be lost before it is. Otherwise it is said. */
async function isPlaceFree(): Promise<boolean> {
  const refuse = async (title: string, message: string) => {
    await showToast({ style: Toast.Style.Failure, title, message });
    return false;
  };
  let kept: KeptJournal;
  try {
    kept = await readJournal(localStorage);
  } catch {
    return refuse("Nothing Changed", "Raycast's storage can't be read, so nothing could be undone.");
  }
  switch (kept.kind) {
    case "none":
      return true;
    case "unreadable":
      return refuse("Another Change Isn't Over", "See the top of Fit Models to GPU Limit.");
    case "journal": {
      const { title, model } = kept.journal;
      return (
        isOver(kept.journal) ||
        refuse("Another Change Isn't Over", `${title} for ${model}: see the top of Fit Models to GPU Limit.`)
      );
    }
  }
}

/**
 * Whether the model, the build that is to run, the limit and the version of Ollama are still those that the plan was made
 * for; otherwise it is said, and planned again.
 */
async function isAsPlanned({ option, row, snapshot, settings, refresh }: ApplyOption): Promise<boolean> {
  const system = getSystem();
  const mac = snapshot.isLocal ? appleSilicon(snapshot.machine) : undefined;
  const client = connect(system, settings);
  // What doesn't answer now is said by the steps.
  const [models, version, limitMib] = await Promise.all([
    client?.models().catch(() => undefined),
    client?.version().catch(() => undefined),
    mac?.overrideMib === undefined ? undefined : readLimitMib(system),
  ]);
  const planned = [row.model, installedAfter(option.changes, row.model)];
  const isThere = ({ name, digest }: InstalledModel) =>
    models === undefined || models.some((model) => model.name === name && model.digest === digest);
  const isOther = !planned.every(isThere);
  const isMoved = limitMib !== undefined && mac?.overrideMib !== undefined && limitMib !== mac.overrideMib;
  const isOtherOllama = version !== undefined && version !== (snapshot.server.version ?? version);
  const title = [
    isOther && "The Model Was Replaced Meanwhile",
    isMoved && "The Limit Was Changed Meanwhile",
    isOtherOllama && "Ollama Was Replaced Meanwhile",
  ].find((fault) => fault !== false);
  if (title === undefined) return true;
  await showToast({
    style: Toast.Style.Failure,
    title,
    message: "Nothing changed. The plan is made again.",
  });
  refresh();
  return false;
}

/** What an option does now, step by step; what is there already is left out. */
export async function stepsOf(
  work: Pick<ApplyOption, "option" | "row" | "rows" | "snapshot">,
  { verifies = true, keepsLimit, closing }: Omit<ApplyWay, "agreed"> = {},
): Promise<readonly Step[]> {
  const { option, row, rows, snapshot } = work;
  const system = getSystem();
  const mac = appleSilicon(snapshot.machine);
  // What is on screen may be older than what is in force, and undoing goes back to this.
  const [limitMib, daemons, kvCacheTypeNow] = await Promise.all([
    option.changes.limitMib === undefined ? undefined : readLimitMib(system),
    option.changes.limitMib === undefined ? [] : readOwnDaemons(system),
    option.changes.kvCacheType === undefined ? undefined : readLaunchctlEnv(system, "OLLAMA_KV_CACHE_TYPE"),
  ]);
  const daemonMib = daemons[0]?.valueMib;
  const context = row.input?.options.context;
  const steps = planSteps({
    option,
    model: row.model,
    variantName: variantNamer(namesTaken(row, rows)),
    limitNowMib: limitMib ?? mac?.overrideMib ?? 0,
    advice: snapshot.advice,
    daemonMib,
    keepsLimit,
    closing,
    server: snapshot.server,
    loaded: isLoadedKnown(snapshot) ? (row.input?.loaded ?? snapshot.loaded) : undefined,
    kvCacheTypeNow: kvCacheTypeNow ?? "",
    existing: (name) => {
      const there = rows.find(({ model }) => sameModel(model.name, name));
      if (there === undefined) return undefined;
      const numCtx = describedIn(there)?.parameters.numCtx;
      const file = describedIn(there)?.weightsFile;
      return {
        digest: there.model.digest,
        numCtx,
        sharesFile: file !== undefined && file === describedIn(option.changes.otherBuild ?? row)?.weightsFile,
      };
    },
    requestContext: isRequested(context, work) ? contextOf(option.after).value : undefined,
    keepAlive: row.input && keepAliveOf(row.input, system.now()),
  });
  return steps.filter(({ kind }) => verifies || kind !== "load");
}

/** Whether a request has to ask for the context: Ollama would take another one itself. */
function isRequested(
  context: JudgeOptions["context"] | undefined,
  { option: { after, changes }, row }: Pick<ApplyOption, "option" | "row">,
): boolean {
  const { settings } = rulesOf(installedAfter(changes, row.model));
  if (context === undefined || context === "default" || !settings.num_ctx) return false;
  return context !== "effective" || after.run.isAskedByClient;
}

/** The longest time for which what runs the model's file stays loaded, if it's longer than usual. */
function keepAliveOf(input: BesideLoaded, now: Date): number | undefined {
  const times = ownRunners(input).map(({ expiresAt }) => keepAliveSeconds(expiresAt, now));
  const long = times.filter((seconds) => seconds !== undefined);
  if (long.length === 0) return undefined;
  return long.includes(-1) ? -1 : Math.max(...long);
}

/** What a person has to hear of an option before saying yes to it, as sentences. */
export function warningsOf({ option, snapshot }: Pick<ApplyOption, "option" | "snapshot">): readonly string[] {
  const mac = appleSilicon(snapshot.machine);
  const { limitMib } = option.changes;
  if (limitMib === undefined || mac === undefined || snapshot.advice === undefined) return [];
  const check = checkLimit(settingFor(limitMib, snapshot.advice), mac.ramBytes, snapshot.advice);
  return "warning" in check ? [check.warning] : [];
}

/** Whether steps take something away that nothing brings back. */
export const replacesModel = (steps: readonly Step[]): boolean =>
  steps.some((step) => step.kind === "create-variant" && step.replaces !== undefined);
