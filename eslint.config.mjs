import raycast from "@raycast/eslint-config";
import { defineConfig, globalIgnores } from "eslint/config";

export default defineConfig([globalIgnores(["dist/", "node_modules/", "coverage/", "raycast-env.d.ts"]), ...raycast]);
