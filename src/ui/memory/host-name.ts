import type { Snapshot } from "../../app/snapshot";

/** The machine that Ollama runs on, as its address names it. */
export function hostName({ url }: Snapshot): string {
  return url === undefined ? "another machine" : new URL(url).hostname;
}
