import raycast from "@raycast/eslint-config";
import { defineConfig, globalIgnores } from "eslint/config";

/** `ray lint`, which looks at src, lets warnings pass. */
const asErrors = (rules) =>
  Object.fromEntries(
    Object.entries(rules).map(([name, level]) => [name, level === "warn" || level === 1 ? "error" : level]),
  );

export default defineConfig([
  globalIgnores(["dist/", "node_modules/", "coverage/", "raycast-env.d.ts"]),
  ...raycast.map((part) => (part.rules === undefined ? part : { ...part, rules: asErrors(part.rules) })),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
]);
