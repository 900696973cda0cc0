import { LocalStorage } from "@raycast/api";
import type { Storage } from "../apply/storage";

/** What the extension keeps on this Mac: the journal of a change and the loads that were verified. */
export const localStorage: Storage = {
  get: async (key) => {
    const value = await LocalStorage.getItem(key);
    return typeof value === "string" ? value : undefined;
  },
  set: (key, text) => LocalStorage.setItem(key, text),
  remove: (key) => LocalStorage.removeItem(key),
};
