import { formatBytes } from "../units";
import type { Rule } from "./notice";
import { type WatchedModel, watchedKey, watchedTitle } from "./watched";

/** A model seems idle once nothing has shown for so long that it works. */
const IDLE_MS = 2 * 60_000;

/** Memory pressure is critical while a model that nobody seems to ask anything takes memory. */
export const criticalPressure: Rule = {
  word: "pressure",
  isTold: ({ loaded, pressure }) => loaded !== undefined && pressure !== undefined,
  find: ({ at, loaded = [], isLocal, pressure }, before) => {
    if (!isLocal || pressure !== "critical") return [];
    return loaded.flatMap((model) => {
      const last = before.models.find(({ key }) => key === watchedKey(model));
      if (last === undefined || last.expiresAt !== model.expiresAt || last.bytes !== model.sizeBytes) return [];
      if (at - last.since < IDLE_MS || isBusy(model, at)) return [];
      const minutes = Math.floor((at - last.since) / 60_000);
      const title = watchedTitle(model, loaded);
      return [
        {
          id: `pressure ${watchedKey(model)}`,
          title: `Memory Pressure Is Critical: ${title} Seems Idle`,
          detail: `No request to ${title} has ended for ${minutes} min. Unloading it frees ${formatBytes(model.sizeBytes)}.`,
          way: { kind: "unload", name: model.name, runner: model.runner },
        },
      ];
    });
  },
};

/** While it answers, Ollama stops its time to unload, which then passes (server/sched.go). */
const isBusy = ({ expiresAt }: WatchedModel, at: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= at;
