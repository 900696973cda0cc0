import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** A bundled file still knows where its source lies. */
export const keepOwnUrl = {
  name: "keep-own-url",
  setup(setup) {
    setup.onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
      if (path.includes("node_modules")) return undefined;
      const source = readFileSync(path, "utf8");
      if (!source.includes("import.meta.url")) return undefined;
      const contents = source.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href));
      return { contents, loader: path.endsWith("x") ? "tsx" : "ts" };
    });
  },
};
