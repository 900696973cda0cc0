/** Opens the list once in a process of its own: `child.ts URL HOME-FOLDER CACHE-FOLDER COUNT`. Prints a measurement. */
import { setTimeout as sleep } from "node:timers/promises";
import { createElement, type ReactNode } from "react";
import { create } from "react-test-renderer";
import FitModels from "../../../src/fit-models-to-gpu-limit";
import { setSystem } from "../../../src/app/system";
import { createSampleMac } from "../../../test/stand-ins/mac";
import { List } from "../../../test/stand-ins/raycast";
import { desk, setPreferences } from "../../../test/stand-ins/raycast/desk";
import { counted } from "./counted-verdict";
import { DiskMap } from "./disk-map";
import type { Measurement } from "./measurement";

const [url = "", homeFolder = "", caches = "", count = ""] = process.argv.slice(2);
const models = Number(count);

for (const namespace of ["snapshot", "model-descriptions"]) {
  desk.caches.set(`com.raycast.api.cache/${namespace}`, new DiskMap(`${caches}/${namespace}`));
}
setPreferences({ ollamaHost: url });
let requests = 0;
const mac = createSampleMac({ homeFolder, ollamaAddress: new URL(url).host });
setSystem(
  mac.system({
    homeFolder,
    fetch: (...asked) => {
      requests += 1;
      return fetch(...asked);
    },
  }),
);

const start = performance.now();
const since = () => Math.round(performance.now() - start);
const times: Partial<Record<"rows" | "first" | "all", number>> = {};
const shown = new Map<string, boolean>();
let verdicts = 0;
let lastRender = start;

/** Notes what a row shows: a verdict is a coloured tag. */
function watched(Item: (props: Item) => ReactNode): (props: Item) => ReactNode {
  return (props) => {
    const { id, accessories = [] } = props;
    lastRender = performance.now();
    if (id !== undefined) {
      const hasVerdict = accessories.some(({ tag }) => typeof tag === "object");
      if (hasVerdict && shown.get(id) !== true) verdicts += 1;
      shown.set(id, hasVerdict);
      if (shown.size === models) times.rows ??= since();
      if (verdicts > 0) times.first ??= since();
      if (verdicts === models) times.all ??= since();
    }
    return createElement(Item, props);
  };
}

interface Item {
  readonly id?: string;
  readonly accessories?: readonly { readonly tag?: unknown }[];
}

const { Item } = List;
Object.assign(List, { Item: Object.assign(watched(Item as unknown as (props: Item) => ReactNode), Item) });

let longest = 0;
let turned = performance.now();
const heart = setInterval(() => {
  longest = Math.max(longest, performance.now() - turned);
  turned = performance.now();
}, 5);
const view = create(createElement(FitModels));
while (times.all === undefined || performance.now() - lastRender < 500) await sleep(10);
clearInterval(heart);
globalThis.gc?.();
await sleep(20);
globalThis.gc?.();

const measurement: Measurement = {
  rows: times.rows ?? 0,
  first: times.first ?? 0,
  all: times.all,
  longest: Math.round(longest),
  judgings: counted.judgings,
  requests,
  heapMb: process.memoryUsage().heapUsed / 1e6,
  rssMb: process.resourceUsage().maxRSS / 1e3,
};
console.log(JSON.stringify(measurement));
// Until here the view was open, so its heap is counted.
view.unmount();
process.exit(0);
