import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dismiss, look, NOTICE_KINDS } from "../../src/fit/guard";
import { type HistoryPart, sparkline, sumOf, withLook } from "../../src/fit/guard/history";
import { NOTHING_REMEMBERED, type Remembered, type Watched, type WatchedModel } from "../../src/fit/guard/watched";
import { GIB } from "../../src/fit/units";

const MINUTE = 60_000;
const START = Date.parse("2026-11-24T10:00:00Z");

const mlx = (sizeGib: number): WatchedModel => ({
  name: "big:mlx",
  digest: "d",
  runner: "mlx",
  engine: "mlx",
  sizeBytes: sizeGib * GIB,
  vramBytes: sizeGib * GIB,
  use: { gpuBytes: sizeGib * GIB, bytes: sizeGib * GIB, isLeast: false, cpuShare: 0 },
});

const watched = (rest: Partial<Watched> = {}): Watched => ({
  at: START,
  isLocal: true,
  planned: [],
  loaded: [],
  pressure: "normal",
  swapUsedBytes: 0,
  mac: {
    ramBytes: 32 * GIB,
    overrideMib: 0,
    bootSession: "A",
    limit: { kind: "known", bytes: 25 * GIB, source: "metal", sourceText: "read from Metal", estimated: false },
  },
  ...rest,
});

/** Looks one after the other; what the last one says. */
function after(...looks: readonly Watched[]) {
  let remembered: Remembered = NOTHING_REMEMBERED;
  let notices = look(watched(), remembered, undefined, () => true).notices;
  for (const each of looks) ({ notices, remembered } = look(each, remembered, undefined, () => true));
  return { notices, kinds: notices.map(({ kind }) => kind), remembered };
}

describe("an MLX model that outgrows the limit", () => {
  const calm = watched({ loaded: [mlx(24)], swapUsedBytes: GIB });
  const swapping = watched({ at: START + MINUTE, loaded: [mlx(27)], swapUsedBytes: 2 * GIB, pressure: "warning" });

  it("is named once it grows, swap rises and pressure isn't normal", () => {
    expect(after(calm, swapping).kinds).toEqual(["mlxGrows"]);
  });

  it.each<[string, Partial<Watched>]>([
    ["swap doesn't rise", { swapUsedBytes: GIB }],
    ["pressure is normal", { pressure: "normal" }],
    ["it's below the limit", { loaded: [mlx(24.5)] }],
    ["it didn't grow", { loaded: [mlx(24)] }],
    ["it's on another machine", { isLocal: false }],
    ["swap couldn't be read", { swapUsedBytes: undefined }],
  ])("isn't named while %s", (_, rest) => {
    expect(after(calm, { ...swapping, ...rest }).kinds).toEqual([]);
  });

  it("stays until there's room again, and is said anew only then", () => {
    const still = { ...swapping, swapUsedBytes: 2 * GIB };
    expect(after(calm, swapping, still).kinds).toEqual(["mlxGrows"]);
    const without = { ...swapping, swapUsedBytes: GIB };
    expect(after(calm, swapping, still, calm, without).kinds).toEqual([]);
    expect(after(calm, swapping, still, calm, swapping).kinds).toEqual(["mlxGrows"]);
  });

  it("isn't said to swap any more once the Mac is calm, though it still holds too much", () => {
    expect(after(calm, swapping).notices[0]?.detail).toContain("and the Mac swaps.");
    const [notice] = after(calm, swapping, { ...swapping, pressure: "normal" }).notices;
    expect(notice?.detail).toContain("and the Mac swapped when it grew.");
  });

  it("isn't forgotten while the server doesn't answer", () => {
    const silent = { ...swapping, loaded: undefined };
    const { notices, remembered } = after(calm, swapping);
    const put = notices[0] ? dismiss(remembered, notices[0], swapping) : remembered;
    const then = look(silent, put, undefined, () => true).remembered;
    expect(look({ ...swapping, at: START + 3 * MINUTE }, then, undefined, () => true).notices).toEqual([]);
  });
});

it("has nothing to say of the first look at a calm Mac, whatever is loaded whole", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 24, noNaN: true }), (gib) => {
      expect(after(watched({ loaded: [mlx(gib)] })).kinds).toEqual([]);
    }),
  );
  expect(NOTICE_KINDS).toHaveLength(6);
});

describe("a look that can't tell", () => {
  const tiers = { version: "0.33.0", tierNumCtx: 32_768 };
  const limitOf = (gib: number): Partial<Watched> => {
    const { mac } = watched();
    return { mac: mac && { ...mac, overrideMib: gib * 1024, limit: { ...mac.limit, bytes: gib * GIB } } };
  };
  const CASES: Readonly<Record<string, { readonly calm: Watched; readonly reason: Watched; readonly blind: Watched }>> =
    {
      tierMoved: {
        calm: watched({ server: tiers }),
        reason: watched({ ...limitOf(20), server: tiers }),
        blind: watched({ server: tiers, mac: undefined, pressure: undefined, swapUsedBytes: undefined }),
      },
      mlxGrows: {
        calm: watched({ loaded: [mlx(24)], swapUsedBytes: GIB }),
        reason: watched({ loaded: [mlx(27)], swapUsedBytes: 2 * GIB, pressure: "warning" }),
        blind: watched({ loaded: [mlx(27)], mac: undefined, pressure: undefined, swapUsedBytes: undefined }),
      },
      criticalPressure: {
        calm: watched({ loaded: [mlx(10)], pressure: "critical" }),
        reason: watched({ at: START + 5 * MINUTE, loaded: [mlx(10)], pressure: "critical" }),
        blind: watched({ at: START + 6 * MINUTE, loaded: [mlx(10)], pressure: undefined, mac: undefined }),
      },
    };

  it.each(Object.entries(CASES))("brings no %s back that was put aside", (kind, { calm, reason, blind }) => {
    const own = { session: "A", mib: reason.mac?.overrideMib ?? 0 };
    const first = look(calm, NOTHING_REMEMBERED, undefined, () => true);
    const said = look(reason, first.remembered, own, () => true);
    expect(said.fresh.map((notice) => notice.kind)).toEqual([kind]);
    const [notice] = said.notices;
    const put = notice ? dismiss(said.remembered, notice, reason) : said.remembered;
    const then = look(blind, put, own, () => true);
    expect(look({ ...reason, at: reason.at + 2 * MINUTE }, then.remembered, own, () => true).notices).toEqual([]);
    // Nor is what's still shown said a second time.
    const still = look(blind, said.remembered, own, () => true);
    const again = look({ ...reason, at: reason.at + 2 * MINUTE }, still.remembered, own, () => true);
    expect([again.notices.length, again.fresh]).toEqual([1, []]);
  });

  it("loses no swap that rose meanwhile", () => {
    const blind = watched({ loaded: [mlx(24)], swapUsedBytes: undefined });
    const swapping = watched({ loaded: [mlx(27)], swapUsedBytes: 2 * GIB, pressure: "warning" });
    expect(after(watched({ loaded: [mlx(24)], swapUsedBytes: GIB }), blind, swapping).kinds).toEqual(["mlxGrows"]);
  });
});

it("tells two builds of a name apart, though they're listed under one digest", () => {
  const llama: WatchedModel = { ...mlx(5), runner: "llamacpp", engine: "llama" };
  const at = (minutes: number) =>
    watched({ at: START + minutes * MINUTE, loaded: [mlx(10), llama], pressure: "critical" });
  const { notices } = after(at(0), at(5));
  expect(new Set(notices.map(({ id }) => id)).size).toBe(2);
  expect(notices.map(({ title }) => title)).toEqual([
    "Memory Pressure Is Critical: big:mlx (MLX) Seems Idle",
    "Memory Pressure Is Critical: big:mlx (llama.cpp) Seems Idle",
  ]);
});

describe("the limit that was left", () => {
  const at = (overrideMib: number, bootSession = "A") => {
    const { mac } = watched();
    return watched({ mac: mac && { ...mac, overrideMib, bootSession } });
  };

  it("is what the extension set last, or else what was there", () => {
    const own = { session: "A", mib: 28_000 };
    const first = look(at(28_000), NOTHING_REMEMBERED, own, () => true);
    expect(first.notices).toEqual([]);
    const moved = look(at(27_000), first.remembered, own, () => true);
    expect(moved.notices.map(({ kind }) => kind)).toEqual(["limitMoved"]);
    const [notice] = moved.notices;
    const put = notice ? dismiss(moved.remembered, notice, at(27_000)) : moved.remembered;
    expect(look(at(27_000), put, own, () => true).notices).toEqual([]);
    // What the extension sets after that is no surprise either.
    expect(look(at(29_000), put, { session: "A", mib: 29_000 }, () => true).notices).toEqual([]);
  });

  it("isn't blamed on a tool where the Mac doesn't tell whether it was restarted", () => {
    const { mac } = watched();
    const now = watched({ mac: mac && { ...mac, overrideMib: 28_000, bootSession: undefined } });
    expect(after(at(27_000), now).notices[0]?.title).toBe("GPU Limit Changed");
  });

  it("may be set again after a restart by a LaunchDaemon", () => {
    expect(after(at(28_000, "A"), at(28_000, "B")).kinds).toEqual([]);
    expect(after(at(28_000, "A"), at(0, "B")).notices[0]?.title).toBe("GPU Limit Changed by the Restart");
  });

  it("is what a restart gives back to macOS; another value has been set since", () => {
    for (const before of [0, 28_000]) {
      expect(after(at(before, "A"), at(27_000, "B")).notices[0]?.title).toBe("GPU Limit Changed Since the Restart");
    }
    expect(after(at(0), at(27_000)).notices[0]?.title).toBe("GPU Limit Changed by Another Tool");
  });
});

describe("an idle model", () => {
  const at = (minutes: number, pressure: Watched["pressure"] = "critical") =>
    watched({ at: START + minutes * MINUTE, loaded: [mlx(10)], pressure });

  it("is idle from the first look on after the clock was set back", () => {
    const hours = 5 * 60;
    expect(after(at(hours), at(0)).kinds).toEqual([]);
    const { notices } = after(at(hours), at(0), at(3));
    expect(notices[0]?.detail).toContain("No request to big:mlx has ended for 3 min.");
  });

  it("is said to be idle as long as it was, the Mac's sleep included", () => {
    const asleep = at(9 * 60);
    expect(after(at(0), asleep).notices[0]?.detail).toContain("has ended for 540 min.");
  });
});

describe("a context that wasn't planned", () => {
  const llama = (contextLength: number): WatchedModel => ({
    ...mlx(5),
    name: "qwen3:8b",
    runner: "llamacpp",
    engine: "llama",
    contextLength,
  });
  const server = { version: "0.33.0", tierNumCtx: 32_768 };
  const planned = (isDefault: boolean) => [{ name: "qwen3:8b", digest: "d", context: 32_768, isDefault }];
  const limited = (gib: number, isDefault: boolean, contextLength: number) => {
    const { mac } = watched();
    const limit = mac && { ...mac.limit, bytes: gib * GIB };
    return watched({
      mac: mac && limit && { ...mac, limit },
      server,
      loaded: [llama(contextLength)],
      planned: planned(isDefault),
    });
  };

  it("is no client's where Ollama has started under a higher limit since", () => {
    expect(after(limited(50, true, 131_072)).kinds).not.toContain("unplannedContext");
    expect(after(limited(50, false, 131_072)).kinds).toContain("unplannedContext");
    expect(after(limited(40, true, 131_072)).kinds).toContain("unplannedContext");
  });

  it("isn't blamed on a client alone: settings may have changed since they were read", () => {
    expect(after(limited(40, false, 131_072)).notices[0]?.detail).toBe(
      "A client asked for 128K, or Ollama's settings changed: when last read, they gave 32K.",
    );
  });
});

describe("the history", () => {
  const day = 24 * 60 * MINUTE;
  const seen = (at: number, usedBytes: number) => ({ at, usedBytes, limitBytes: 50 * GIB, spills: 0 });

  it("keeps a day of quarters of an hour, and the most of each", () => {
    let history: readonly HistoryPart[] = [];
    for (let minute = 0; minute < 3 * 24 * 60; minute++) {
      history = withLook(history, seen(START + minute * MINUTE, (minute % 15) * GIB));
    }
    expect(history.length).toBeLessThanOrEqual(97);
    expect(new Set(history.map(({ usedBytes }) => usedBytes))).toEqual(new Set([14 * GIB]));
    expect(JSON.stringify(history).length).toBeLessThan(12_000);
  });

  it("says nothing of times ahead, from before the clock was set back", () => {
    const history = [seen(START - 60 * MINUTE, 10 * GIB), seen(START + 2 * day, 50 * GIB)].map(
      ({ at, ...rest }): HistoryPart => ({ start: at, ...rest }),
    );
    expect(sumOf(history, START)).toMatchObject({ peakBytes: 10 * GIB, peakAt: START - 60 * MINUTE });
    expect(sparkline(history, START)).toMatch(/^·{22}▂·$/);
    expect(sparkline(history.slice(1), START)).toBeUndefined();
    expect(withLook(history, seen(START, GIB)).map(({ start }) => start)).toEqual([START - 60 * MINUTE, START]);
  });

  it("is drawn as 24 hours, with the hours in which nobody looked", () => {
    const history = [seen(START - 3 * 60 * MINUTE, 25 * GIB), seen(START, 50 * GIB)].reduce<readonly HistoryPart[]>(
      withLook,
      [],
    );
    expect(sparkline(history, START + MINUTE)).toBe(`${"·".repeat(20)}▅··█`);
    expect(sumOf(history, START)).toMatchObject({ peakBytes: 50 * GIB, peakAt: START, spills: 0 });
    expect(sparkline(history, START + 2 * day)).toBeUndefined();
    expect(sumOf([], START)).toBeUndefined();
  });
});
