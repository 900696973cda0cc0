import { isSetHere } from "../../app/limit-record";
import { getSystem } from "../../app/system";
import type { AppleSiliconMac } from "../../fit/facts";
import { readBootSettings } from "../../mac/boot-settings";
import { type AtStart, atStart } from "./boot-words";

/** Reads what sets the limit when this Mac starts. Never throws. */
export async function readAtStart(mac: AppleSiliconMac): Promise<AtStart> {
  const [settings, setHere] = await Promise.all([readBootSettings(getSystem()), isSetHere(mac)]);
  return atStart(settings, setHere);
}
