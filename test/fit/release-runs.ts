import type { Runtime } from "../../src/memory/settings";

/** What each release was seen to run; 0.33.1, 0.33.2 and those from 0.35 on were not. The first two are held against both. */
export const RUNS: Readonly<Record<string, readonly Runtime[]>> = {
  "0.30.0": ["b10488"],
  "0.31.2": ["b10488"],
  "0.32.1": ["b10488"],
  "0.33.0": ["b10488"],
  "0.33.1": ["b10488", "v0.5.0"],
  "0.33.2": ["b10488", "v0.5.0"],
  "0.33.3": ["v0.5.0"],
  "0.34.0": ["v0.5.0"],
  "0.34.2": ["v0.5.0"],
  "0.35.1": ["v0.5.0"],
  "0.40.0": ["v0.5.0"],
  "0.40.2": ["v0.5.0"],
  "0.40.15": ["v0.5.0"],
};
