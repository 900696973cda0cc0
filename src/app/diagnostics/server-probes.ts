import type { ServerFacts } from "../../fit/facts";
import { ownServer } from "../../fit/server-origin";
import { formatBytes, formatContext } from "../../fit/units";
import { describeModel, modelsFolders } from "../../ollama/model-source";
import { findForbidden } from "../../ollama/models-folder";
import { OllamaProblem } from "../../ollama/problems";
import { readServerFacts } from "../../ollama/server-facts";
import { needsArrays } from "../../memory/estimate";
import { type Finding, finding, type Probe, type ProbeInput, skip } from "./probe";

/** Facts of a server of this Mac, or why there are none to look at. */
async function factsOf({ system, client, host }: ProbeInput): Promise<ServerFacts | Finding> {
  if (client === undefined || host.kind === "invalid") return skip("The host in the preferences isn't an address.");
  if (host.own === undefined) return skip("The host in the preferences is another machine.");
  const answers = await client.version().catch(() => undefined);
  if (answers === undefined) return skip("No Ollama answers at the host in the preferences.");
  return readServerFacts({ system, client, own: host.own });
}

/** What the product reads of Ollama. */
export const SERVER_PROBES = {
  server: {
    title: "Ollama's Answers",
    look: async ({ client }) => {
      if (client === undefined) return skip("The host in the preferences isn't an address.");
      try {
        const [version, models, loaded] = [await client.version(), await client.models(), await client.loaded()];
        return finding(
          `Ollama ${version ?? "of unknown version"}, ${models.length} models, ${loaded.length} loaded`,
          version === undefined && "A version was expected.",
        );
      } catch (error) {
        if (!(error instanceof OllamaProblem)) throw error;
        return error.kind === "not-running" ? skip(error.message) : finding(error.kind, error.message);
      }
    },
  },
  identity: {
    title: "Which Process Answers (lsof, ps)",
    shows: /^[pcn][^/]|^\s*\d+ +\d+ .*ollama/i,
    look: async (input) => {
      const facts = await factsOf(input);
      if ("kind" in facts) return facts;
      const { kind, ...rest } = facts.identity;
      return finding(
        `${kind} ${Object.entries(rest)
          .map(([name, value]) => `${name} ${String(value)}`)
          .join(", ")}`,
        kind === "unknown" && "The process that listens there was expected to be found.",
      );
    },
  },
  log: {
    title: "Log of the Server",
    shows: /stderr path/,
    look: async (input) => {
      const facts = await factsOf(input);
      if ("kind" in facts) return facts;
      const { identity, startupTotalBytes: total, tierNumCtx: tier, contextLength, kvCacheType } = facts;
      const server = ownServer(identity);
      if (server === undefined || server.kind === "terminal" || server.kind === "program") {
        return skip("A server that a shell or another program started has no log of its own.");
      }
      return finding(
        [
          `total ${total === undefined ? "?" : formatBytes(total.value, 1)}`,
          `default context ${tier === undefined ? "?" : formatContext(tier.value)}`,
          `OLLAMA_CONTEXT_LENGTH ${contextLength?.value ?? "?"}`,
          `OLLAMA_KV_CACHE_TYPE ${kvCacheType?.value || "not set"}`,
        ].join(", "),
        total === undefined && "No GPU total: its last start isn't in the log, or has another form.",
        (contextLength === undefined || contextLength.likely === true) && "No settings of its last start.",
      );
    },
  },
  runners: {
    title: "Command Line of a Loaded Model (ps)",
    shows: /llama-server/,
    look: async (input) => {
      const facts = await factsOf(input);
      if ("kind" in facts) return facts;
      const [models = [], loaded = []] = await Promise.all([input.client?.models(), input.client?.loaded()]);
      const isGguf = ({ digest }: { digest: string }) =>
        models.some((one) => one.digest === digest && one.format === "gguf");
      if (!loaded.some(isGguf)) return skip("No GGUF model is loaded.");
      const [runner] = facts.runners;
      return finding(
        runner === undefined
          ? "no runner"
          : `-c ${runner.totalContext ?? "?"}, -np ${runner.parallel ?? "?"}, -b ${runner.batch ?? "?"}`,
        runner?.totalContext === undefined && "A llama-server with -c was expected among the server's children.",
      );
    },
  },
  metadata: {
    title: "Metadata of a Model (show, and its file)",
    look: async (input) => {
      const { client, system, settings, host, exchanges } = input;
      if (client === undefined || host.kind === "invalid") return skip("The host in the preferences isn't an address.");
      const models = await client.models().catch(() => []);
      const [model] = models
        .filter(({ format, cloud }) => format === "gguf" && !cloud)
        .toSorted((a, b) => a.sizeBytes - b.sizeBytes);
      if (model === undefined) return skip("There's no GGUF model, or no Ollama answers.");
      const before = exchanges.length;
      const plain = await client.show(model.name);
      const verbose = await client.show(model.name, { verbose: true });
      const [first, second] = exchanges.slice(before);
      const folders = modelsFolders(system.homeFolder, system.env, settings.modelsFolder);
      const isLocal = host.own !== undefined;
      const described = await describeModel({ client, model, isLocal, modelsFolders: folders, needsArrays });
      const tensors = verbose.metadata.tensors.length;
      return finding(
        `${model.name}: plain ${formatBytes(first?.bytes ?? 0)}, ${plain.metadata.tensors.length} tensors; verbose ${formatBytes(second?.bytes ?? 0)}, ${tensors} tensors; read from ${described.metadataSource}`,
        tensors === 0 && "Verbose show was expected to list tensors.",
        !plain.metadata.values.has("general.architecture") && "An architecture was expected.",
      );
    },
  },
  files: {
    title: "Permission to Read the Models",
    look: async (input) => {
      const facts = await factsOf(input);
      if ("kind" in facts) return facts;
      const forbidden = await findForbidden(input.system, facts, input.settings.modelsFolder);
      return finding(
        forbidden === undefined ? "nothing is kept from Raycast" : forbidden,
        forbidden !== undefined && "Allow it in Privacy & Security, Files & Folders.",
      );
    },
  },
} satisfies Record<string, Probe>;
