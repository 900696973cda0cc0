import { usePromise } from "@raycast/utils";
import { isSetHere } from "../../app/limit-record";
import { getSystem } from "../../app/system";
import type { AppleSiliconMac } from "../../fit/facts";
import { readBootSettings } from "../../mac/boot-settings";
import { type AtStart, atStart } from "./boot-words";

/** What sets the limit when this Mac starts; undefined until it's read. It's read again with the Mac. */
export function useAtStart(mac: AppleSiliconMac | undefined) {
  const { data: start, isLoading, revalidate } = usePromise(readAtStart, [mac]);
  return { start, isLoading, readAgain: () => void revalidate() };
}

async function readAtStart(mac: AppleSiliconMac | undefined): Promise<AtStart | undefined> {
  if (mac === undefined) return undefined;
  const [settings, setHere] = await Promise.all([readBootSettings(getSystem()), isSetHere(mac)]);
  return atStart(settings, setHere);
}
