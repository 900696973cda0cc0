import { homedir, hostname, networkInterfaces, userInfo } from "node:os";
import { execaRunner } from "../mac/execa-runner";
import type { Runner } from "../mac/runner";
import type { Pausing } from "../mac/wait";
import type { OwnNetwork } from "../ollama/host";
import { patientFetch } from "../ollama/patient-fetch";

/** Everything a command reaches outside itself. Tests and the preview put their own in its place. */
export interface System extends Pausing {
  readonly run: Runner;
  readonly fetch: typeof fetch;
  /** One that waits for an answer as long as it takes. Default: `fetch`. */
  readonly patientFetch?: typeof fetch;
  /** As `process.platform` and `process.arch` name them. */
  readonly platform: string;
  readonly arch: string;
  readonly homeFolder: string;
  readonly userId: number;
  /** What this Mac is called in its networks just now. */
  readonly network: () => OwnNetwork;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Does some work once after a while; what it gives back takes that back. Default: a timer. */
  readonly later?: (milliseconds: number, work: () => void) => () => void;
}

let system: System | undefined;

/** The system the commands act on: this Mac, unless {@link setSystem} put another in its place. */
export function getSystem(): System {
  system ??= {
    run: execaRunner,
    fetch: globalThis.fetch,
    patientFetch,
    platform: process.platform,
    arch: process.arch,
    homeFolder: homedir(),
    userId: userInfo().uid,
    network: readNetwork,
    env: process.env,
    now: () => new Date(),
  };
  return system;
}

function readNetwork(): OwnNetwork {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  return { hostname: hostname(), addresses: addresses.map(({ address }) => address.replace(/%.*$/, "")) };
}

/** Does some work once after a while, by the system's clock where it has one; the answer takes it back. */
export function later({ later: own }: System, milliseconds: number, work: () => void): () => void {
  if (own) return own(milliseconds, work);
  const timer = setTimeout(work, milliseconds);
  return () => clearTimeout(timer);
}

/** Puts another system in place, or with undefined this Mac again. */
export function setSystem(other: System | undefined): void {
  system = other;
}
