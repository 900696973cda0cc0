import { listAllNames } from "../../fit/model-name";
import { balanceRam, type RamBalance, usedByOthers } from "../../fit/ram";
import { formatBytes, MIB } from "../../fit/units";
import { type AppFootprint, quitApp, type QuitOutcome, readLargestApps } from "../../mac/apps";
import { readMemoryUse } from "../../mac/memory-status";
import { isAbsentOr, isListOf, isName, isPositive, isShape } from "../stored-fields";
import type { ChangeSystem, Note, StepKind, StepsInput } from "./step-kind";

/** An app by the folder it lies in: its processes may be others by the time it's asked. */
interface AppToClose {
  readonly name: string;
  readonly bundlePath: string;
}

interface CloseApps {
  readonly kind: "close-apps";
  readonly apps: readonly AppToClose[];
  /** What may be in use by everything at most once they're closed, in bytes; absent where that isn't known. */
  readonly mostUsedBytes?: number;
  /** What they likely hold of the GPU's memory that the model needs, in bytes; absent where that's nothing. */
  readonly gpuBytes?: number;
}

/** Never asked to quit, whoever ticks them: this extension runs in one, the models in another. */
const NEVER = /\/(?:Raycast[^/]*|Ollama|Finder)\.app$/;

const isApp = isShape<AppToClose>({ name: isName, bundlePath: isName });

/**
 * Asks apps to quit, as Command-Q does, each of which may ask to save something or refuse; nothing is forced. What refuses
 * stays open and the change goes on. The RAM is measured again afterwards.
 */
export const closeApps: StepKind<CloseApps> = {
  fields: { apps: isListOf(isApp), mostUsedBytes: isAbsentOr(isPositive), gpuBytes: isAbsentOr(isPositive) },
  leaves: "nothing",
  planned: (input) => {
    const apps = appsOf(input);
    const { gpuBytes } = input.option.changes.closeApps ?? {};
    return apps.length === 0 ? [] : [{ kind: "close-apps", apps, mostUsedBytes: mostUsedBytes(input), gpuBytes }];
  },
  title: () => "Closing Apps",
  text: ({ apps }) => {
    const [who, forced] = apps.length === 1 ? ["it", "it isn't"] : ["each", "none is"];
    return `Ask ${listAllNames(apps.map(({ name }) => name))} to quit: ${who} asks about unsaved work, ${forced} forced, and macOS asks once per app whether Raycast may.`;
  },
  failedText: () => "The Apps Weren't Closed",
  look: "unseen",
  run: async (system, { apps, mostUsedBytes: most, gpuBytes }) => {
    const running = await readLargestApps(system);
    const refused: string[] = [];
    let explanation: string | undefined;
    for (const { name, bundlePath } of apps) {
      if (system.signal?.aborted)
        return { kind: "cancelled", reason: "Stopped before the next app.", isHarmless: true };
      const app = running.find((each) => each.bundlePath === bundlePath);
      const outcome = app && (await quit(system, app));
      if (outcome !== undefined && outcome.kind !== "quit") refused.push(name);
      if (outcome?.kind === "not-permitted") explanation = outcome.explanation;
    }
    const note = noteOf(refused, await ramNow(system, most), gpuBytes);
    return { kind: "done", note: note && { ...note, more: explanation } };
  },
  undoUnseen: () => [],
};

/** What the model will need against what the rest uses now; undefined where that can't be read. */
async function ramNow(system: ChangeSystem, most: number | undefined): Promise<RamBalance | undefined> {
  const [{ usedBytes }, loaded] = await Promise.all([readMemoryUse(system), system.client.loaded().catch(() => [])]);
  if (usedBytes === undefined || most === undefined || system.ramMib === undefined) return undefined;
  const ramBytes = system.ramMib * MIB;
  const use = { ramBytes, reserveBytes: 0, othersBytes: usedByOthers(usedBytes, loaded) };
  return balanceRam(use, ramBytes - most);
}

async function quit(system: ChangeSystem, app: AppFootprint): Promise<QuitOutcome> {
  return app.kind !== "app" || NEVER.test(app.bundlePath ?? "") ? { kind: "declined" } : quitApp(system, app);
}

/** What a person has to know where an app stays open, or where the RAM is short all the same. */
function noteOf(refused: readonly string[], ram: RamBalance | undefined, gpuBytes = 0): Note | undefined {
  const [first = "", ...more] = refused;
  const open = more.length === 0 ? `${first.slice(0, 20)} Is Still Open` : `${refused.length} Apps Are Still Open`;
  const short = ram && `RAM is still ${formatBytes(ram.shortBytes)} short`;
  if (ram?.kind === "swaps") {
    return { kind: "swaps", title: first === "" ? "RAM Is Still Short" : open, message: `${short}.` };
  }
  if (first === "") return undefined;
  if (gpuBytes > 0) {
    return {
      kind: "trouble",
      title: open,
      message: `${formatBytes(gpuBytes)} of the GPU's memory is likely still held.`,
    };
  }
  const message =
    ram === undefined
      ? "Couldn't read whether there's enough RAM now."
      : ram.kind === "enough"
        ? "There's enough RAM all the same."
        : `${short}: macOS compresses what idle apps hold.`;
  return { kind: "remark", title: open, message };
}

/** The apps that a person ticked; until then those that the plan names. */
function appsOf({ option, closing = option.changes.closeApps?.apps }: StepsInput): readonly AppToClose[] {
  return (closing ?? []).flatMap(({ name, bundlePath }) =>
    bundlePath === undefined || NEVER.test(bundlePath) ? [] : [{ name, bundlePath }],
  );
}

/** Before the model is loaded, everything else may use the RAM less what the model needs. */
function mostUsedBytes({ option: { after } }: StepsInput): number | undefined {
  const room = after.ram && after.ram.ramBytes - after.ram.needBytes;
  return room !== undefined && room > 0 ? room : undefined;
}
