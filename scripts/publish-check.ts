/** Says what's left to do before the extension can go to the Store: `npm run publish-check`. */
import { leftToPublish } from "./publish-list";

const left = leftToPublish(process.cwd());
process.stdout.write(
  left.length === 0
    ? "Nothing is left to do. What goes into the pull request: docs/store.md\n"
    : `Left to do, most of it on a Mac (docs/store.md says more):\n${left.map((line) => `- ${line}`).join("\n")}\n`,
);
process.exitCode = left.length === 0 ? 0 : 1;
