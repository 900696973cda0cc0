import { inForceBytes } from "../limit-policy";
import { formatBytes } from "../units";
import type { Rule } from "./notice";
import { watchedKey } from "./watched";

/**
 * An MLX model has grown past the limit or the RAM. It's said when that makes the Mac swap (swap rises and pressure isn't
 * normal), and goes on until there's room again.
 */
export const mlxGrows: Rule = {
  word: "grows",
  isTold: ({ loaded, mac }) => loaded !== undefined && mac !== undefined,
  find: ({ loaded = [], mac, isLocal, pressure, swapUsedBytes }, before, isRaised) => {
    if (!isLocal || mac === undefined) return [];
    const most = Math.min(inForceBytes(mac.limit), mac.ramBytes);
    const total = loaded.reduce((sum, { vramBytes }) => sum + vramBytes, 0);
    const isPressed = pressure !== undefined && pressure !== "normal";
    const swaps = (swapUsedBytes ?? 0) > (before.swapUsedBytes ?? Infinity) && isPressed;
    return loaded.flatMap((model) => {
      const key = watchedKey(model);
      const id = `grows ${key}`;
      const last = before.models.find((one) => one.key === key)?.bytes;
      const grew = last !== undefined && model.sizeBytes > last;
      if (model.engine !== "mlx" || total <= most || !((grew && swaps) || isRaised(id))) return [];
      return [
        {
          id,
          title: `${model.name} Outgrows the GPU Limit`,
          detail: `${formatBytes(total)} of ${formatBytes(most)} is loaded, and the Mac ${isPressed ? "swaps" : "swapped when it grew"}. Shorten its prompts or unload it.`,
          way: { kind: "unload", name: model.name, runner: model.runner },
        },
      ];
    });
  },
};
