import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Cache } from "@raycast/api";
import { rowJudge } from "../../src/app/judge-rows";
import type { Settings } from "../../src/app/preferences";
import type { Snapshot } from "../../src/app/snapshot";
import { isSnapshot, storedSnapshot, storeSnapshot } from "../../src/app/stored-snapshot";
import { adviseLimit, limitInForce } from "../../src/fit/limit-policy";
import { runSteps } from "../../src/fit/steps";
import { GIB } from "../../src/fit/units";
import { badgeText } from "../../src/fit/verdict-text";
import { described, installed, measured, SERVER } from "../fit/inputs";
import { desk, resetRaycast } from "../stand-ins/raycast/desk";

const settings: Settings = { host: "http://127.0.0.1:11434", judge: { context: "effective" }, faults: [] };
const mac = {
  kind: "apple-silicon",
  ramBytes: 64 * GIB,
  macos: { major: 26, text: "26.1" },
  overrideMib: 57_344,
  metal: { workingSetBytes: 56 * GIB, maxBufferBytes: 40 * GIB },
} as const;
const models = ["qwen3-8b", "gemma3-27b"].map((name) => installed(measured(name)));
const descriptions = new Map(
  ["qwen3-8b", "gemma3-27b"].map((name) => [`digest of ${name}`, described(measured(name).header)]),
);
const snapshot: Snapshot = {
  machine: mac,
  limit: limitInForce(mac),
  advice: adviseLimit(mac),
  url: settings.host,
  isLocal: true,
  state: { kind: "answering" },
  server: SERVER,
  models,
  loaded: [{ name: "qwen3:8b", digest: "digest of qwen3-8b", sizeBytes: 9e9, vramBytes: 9e9, contextLength: 40_960 }],
};

const judgeAll = (given: Snapshot) =>
  runSteps(rowJudge()(given, descriptions, settings.judge).steps).map(({ verdict }) => verdict && badgeText(verdict));

beforeEach(resetRaycast);

describe("a snapshot that was stored", () => {
  it("comes back as it was, for its own host only", () => {
    storeSnapshot(settings, snapshot);
    expect(storedSnapshot(settings)).toEqual(snapshot);
    expect(storedSnapshot({ ...settings, host: "http://other:11434" })).toBeUndefined();
  });

  it("isn't believed where a part is gone or of another kind, so that no screen trips over it", () => {
    const text = JSON.stringify(snapshot);
    const paths: (readonly (string | number)[])[] = [];
    const walk = (value: unknown, path: readonly (string | number)[]): void => {
      if (path.length > 0) paths.push(path);
      if (typeof value !== "object" || value === null) return;
      for (const [key, each] of Object.entries(value)) walk(each, [...path, Array.isArray(value) ? Number(key) : key]);
    };
    walk(snapshot, []);
    const junk = fc.constantFrom<unknown>(undefined, null, 0, "", "x", [], {}, [null], { kind: "x" }, true, -1);
    fc.assert(
      fc.property(fc.constantFrom(...paths), junk, (path, value) => {
        const changed = JSON.parse(text) as Record<string, unknown>;
        const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as never, changed);
        parent[path.at(-1) ?? ""] = value;
        const back: unknown = JSON.parse(JSON.stringify(changed));
        if (isSnapshot(back)) expect(() => judgeAll(back)).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
    expect(isSnapshot(JSON.parse(text))).toBe(true);
    for (const field of ["machine", "limit", "isLocal", "state", "server", "models", "loaded"]) {
      expect(isSnapshot({ ...JSON.parse(text), [field]: undefined })).toBe(false);
      storeSnapshot(settings, { ...snapshot, [field]: undefined });
      expect(storedSnapshot(settings), field).toBeUndefined();
    }
  });

  it("cut at any byte, or of another version, is none", () => {
    storeSnapshot(settings, snapshot);
    const cache = new Cache({ namespace: "snapshot" });
    const text = cache.get(settings.host) ?? "";
    for (let end = 0; end < text.length; end += 1) {
      cache.set(settings.host, text.slice(0, end));
      expect(storedSnapshot(settings)).toBeUndefined();
    }
    cache.set(settings.host, text.replace(/"format":\d+/, '"format":999'));
    expect(storedSnapshot(settings)).toBeUndefined();
  });

  it("costs nothing but time where the disk is full or the store can't be read", () => {
    desk.isDiskFull = true;
    expect(() => storeSnapshot(settings, snapshot)).not.toThrow();
    desk.isDiskFull = false;
    storeSnapshot(settings, snapshot);
    vi.spyOn(desk.caches, "get").mockImplementationOnce(() => {
      throw new Error("EACCES: permission denied");
    });
    expect(storedSnapshot(settings)).toBeUndefined();
  });
});
