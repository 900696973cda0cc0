import { describe, expect, it } from "vitest";
import type { AppleSiliconMac, ServerFacts } from "../../src/fit/facts";
import { limitPreview, limitHint, recommendationText } from "../../src/fit/limit-preview";
import { adviseLimit, checkLimit, limitInForce } from "../../src/fit/limit-policy";
import { GIB, MIB } from "../../src/fit/units";
import { type JudgeInput, judge } from "../../src/fit/verdict";
import { sampleModel } from "../stand-ins/ollama";
import { APP_SERVER } from "./inputs";

/** A Mac whose Metal gives the default that macOS 26 gives. */
function mac(ramGib: number, defaultBytes: number, overrideMib = 0): AppleSiliconMac {
  return {
    kind: "apple-silicon",
    ramBytes: ramGib * GIB,
    overrideMib,
    metal: {
      workingSetBytes: overrideMib > 0 ? overrideMib * MIB : defaultBytes,
      maxBufferBytes: defaultBytes * 0.75,
    },
  };
}

const MAC_64 = mac(64, 55_662_788_608);
const ADVICE_64 = adviseLimit(MAC_64);

/** llama3.1:8b under a name of its own, at a context that decides how much it needs. */
function input(name: string, context: number, machine: AppleSiliconMac, server: Partial<ServerFacts> = {}): JudgeInput {
  const model = sampleModel("llama3.1:8b");
  if (!model.weights?.metadata) throw new Error("The sample has no metadata");
  return {
    model: {
      name,
      digest: name,
      sizeBytes: model.weights.bytes,
      format: "gguf",
      families: ["llama"],
      capabilities: ["completion"],
      cloud: false,
    },
    description: {
      metadata: model.weights.metadata,
      metadataSource: "header",
      parameters: { unreadable: [] },
      capabilities: ["completion"],
      projectors: [],
      adapters: [],
      drafts: [],
    },
    server: { version: "0.33.0", identity: APP_SERVER, runners: [], ...server },
    limit: limitInForce(machine),
    loaded: [],
    options: { context },
  };
}

describe("limitEffects", () => {
  it("says the share of RAM and what is left, for a limit and for the default of macOS", () => {
    expect(limitPreview(57_344, ADVICE_64, []).share).toBe("88% of RAM, 8.0 GiB left for macOS");
    expect(limitPreview(0, ADVICE_64, []).share).toBe("81% of RAM, 12.2 GiB left for macOS");
  });

  it("names the models that a limit lets in, and those it shuts out, as judge() has it", () => {
    const small = mac(16, 12_713_115_648);
    const advice = adviseLimit(small);
    const [low, high] = [4096, 65_536].map((context) => input(`llama-${context}`, context, small));
    if (!low || !high) throw new Error("No input");
    // At 64K the 8B model needs more than the 11.8 GiB of this Mac and less than 14 GiB.
    expect([judge(low).kind, judge(high).kind]).toEqual(["fits", "spills"]);
    expect(limitPreview(15_360, advice, [low, high])).toMatchObject({ starting: ["llama-65536"], stopping: [] });
    expect(limitPreview(4096, advice, [low, high])).toMatchObject({ starting: [], stopping: ["llama-4096"] });
    expect(limitPreview(0, advice, [low, high])).toMatchObject({ starting: [], stopping: [] });
  });

  it("says of a model that would swap under the limit that it would", () => {
    const small = mac(16, 12_713_115_648);
    const ram = { ramBytes: 16 * GIB, reserveBytes: 4 * GIB, othersBytes: 8 * GIB };
    const high = { ...input("llama", 65_536, small), ram };
    expect(limitPreview(15_360, adviseLimit(small), [high])).toMatchObject({
      starting: [],
      swapping: ["llama"],
      stopping: [],
    });
    // It swaps before as after.
    const already = { ...input("llama", 32_768, small), ram };
    expect(judge(already)).toMatchObject({ kind: "tight", cause: "swap" });
    expect(limitPreview(15_360, adviseLimit(small), [already])).toMatchObject({
      starting: [],
      swapping: [],
      stopping: [],
    });
  });

  it("does not let a model in by the default of macOS where that is only estimated", () => {
    const unread: AppleSiliconMac = {
      kind: "apple-silicon",
      ramBytes: 64 * GIB,
      overrideMib: 57_344,
    };
    const advice = adviseLimit(unread);
    expect(advice.defaultEstimated).toBe(true);
    const model = input("llama3.1:8b", 4096, unread);
    expect(judge(model).kind).toBe("fits");
    expect(limitPreview(0, advice, [model]).stopping).toEqual(["llama3.1:8b"]);
  });
});

describe("the tier of the default context", () => {
  const at = (startupGib: number | undefined, mib: number, server: Partial<ServerFacts> = {}) =>
    limitPreview(mib, ADVICE_64, [
      input("llama3.1:8b", 4096, MAC_64, {
        ...(startupGib === undefined ? {} : { startupTotalBytes: { value: startupGib * GIB, source: "server log" } }),
        ...server,
      }),
    ]).tier;

  it.each([
    [40, 47 * 1024, "from 32K to 256K"],
    [51.8, 47 * 1024 - 1, "from 256K to 32K"],
    [22.9, 23 * 1024, "from 4K to 32K"],
    [40, 23 * 1024 - 1, "from 32K to 4K"],
  ])("changes for a server that started with %d GiB under a limit of %d MiB", (startup, mib, change) => {
    expect(at(startup, mib)).toBe(
      `Once Ollama restarts, its default context changes ${change} for every GGUF model without its own: set num_ctx or OLLAMA_CONTEXT_LENGTH first.`,
    );
  });

  it("stays where both limits lie between the same thresholds", () => {
    expect(at(51.8, 57_344)).toBeUndefined();
    expect(at(40, 23 * 1024)).toBeUndefined();
    expect(at(40, 47 * 1024 - 1)).toBeUndefined();
  });

  it("is taken from the limit in force where the server's start is not known", () => {
    expect(at(undefined, 40_960)).toContain("from 256K to 32K");
  });

  it("does not matter where OLLAMA_CONTEXT_LENGTH is set, and does where that is 0", () => {
    expect(at(40, 57_344, { contextLength: { value: 8192, source: "server log" } })).toBeUndefined();
    expect(at(40, 57_344, { contextLength: { value: 0, source: "server log" } })).toContain("to 256K");
  });

  it("does not matter on releases before 0.15.5, which have no tiers", () => {
    expect(at(40, 57_344, { version: "0.15.4" })).toBeUndefined();
    expect(at(40, 57_344, { version: "0.15.5" })).toContain("to 256K");
  });

  it("counts OLLAMA_GPU_OVERHEAD against the total", () => {
    expect(at(40, 47 * 1024, { gpuOverheadBytes: { value: GIB, source: "server log" } })).toBeUndefined();
  });

  it("is not spoken of without a server", () => {
    expect(limitPreview(20_480, ADVICE_64, []).tier).toBeUndefined();
  });
});

describe("limitHint", () => {
  const none = { share: "88% of RAM, 8.0 GiB left for macOS", starting: [], swapping: [], stopping: [] };

  it("says what a limit means, line by line", () => {
    expect(limitHint({ kind: "fine", mib: 57_344 }, none)).toBe("88% of RAM, 8.0 GiB left for macOS.");
    expect(
      limitHint(
        { kind: "warning", mib: 60_000, warning: "Little is left.", inShort: "little is left" },
        {
          ...none,
          starting: ["a", "b", "c", "d", "e", "f"],
          swapping: ["h"],
          stopping: ["g"],
          tier: "The tier changes.",
        },
      ),
    ).toBe(
      [
        "88% of RAM, 8.0 GiB left for macOS.",
        "Little is left.",
        "Models that start to fit: a, b, c, d, and 2 more.",
        "Models that would fit, but swap: h.",
        "Models that no longer fit: g.",
        "The tier changes.",
      ].join("\n"),
    );
  });

  it("gives only the reason where the limit is refused: nothing will start to fit", () => {
    const hint = limitHint(checkLimit(65_000, 64 * GIB, ADVICE_64), { ...none, starting: ["a"], tier: "It changes." });
    expect(hint).toBe("That leaves 536 MiB for macOS. Below 2.0 GiB the Mac may freeze, so it isn't set.");
  });
});

describe("recommendationText", () => {
  it("gives the value and why", () => {
    expect(recommendationText(ADVICE_64)).toBe(
      "57,344 MiB (56.0 GiB): keeps 8.0 GiB for macOS and your apps, and gives models 4.2 GiB more than the default.",
    );
  });

  it("says that a reserve that's too small isn't used", () => {
    expect(recommendationText(adviseLimit(mac(64, 55_662_788_608), 2 * GIB))).toBe(
      "61,440 MiB (60.0 GiB): keeps 4.0 GiB for macOS and your apps, and gives models 8.2 GiB more than the default. " +
        "The 2.0 GiB in the preferences is too little for macOS, so it isn't used.",
    );
  });

  it("says where there is nothing to gain", () => {
    expect(recommendationText(adviseLimit(mac(8, 5_726_633_984)))).toBe(
      "macOS already gives the GPU 5,461 MiB (5.3 GiB). Keeping 4.0 GiB for macOS, a higher limit isn't worth it on this Mac.",
    );
  });
});
