import type { Plugin } from "esbuild";

export const keepOwnUrl: Plugin;
