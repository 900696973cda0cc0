import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: { "@raycast/api": fileURLToPath(new URL("./test/stand-ins/raycast/index.ts", import.meta.url)) },
    dedupe: ["react"],
  },
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    server: { deps: { inline: ["@raycast/utils"] } },
    setupFiles: "test/support/seed.ts",
    restoreMocks: true,
    // By default one core is left free, which on a machine of two is half of it; and tests wait a quarter of their time.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    // Properties and slow scans take their time on a busy machine; nothing here is about speed.
    testTimeout: 60_000,
  },
});
