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
 * limit of the Mac anew.
 */
export function joinOllama(mac: StandInMac, server: StandInOllama): Joined {
  let change: Promise<void> = Promise.resolve();
  mac.onOllama = (event) => {
    change = change.then(() =>
      event === "stopped" ? server.stop() : server.restart({ totalVramBytes: mac.limitBytes() }),
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
