import type { ChangeSystem } from "../../apply/steps";
import { MIB } from "../../fit/units";
import { promptHooks } from "../shared/admin-prompt";
import { outcomeWords } from "../limit/limit-change";
import type { Settings } from "../../app/preferences";
import { appleSilicon, connect, type Snapshot } from "../../app/snapshot";
import { getSystem } from "../../app/system";

/** What the steps of a change act on; undefined where the host in the preferences isn't an address. */
export function changeSystem(settings: Settings, snapshot: Snapshot, signal?: AbortSignal): ChangeSystem | undefined {
  const system = getSystem();
  const client = connect(system, settings);
  if (client === undefined) return undefined;
  const mac = snapshot.isLocal ? appleSilicon(snapshot.machine) : undefined;
  return {
    ...system,
    client,
    ramMib: mac?.overrideMib === undefined ? undefined : Math.floor(mac.ramBytes / MIB),
    signal,
    ...promptHooks,
    limitWords: (outcome, askedMib) => outcomeWords(outcome, askedMib, mac?.overrideMib),
  };
}
