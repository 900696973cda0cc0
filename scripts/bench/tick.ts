import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { LaunchProps } from "@raycast/api";
import { createElement, type FunctionComponent } from "react";
import ShowGpuMemory from "../../src/show-gpu-memory";
import ShowGpuMemoryInMenuBar from "../../src/show-gpu-memory-in-menu-bar";
import { resetRaycast, setPreferences } from "../../test/stand-ins/raycast/desk";
import { renderCommand } from "../../test/support/screen";
import { buildWorld } from "../../test/worlds/support/build";
import { worldPath } from "../../test/worlds/support/run-world";
import { readWorld } from "../../test/worlds/support/schema";
import { bundleShare } from "../bundle-share.mjs";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const OPENINGS = [
  { title: "a tick of the menu bar", name: "show-gpu-memory-in-menu-bar", launchType: "background" },
  { title: "the menu, opened", name: "show-gpu-memory-in-menu-bar", launchType: "userInitiated" },
  { title: "Show GPU Memory", name: "show-gpu-memory", launchType: "userInitiated" },
] as const;

const VIEWS: Readonly<Record<(typeof OPENINGS)[number]["name"], FunctionComponent<LaunchProps>>> = {
  "show-gpu-memory-in-menu-bar": ShowGpuMemoryInMenuBar,
  "show-gpu-memory": ShowGpuMemory,
};

/** What a tick costs, beside what the view costs that shows the same: on the sample, whose programs answer at once. */
export async function benchTick(root: string): Promise<void> {
  console.log("\nMenu bar (sample world)");
  for (const { title, name, launchType } of OPENINGS) {
    const path = worldPath("sample");
    const world = readWorld(path);
    const built = await buildWorld(world, path);
    try {
      setPreferences(world.preferences);
      const [server] = built.servers.values();
      const before = server?.requests.length ?? 0;
      collectGarbage();
      const heap = process.memoryUsage().heapUsed;
      const start = performance.now();
      const props = { launchType, arguments: {} } as unknown as LaunchProps;
      const screen = await renderCommand(createElement(VIEWS[name], props), {
        command: name,
        launchType,
        system: built.system,
      });
      const ms = performance.now() - start;
      const grown = (process.memoryUsage().heapUsed - heap) / 1e6;
      const counts = `programs ${built.mac.calls.length}, requests ${(server?.requests.length ?? 0) - before}`;
      await screen.close();
      const { whole, own } = await bundleShare(`src/${name}.tsx`, root);
      const bytes = `bundle ${(whole / 1024).toFixed(0)} KiB, ${(own / 1024).toFixed(0)} of its own`;
      console.log(`  ${title.padEnd(24)} ${counts}, ${ms.toFixed(0)} ms, ${grown.toFixed(1)} MB of heap, ${bytes}`);
    } finally {
      resetRaycast();
      await built.close();
    }
  }
}
