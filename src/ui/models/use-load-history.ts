import { usePromise } from "@raycast/utils";
import { type LoadHistory, readLoadHistory } from "../../apply/load-history";
import { localStorage } from "../../app/local-storage";

const NOTHING: LoadHistory = new Map();

/** The loads that were verified on this Mac, by the digest of the model. */
export function useLoadHistory(): { readonly history: LoadHistory; readonly refresh: () => void } {
  const { data, revalidate } = usePromise(() => readLoadHistory(localStorage), []);
  return { history: data ?? NOTHING, refresh: revalidate };
}
