import { usePromise } from "@raycast/utils";
import type { AppleSiliconMac } from "../../fit/facts";
import { readAtStart } from "./read-at-start";

/** What sets the limit when this Mac starts; undefined until it's read. It's read again with the Mac. */
export function useAtStart(mac: AppleSiliconMac | undefined) {
  const read = async (of: AppleSiliconMac | undefined) => (of === undefined ? undefined : readAtStart(of));
  const { data: start, isLoading, revalidate } = usePromise(read, [mac]);
  return { start, isLoading, readAgain: () => void revalidate() };
}
