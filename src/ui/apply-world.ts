import type { ApplyWorld } from "../apply/perform";
import { MIB } from "../fit/units";
import { stepAside } from "./admin-prompt";
import { outcomeWords } from "./limit-change";
import type { Settings } from "./preferences";
import { appleSilicon, connect, type Situation } from "./situation";
import { getWorld } from "./world";

/** What the steps of a change act on; undefined where the host in the preferences is no address. */
export function applyWorld(settings: Settings, situation: Situation, signal?: AbortSignal): ApplyWorld | undefined {
  const world = getWorld();
  const client = connect(world, settings);
  if (client === undefined) return undefined;
  const mac = situation.isLocal ? appleSilicon(situation.machine) : undefined;
  return {
    ...world,
    client,
    ...(mac?.limitKey === undefined ? {} : { limit: { key: mac.limitKey, ramMib: Math.floor(mac.ramBytes / MIB) } }),
    ...(signal ? { signal } : {}),
    beforePrompt: stepAside,
    limitWords: (outcome, askedMib) => {
      const { title, message } = outcomeWords(outcome, askedMib, mac?.overrideMib);
      return `${title}. ${message}`;
    },
  };
}
