import type { StandInMac } from "./mac";
import type { StandInOllama } from "./ollama";

export interface Joined {
  /** As fetch, but a request waits until the server is as down or up as its process. */
  readonly fetch: typeof fetch;
  /** Resolves when the server has followed its process. */
  readonly settled: () => Promise<void>;
}

/**
 * Makes the server go down and come up with the `ollama serve` process of the Mac; each time it comes up it measures the
 * limit of the Mac anew and reads the variables of its session, which go over its own.
 */
export function joinOllama(
  mac: StandInMac,
  server: StandInOllama,
  ownEnv: Readonly<Record<string, string>> = {},
): Joined {
  let change: Promise<void> = Promise.resolve();
  mac.onOllama = (event) => {
    change = change.then(() =>
      event === "stopped"
        ? server.stop()
        : server.restart({
            totalVramBytes: mac.limitBytes(),
            // The app hands on the variables of the session; other servers have their own.
            env: { ...ownEnv, ...Object.fromEntries(mac.launchctlEnv) },
          }),
    );
  };
  const settled = () => change;
  return {
    fetch: async (input, init) => {
      await settled();
      return fetch(input, init);
    },
    settled,
  };
}
