import type { OllamaClient } from "../../ollama/client";
import type { Host } from "../../ollama/host";
import type { Settings } from "../preferences";
import type { System } from "../system";
import type { Exchange } from "./recorder";

/** What a probe acts on: the system notes what it's used for. */
export interface ProbeInput {
  readonly system: System;
  readonly settings: Settings;
  readonly host: Host;
  /** Absent where the host isn't an address. */
  readonly client?: OllamaClient;
  /** The requests that this probe has made so far. */
  readonly exchanges: readonly Exchange[];
}

/** What a probe found. */
export type Finding =
  | { readonly kind: "pass"; readonly made: string }
  /** `wrong` says what was expected, a sentence each. */
  | { readonly kind: "fail"; readonly made: string; readonly wrong: readonly string[] }
  /** There's nothing here to look at. */
  | { readonly kind: "skip"; readonly why: string };

/** One thing that the product reads, held against what it should be. It changes nothing. */
export interface Probe {
  readonly title: string;
  readonly look: (input: ProbeInput) => Promise<Finding>;
  /** Lines of raw output that are worth a look, where not all are. */
  readonly shows?: RegExp;
}

/** Passes where nothing is wrong. */
export function finding(made: string, ...wrong: readonly (string | false | undefined)[]): Finding {
  const found = wrong.filter((one) => typeof one === "string");
  return found.length === 0 ? { kind: "pass", made } : { kind: "fail", made, wrong: found };
}

export const skip = (why: string): Finding => ({ kind: "skip", why });
