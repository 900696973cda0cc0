/** What the Store asks for and isn't there yet. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pngSize } from "./png-size";

/** The Store's sizes and numbers of screenshots. */
const SCREENSHOT = { width: 2000, height: 1250, least: 3, most: 6 } as const;
/** Stands in package.json until somebody publishes. */
const NO_HANDLE = "gpu-limit";

/** What's left to do before the extension in `root` can be published, a sentence each. */
export function leftToPublish(root: string): readonly string[] {
  return [...handle(root), ...screenshots(root), ...changelog(root), ...byHand(root)];
}

function handle(root: string): readonly string[] {
  const { author } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly author?: unknown };
  return typeof author === "string" && author !== "" && author !== NO_HANDLE
    ? []
    : ["Put your Raycast handle into package.json as author: it's a placeholder now."];
}

function screenshots(root: string): readonly string[] {
  const folder = join(root, "metadata");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".png")) : [];
  const { width, height, least, most } = SCREENSHOT;
  const count =
    names.length < least
      ? [`Make at least ${least} screenshots on a Mac, ${width} by ${height}, in metadata/: there are ${names.length}.`]
      : names.length > most
        ? [`Leave at most ${most} screenshots in metadata/: there are ${names.length}.`]
        : [];
  return [...count, ...names.flatMap((name) => wrongSize(join(folder, name), `metadata/${name}`))];
}

function wrongSize(path: string, name: string): readonly string[] {
  try {
    const { width, height } = pngSize(path);
    if (width === SCREENSHOT.width && height === SCREENSHOT.height) return [];
    return [`Make ${name} again: it's ${width} by ${height}, not ${SCREENSHOT.width} by ${SCREENSHOT.height}.`];
  } catch {
    return [`Make ${name} again: it isn't a PNG.`];
  }
}

function changelog(root: string): readonly string[] {
  const [, newest = ""] = /^## (.*)$/m.exec(readFileSync(join(root, "CHANGELOG.md"), "utf8")) ?? [];
  return /^\[.+\] - \{PR_MERGE_DATE\}$/.test(newest)
    ? []
    : ["Begin the newest entry of CHANGELOG.md with ## [What It Brings] - {PR_MERGE_DATE}."];
}

/** The lines of the list in docs/store.md that nobody has ticked. */
function byHand(root: string): readonly string[] {
  const text = readFileSync(join(root, "docs", "store.md"), "utf8");
  return [...text.matchAll(/^- \[ \] (.+)$/gm)].map(([, line = ""]) => `By hand: ${line}`);
}
