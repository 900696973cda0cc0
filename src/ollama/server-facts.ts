import type { RunnerCommandLine, ServerFacts } from "../fit/facts";
import type { ServerOrigin } from "../fit/server-origin";
import type { OllamaClient } from "./client";
import { type LoggedFacts, parseServerLog, present, readStartLog, whole } from "./server-log";

export { parseServerLog } from "./server-log";

export interface ServerFactsInput {
  readonly client: OllamaClient;
  readonly isLocal: boolean;
  readonly origin: ServerOrigin;
  readonly homeFolder: string;
  readonly runners: readonly RunnerCommandLine[];
  /** A variable of the user's launchd session: what a future launch gets. */
  readonly launchctlEnv: (name: string) => Promise<string | undefined>;
  /** Where Homebrew's service may log; default its two usual places. */
  readonly brewLogs?: readonly string[];
}

/**
 * Settings of the running server, best source first: its own start-up log, then the command line of a running
 * llama-server, then, marked as only likely and for what the log does not tell, the launchd session. A remote server
 * tells nothing but its version.
 */
export async function readServerFacts(input: ServerFactsInput): Promise<ServerFacts> {
  const { client, isLocal, origin, homeFolder, runners, launchctlEnv, brewLogs } = input;
  const version = await client.version().catch(() => undefined);
  const base = version === undefined ? {} : { version };
  if (!isLocal) return { ...base, origin: "remote", runners: [] };
  const log = await readStartLog(origin, homeFolder, brewLogs);
  const logged = log === undefined ? {} : parseServerLog(log, version);
  const session = await readSession(launchctlEnv);
  const likely = Object.keys(logged).length === 0 ? session : likelyBeside(log ?? "", session);
  return { ...base, ...likely, ...fromRunners(runners), ...logged, origin, runners };
}

/** A log tells every setting, but for the margin of fit before 0.30. */
function likelyBeside(log: string, { fitTargetMib }: LoggedFacts): LoggedFacts {
  return fitTargetMib === undefined || log.includes("LLAMA_ARG_FIT_TARGET:") ? {} : { fitTargetMib };
}

/** What a running llama-server shows of the settings that are the same for all models. */
function fromRunners(runners: readonly RunnerCommandLine[]): LoggedFacts {
  const source = "command line of the running model";
  const runner = runners[0];
  if (runner === undefined) return {};
  const { flashAttention } = runner;
  // Some architectures get one slot whatever is set, so only more than one says something of the server.
  const parallel = runners.find((one) => (one.parallel ?? 1) > 1)?.parallel;
  return present({
    // Ollama passes a type only where one is set.
    kvCacheType: { value: runner.kvCacheType ?? "", source },
    flashAttention: flashAttention && { value: flashAttention, source },
    parallel: parallel === undefined ? undefined : { value: parallel, source },
  });
}

async function readSession(launchctlEnv: ServerFactsInput["launchctlEnv"]): Promise<LoggedFacts> {
  const source = "launchctl, if Ollama was started after it was set";
  const number = async (name: string) => {
    const value = whole(await launchctlEnv(name));
    return value === undefined ? undefined : { value, source };
  };
  const [contextLength, parallel, gpuOverheadBytes, fitTargetMib, kvCacheType, flash] = await Promise.all([
    number("OLLAMA_CONTEXT_LENGTH"),
    number("OLLAMA_NUM_PARALLEL"),
    number("OLLAMA_GPU_OVERHEAD"),
    number("LLAMA_ARG_FIT_TARGET"),
    launchctlEnv("OLLAMA_KV_CACHE_TYPE"),
    launchctlEnv("OLLAMA_FLASH_ATTENTION"),
  ]);
  return present({
    contextLength,
    parallel: parallel?.value === 0 ? undefined : parallel,
    gpuOverheadBytes,
    fitTargetMib,
    kvCacheType: kvCacheType === undefined ? undefined : { value: kvCacheType, source },
    flashAttention: flash === undefined ? undefined : { value: /^(?:1|true|t)$/i.test(flash) ? "on" : "off", source },
  });
}
