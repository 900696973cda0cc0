import { readLaunchctlEnv } from "../mac/ollama-service";
import { firstAnswering, listeningAddresses, type SearchSystem } from "./listening-address";
import { appLog } from "./server-facts";
import { readLoggedAddress } from "./server-log";

/**
 * An address of this Mac other than `url` at which Ollama answers: where one of this user's servers listens, where
 * OLLAMA_HOST of the session says, where the app's log says. Undefined where none does. Never throws.
 */
export async function findOtherAddress(system: SearchSystem, url: string): Promise<string | undefined> {
  const [listening, session, logged] = await Promise.all([
    listeningAddresses(system),
    readLaunchctlEnv(system, "OLLAMA_HOST"),
    readLoggedAddress(appLog(system.homeFolder)),
  ]);
  return firstAnswering(
    system,
    url,
    [...listening, session, logged].filter((text) => text !== undefined),
  );
}
