import type { Changes } from "../../../src/fit/plan/changes";
import { GIB } from "../../../src/fit/units";
import { described, measured, planFor, published } from "../inputs";

/** One of each: a change without a sample is a type error. */
export const SAMPLES: { readonly [K in keyof Changes]-?: NonNullable<Changes[K]> } = {
  build: {
    quantization: "Q3_K_M",
    name: "qwen3-coder-next:q3_K_M",
    weightBytes: 36 * GIB,
    downloadBytes: 36 * GIB,
    steps: 2,
    loss: "a loss of quality that shows on hard tasks",
  },
  otherBuild: { input: planFor("qwen3-8b", 64, 26).input },
  pullBuild: published("qwen3.8:27b", 17 * GIB, described(measured("qwen3-8b").header), { runner: "llamacpp" }),
  keepAlive: 60,
  limitMib: 56 * 1024,
  numCtx: 32_768,
  clientContext: 203_264,
  unload: ["big:latest"],
  closeApps: { bytes: 4 * GIB, apps: [{ name: "Xcode", bundlePath: "/Applications/Xcode.app", bytes: 4 * GIB }] },
  parallel: 1,
  kvCacheType: "q8_0",
};
