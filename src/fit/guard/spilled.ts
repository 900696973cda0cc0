import { formatContext, formatPercent } from "../units";
import type { Rule } from "./notice";
import { unplannedContext } from "./unplanned-context";
import { watchedKey } from "./watched";

/** A part of a loaded model is on the CPU. MLX moves nothing there. */
export const spilled: Rule = {
  word: "spilled",
  isTold: ({ loaded }) => loaded !== undefined,
  find: (watched) =>
    (watched.loaded ?? [])
      .filter(({ engine, sizeBytes, vramBytes }) => !watched.hasNoGpu && engine !== "mlx" && vramBytes < sizeBytes)
      .map((model) => {
        const context = unplannedContext(watched, model);
        const because =
          context === undefined
            ? ""
            : ` It's loaded at ${formatContext(context.now)}, not ${formatContext(context.planned)}.`;
        const share = formatPercent(model.use.cpuShare);
        return {
          id: `spilled ${watchedKey(model)}`,
          title: `${model.name} Spilled`,
          detail: `${share === "0%" ? "Less than 1%" : share} of it is on the CPU, which is slow.${because}`,
          way: { kind: "make-it-fit", name: model.name, runner: model.runner },
        };
      }),
};
