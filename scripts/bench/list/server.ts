/** A process of its own with a stand-in server: `server.ts COUNT FOLDER`. Prints its address once it answers. */
import { startStandInOllama } from "../../../test/stand-ins/ollama";
import { manyModels } from "../../../test/stand-ins/ollama/sample-models";

const [count, homeFolder] = process.argv.slice(2);
const server = await startStandInOllama({ models: manyModels(Number(count)), homeFolder, files: true });
process.once("SIGTERM", () => process.exit(0));
process.stdout.write(`${server.url}\n`);
