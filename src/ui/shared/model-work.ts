import { Clipboard, open, showToast, Toast } from "@raycast/api";
import { showFailureToast } from "@raycast/utils";
import { recordLoad } from "../../apply/load-history";
import { type Expected, expectedLoad, loadReport, predictedTerms } from "../../apply/load-report";
import { launchctlContextCommand } from "../../fit/commands";
import type { BuildName } from "../../fit/model-builds";
import { isPreparing } from "../../fit/preparing";
import type { LaidOut, PredictedTerms } from "../../fit/laid-out";
import { readLaidOut, readServerFacts } from "../../ollama/server-facts";
import { readLoadedBuild } from "../../ollama/loaded-build";
import { makeItFitAction, type OpenMakeItFit, sayLoadFailed } from "./load-cure";
import { failedByReport, loadingWords, loadWords } from "./load-words";
import { refreshMenuBar } from "./refresh-menu-bar";
import { formatContext } from "../../fit/units";
import { listNames } from "../../fit/model-name";
import { judge, judgeAtContext } from "../../fit/verdict";
import type { FitRow } from "../../app/judge-rows";
import type { Settings } from "../../app/preferences";
import { connect, hostOf } from "../../app/snapshot";
import { localStorage } from "../../app/local-storage";
import { getSystem } from "../../app/system";

/** What a load is held against, and what is offered where it fails for memory. */
interface LoadWay {
  /** Seconds for which it stays loaded without a request; -1 = until it's unloaded. Default: the server's own. */
  readonly keepAlive?: number;
  readonly expected?: Expected;
  /** What llama-server's own log is held against. */
  readonly predicted?: PredictedTerms;
  /** Opens what makes the model fit. */
  readonly makeItFit?: OpenMakeItFit;
}

/**
 * Loads or unloads a model with a toast that can stop the wait. A load is held against what was expected and kept, as
 * those of a plan are.
 */
export async function changeLoaded(
  settings: Settings,
  build: BuildName,
  change: "load" | "unload",
  refresh: () => void,
  { keepAlive, expected, predicted, makeItFit }: LoadWay = {},
): Promise<void> {
  const system = getSystem();
  const client = connect(system, settings);
  const { name, runner } = build;
  if (client === undefined) return;
  const stop = new AbortController();
  const toast = await showToast({
    style: Toast.Style.Animated,
    title: change === "load" ? "Loading Model" : "Unloading Model",
    message: name,
    primaryAction: { title: "Stop Waiting", onAction: () => stop.abort() },
  });
  let cure: Toast.ActionOptions | undefined;
  try {
    if (change === "unload") {
      await client.unload(name, { runner, signal: stop.signal });
      toast.style = Toast.Style.Success;
      toast.title = "Model Unloaded";
    } else {
      await client.load(name, {
        runner,
        keepAlive,
        signal: stop.signal,
        onProgress: (progress) => (toast.message = `${name}: ${loadingWords(progress)}`),
      });
      const loaded = await readLoadedBuild(client, build);
      const report = loadReport(name, loaded, expected);
      const laidOut = predicted && (await readLaidOutOf(settings, build));
      const held = laidOut && { ...laidOut, predicted };
      const digest = loaded?.digest ?? "";
      await recordLoad(localStorage, digest, report, expected, system.now(), held).catch(() => undefined);
      Object.assign(toast, loadWords(report, expected));
      cure = makeItFitAction(failedByReport(report), makeItFit);
    }
    toast.primaryAction = cure;
  } catch (error) {
    await toast.hide();
    if (stop.signal.aborted) await showToast({ style: Toast.Style.Success, title: "Stopped Waiting", message: name });
    else if (change === "load" && (await isBeingConverted(settings, build))) {
      await showToast({
        style: Toast.Style.Success,
        title: "Ollama Is Preparing the Model",
        message: "It's converting the file, once. Load it again in a few minutes.",
      });
    } else if (change === "load") await sayLoadFailed(error, "Couldn't Load the Model", makeItFit);
    else await showFailureToast(error, { title: "Couldn't Unload the Model" });
  } finally {
    refresh();
    await refreshMenuBar(change === "load" ? "Load Model" : "Unload Model");
  }
}

/** Loads a model and holds that against its verdict. */
export function loadModel(
  { model, verdict }: Pick<FitRow, "model" | "verdict">,
  settings: Settings,
  refresh: () => void,
  way: Pick<LoadWay, "keepAlive" | "makeItFit"> = {},
): Promise<void> {
  const judged = verdict && { expected: expectedLoad(verdict), predicted: predictedTerms(verdict) };
  return changeLoaded(settings, model, "load", refresh, { ...way, ...judged });
}

/** What llama-server laid out for a build, by the log of a server on this Mac; undefined where nothing tells. */
async function readLaidOutOf(settings: Settings, { name, runner }: BuildName): Promise<LaidOut | undefined> {
  const system = getSystem();
  const [host, client] = [hostOf(system, settings), connect(system, settings)];
  if (host.kind !== "ok" || host.own === undefined || client === undefined) return undefined;
  const [server, shown] = await Promise.all([
    readServerFacts({ system, client, own: host.own }),
    client.show(name, { runner }).catch(() => undefined),
  ]);
  return shown?.weightsFile === undefined ? undefined : readLaidOut(system, server, host.own, shown.weightsFile);
}

/** Whether a load came to nothing because Ollama still converts the model's file. */
async function isBeingConverted(settings: Settings, build: BuildName): Promise<boolean> {
  const system = getSystem();
  const [host, client] = [hostOf(system, settings), connect(system, settings)];
  if (host.kind !== "ok" || client === undefined) return false;
  const server = await readServerFacts({ system, client, own: host.own });
  return isPreparing(build, server);
}

/**
 * Copies the command that sets Ollama's default context, where no other model stops fitting by it, and says what it does
 * to the others.
 */
export async function copyDefaultContext(numCtx: number, others: readonly FitRow[]): Promise<void> {
  const moved = others.flatMap(({ input }) => {
    const now = input && judge({ ...input, options: { ...input.options, context: "default" } });
    return input && now?.run?.contextFollowsLimit ? [{ input, now }] : [];
  });
  const [lost, ...more] = moved.filter(
    ({ input, now }) => now.kind === "fits" && judgeAtContext(input, numCtx).kind !== "fits",
  );
  if (lost !== undefined) {
    await showToast({
      style: Toast.Style.Failure,
      title: "Not Copied: It Would Do Harm",
      message: `${listNames([lost, ...more].map(({ input }) => input.model.name))} wouldn't fit at ${formatContext(numCtx)}.`,
    });
    return;
  }
  await Clipboard.copy(launchctlContextCommand(numCtx));
  await showToast({
    style: Toast.Style.Success,
    title:
      moved.length === 0 ? "Copied to Clipboard" : `Copied: ${othersText(moved.length)} ${formatContext(numCtx)}, Too`,
    message: "Restart Ollama to use it. The app's slider overrides it.",
  });
}

const othersText = (count: number) => (count === 1 ? "1 Other Model Gets" : `${count} Other Models Get`);

/** Opens Terminal with the command on the clipboard: nothing runs before the person pastes it. */
export async function runInTerminal(command: string): Promise<void> {
  await Clipboard.copy(command);
  await open("/System/Applications/Utilities/Terminal.app");
  await showToast({
    style: Toast.Style.Success,
    title: "Paste the Command in Terminal",
    message: "It's on the clipboard.",
  });
}
