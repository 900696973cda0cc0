import { formatBytes } from "../units";
import type { Rule } from "./notice";
import { watchedKey } from "./watched";

/** A model counts as idle once no request has moved its time to unload for so long. */
const IDLE_MS = 2 * 60_000;

/** Memory pressure is critical while a model that nobody asks anything takes memory. */
export const criticalPressure: Rule = {
  needsServer: true,
  find: ({ at, loaded = [], isLocal, pressure }, before) => {
    if (!isLocal || pressure !== "critical") return [];
    return loaded.flatMap((model) => {
      const last = before.models.find(({ key }) => key === watchedKey(model));
      if (last === undefined || last.expiresAt !== model.expiresAt || at - last.since < IDLE_MS) return [];
      const minutes = Math.floor((at - last.since) / 60_000);
      return [
        {
          id: `pressure ${watchedKey(model)}`,
          title: `Memory Pressure Is Critical: ${model.name} Is Idle`,
          detail: `${model.name} ended no request for ${minutes} min. Unloading it frees ${formatBytes(model.sizeBytes)}.`,
          way: { kind: "unload", name: model.name, runner: model.runner },
        },
      ];
    });
  },
};
