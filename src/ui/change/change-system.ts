import type { ApplyWorld } from "../../apply/execute-step";
import { MIB } from "../../fit/units";
import { stepAside } from "../shared/admin-prompt";
import { outcomeWords } from "../limit/limit-change";
import type { Settings } from "../../app/preferences";
import { appleSilicon, connect, type Situation } from "../../app/snapshot";
import { getWorld } from "../../app/system";

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
