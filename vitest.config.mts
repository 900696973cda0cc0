import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Tests of pure code, which leave nothing behind: many can follow each other in one process. */
const PURE = "test/{fit,memory}/**/*.test.ts";

/** What plays whole worlds is small and takes longest: begun last, it would end alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => /\/test\/(?:words|worlds\/worlds)\.test\.ts$/.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const shared: TestProjectInlineConfiguration = {
  resolve: {
    alias: { "@raycast/api": fileURLToPath(new URL("./test/stand-ins/raycast/index.ts", import.meta.url)) },
    dedupe: ["react"],
  },
  test: {
    server: { deps: { inline: ["@raycast/utils"] } },
    setupFiles: "test/support/seed.ts",
    restoreMocks: true,
    // Properties and slow scans take their time on a busy machine; nothing here is about speed.
    testTimeout: 60_000,
  },
};

export default defineConfig({
  test: {
    projects: [
      { ...shared, test: { ...shared.test, name: "apart", include: ["test/**/*.test.{ts,tsx}"], exclude: [PURE] } },
      { ...shared, test: { ...shared.test, name: "pure", include: [PURE], isolate: false } },
    ],
    sequence: { sequencer: LongestFirst },
    // By default one core is left free, which on a machine of two is half of it; and tests wait a quarter of their time.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
  },
});
