import { List } from "@raycast/api";
import { describe, expect, it, vi } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import { withHeadersLimit } from "../stand-ins/headers-limit";
import { type Fault, manyModels, sampleModel, type StandInModel } from "../stand-ins/ollama";
import { sha256 } from "../stand-ins/ollama/model";
import { type Part, renderCommand, says, type Screen, UNREADABLE } from "../support";
import { cli, asked, setRemoteStage, setStage, type Stage } from "./stage";

const GIB = 1024 ** 3;
const NOT_RUNNING = /Ollama Is(?:n't| Not) Running/i;
const NO_ANSWER = /Ollama Does(?:n't| Not) Answer/i;
/** How much is missing follows from the estimate, which has tests of its own. */
const SPILLS = /^Spills [34]\.\d GiB · 256K$/;

function openList({ system }: Pick<Stage, "system">, options: { settle?: boolean } = {}): Promise<Screen> {
  return renderCommand(<FitModelsToGpuLimit />, {
    command: "fit-models-to-gpu-limit",
    system,
    boundMs: 30_000,
    ...options,
  });
}

/** Opens the list for a stage with these models only. */
async function listOf(...models: StandInModel[]): Promise<Screen> {
  return openList(await setStage({ ollama: { models } }));
}

function badge(screen: Screen, name: string): string | undefined {
  return screen.item(name).accessories.find((accessory) => accessory.kind === "tag")?.text;
}

function tooltip(screen: Screen, name: string): string {
  return screen.item(name).accessories.find((accessory) => accessory.kind === "tag")?.tooltip ?? "";
}

/** @throws unless the badge of a model explains all of this where the pointer rests. */
function explains(screen: Screen, name: string, ...parts: readonly Part[]): void {
  says(tooltip(screen, name), ...parts);
}

/** @throws unless a line of the detail says all of this. */
function detailSays(screen: Screen, title: string, ...parts: readonly Part[]): void {
  says(valueOf(screen, title), ...parts);
}

function valueOf(screen: Screen, title: string): string | undefined {
  return screen.metadata().find((row) => row.title === title)?.value;
}

/** A size as it is shown, in GiB. */
function gib(shown: string | undefined): number {
  const [, amount, unit] = /([\d.,]+) (GiB|MiB|KiB|B)/.exec(shown ?? "") ?? [];
  const bytes = { GiB: GIB, MiB: 1024 ** 2, KiB: 1024, B: 1 }[unit ?? ""] ?? Number.NaN;
  return (Number((amount ?? "").replaceAll(",", "")) * bytes) / GIB;
}

describe("the list of a 64 GB Mac", () => {
  it("sorts the models by verdict and shows size, quantization and badge", async () => {
    const screen = await openList(await setStage());
    expect(screen.items().map((item) => [item.section, item.title, item.subtitle, badge(screen, item.title)])).toEqual([
      ["Spills", "qwen3-coder-next:q4_K_M", "79.7B · Q4_K_M", expect.stringMatching(SPILLS)],
      ["Fits", "gpt-oss:20b", "20.9B · MXFP4", "Fits · 128K"],
      ["Fits", "gemma3:27b", "27.4B · Q4_K_M", "Fits · 128K"],
      ["Fits", "qwen3-coder:30b", "30.5B · Q4_K_M", "Fits · 256K"],
      ["Fits", "qwen3:8b", "8.2B · Q4_K_M", "Fits · 40K"],
      ["Fits", "llama3.1:8b", "8.0B · Q4_K_M", "Fits · 128K"],
      ["Fits", "nomic-embed-text:latest", "137M · F16", "Fits · 2K"],
      ["Fits", "qwen3.6:27b-mlx", "27.8B · nvfp4", "Fits to 186K"],
    ]);
    expect(screen.item("qwen3-coder-next:q4_K_M").accessories[0]).toMatchObject({ text: "48.2 GiB" });
    expect(screen.text()).toContain("GPU limit 51.8 GiB");
  });

  it("leaves cloud models out and says of MLX models what they do", async () => {
    const screen = await openList(await setStage());
    expect(screen.items().map((item) => item.title)).not.toContain("gpt-oss:120b-cloud");
    explains(screen, "qwen3.6:27b-mlx", "16.2 GiB", "51.8 GiB", "Attention Scores", "Safe to about 186K");
    await screen.action("Show Details");
    await screen.pick("qwen3.6:27b-mlx");
    detailSays(screen, "Context Setting", "only displays", "num_ctx");
  });

  it("explains a badge by its sum", async () => {
    const screen = await openList(await setStage());
    const text = tooltip(screen, "qwen3-coder-next:q4_K_M");
    const [sumLine = ""] = text.split("\n");
    expect(sumLine).toMatch(
      /^Weights 48\.0 GiB \+ KV Cache 6\.0 GiB \+ Recurrent State 75 MiB \+ Compute \S+ [GM]iB ± \d+ MiB \+ Safety Margin 1\.0 GiB = 5\d\.\d GiB of 51\.8 GiB \(.*Metal\)$/,
    );
    says(text, /Assumed: flash attention auto\b/);
    const [terms = "", total = ""] = text.split(" = ");
    const sum = terms.split(" + ").reduce((before, term) => before + gib(term), 0);
    // Each of them is rounded.
    expect(Math.abs(sum - gib(total))).toBeLessThan(0.2);
  });

  it("shows every term and every setting with its source in the detail", async () => {
    const screen = await openList(await setStage());
    const before = badge(screen, "qwen3-coder-next:q4_K_M");
    await screen.pick("qwen3-coder-next:q4_K_M");
    await screen.action("Show Details");
    expect(valueOf(screen, "Verdict")).toBe(`[${before}]`);
    detailSays(screen, "In Words", "51.8 GiB", "256K", /[34]\.\d GiB/, "on the CPU");
    expect(valueOf(screen, "Weights")).toBe("48.0 GiB");
    expect(valueOf(screen, "KV Cache")).toBe("6.0 GiB");
    expect(valueOf(screen, "Recurrent State")).toBe("75 MiB");
    expect(valueOf(screen, "Safety Margin")).toBe("1.0 GiB");
    detailSays(screen, "GPU Limit", /^51\.8 GiB/, "Metal");
    const missing = gib(valueOf(screen, "Total")) - gib(valueOf(screen, "GPU Limit"));
    expect(Math.abs(missing - gib(valueOf(screen, "Missing")))).toBeLessThan(0.15);
    detailSays(screen, "Context", /^256K tokens/, "Ollama's default", "server log");
    detailSays(screen, "KV Cache Type", /^f16/, "Ollama's default", "server log");
    detailSays(screen, "Parallel Slots", /^1\b/, "qwen3next");
    detailSays(screen, "Batch", /^\d+ · .*Ollama/);
    detailSays(screen, "Flash Attention", /^auto/, "assumed");
    expect(valueOf(screen, "Quantization")).toBe("Q4_K_M");

    await screen.pick("gpt-oss:20b");
    detailSays(screen, "In Words", "51.8 GiB", "128K", "fits", /3\d\.\d GiB/);
    expect(valueOf(screen, "Missing")).toBeUndefined();
    await screen.action("Hide Details");
    expect(screen.metadata()).toEqual([]);
  });

  it("judges at the context chosen in the dropdown", async () => {
    const screen = await openList(await setStage());
    await screen.dropdown("8K");
    expect(badge(screen, "qwen3-coder-next:q4_K_M")).toBe("Fits · 8K");
    // An embedding model is not run beyond what it was trained for.
    expect(badge(screen, "nomic-embed-text:latest")).toBe("Fits · 2K");
    await screen.dropdown("The Model's Maximum");
    expect(badge(screen, "qwen3:8b")).toBe("Fits · 40K");
    expect(badge(screen, "qwen3-coder-next:q4_K_M")).toMatch(SPILLS);
    await screen.dropdown("What Really Runs");
    expect(badge(screen, "gpt-oss:20b")).toBe("Fits · 128K");
  });

  it("starts at the context of the preferences", async () => {
    const screen = await openList(await setStage({ preferences: { judgeContext: "32768" } }));
    expect(badge(screen, "gpt-oss:20b")).toBe("Fits · 32K");
    await screen.pick("gpt-oss:20b");
    await screen.action("Show Details");
    detailSays(screen, "Context", /^32K tokens/, "chosen");
  });

  it("finds models by name, family, quantization and verdict", async () => {
    const screen = await openList(await setStage());
    const found = async (words: string) => {
      await screen.search(words);
      return screen.items().map((item) => item.title);
    };
    expect(await found("coder")).toEqual(["qwen3-coder-next:q4_K_M", "qwen3-coder:30b"]);
    expect(await found("qwen3moe")).toEqual(["qwen3-coder:30b"]);
    expect(await found("mxfp4")).toEqual(["gpt-oss:20b"]);
    expect(await found("spills")).toEqual(["qwen3-coder-next:q4_K_M"]);
    expect(await found("qwen3_5")).toEqual(["qwen3.6:27b-mlx"]);
    expect(await found("8.0b")).toEqual(["llama3.1:8b"]);
    expect(await found("no such model")).toEqual([]);
    screen.says("No Model Found", "No installed model, of 8 in all");
    screen.doesNotSay("No Models Installed");
  });
});

describe("the limit in force", () => {
  it("is the override where one is set", async () => {
    const screen = await openList(await setStage());
    const [, need = ""] = tooltip(screen, "qwen3-coder-next:q4_K_M").split(" = ");
    await screen.close();
    // Exactly the sum: whether it fits is then within the uncertainty.
    const again = await openList(await setStage({ mac: { overrideMib: Math.round(gib(need) * 1024) } }));
    expect(badge(again, "qwen3-coder-next:q4_K_M")).toBe("Tight · 256K");
    explains(again, "qwen3-coder-next:q4_K_M", "iogpu.wired_limit_mb", /uncertainty.*± \d+ MiB/);
    const roomy = await openList(await setStage({ mac: { overrideMib: 61_440 } }));
    expect(badge(roomy, "qwen3-coder-next:q4_K_M")).toBe("Fits · 256K");
  });

  it("shows that Metal and the kernel disagree", async () => {
    const screen = await openList(await setStage({ mac: { faults: { lies: 57_344 } } }));
    explains(screen, "gpt-oss:20b", /iogpu\.wired_limit_mb says 56\.00 GiB/, /Metal says 51\.84 GiB/);
  });

  it("is asked of Ollama's llama-server where Metal does not answer", async () => {
    const screen = await openList(await setStage({ mac: { faults: { metalHangs: true } } }));
    expect(badge(screen, "gpt-oss:20b")).toBe("Fits · 128K");
    explains(screen, "gpt-oss:20b", "llama-server");
  });

  it("allows Tight at best where it is only estimated", async () => {
    const screen = await openList(await setStage({ mac: { ollama: "terminal", faults: { metalMissing: true } } }));
    expect(screen.items().filter((item) => item.section === "Fits")).toEqual([]);
    expect(badge(screen, "llama3.1:8b")).toBe("Tight · 128K");
    explains(screen, "llama3.1:8b", "limit", "estimated", "macOS 26", "Metal");
    await screen.pick("llama3.1:8b");
    await screen.action("Show Details");
    detailSays(screen, "In Words", "probably fits", "estimated", "macOS 26");
  });

  it("makes a model too big that no safe limit of the Mac can hold", async () => {
    const screen = await openList(await setStage({ mac: { ramGib: 16 }, ollama: { totalVramBytes: 11.8 * GIB } }));
    expect(badge(screen, "gemma3:27b")).toBe("Too Big · 4K");
    expect(screen.item("gemma3:27b").section).toBe("Too Big");
    expect(badge(screen, "llama3.1:8b")).toBe("Fits · 4K");
  });
});

describe("the server's settings", () => {
  it("come from its log", async () => {
    const env = { OLLAMA_CONTEXT_LENGTH: "16384", OLLAMA_KV_CACHE_TYPE: "q8_0", OLLAMA_NUM_PARALLEL: "4" };
    const screen = await openList(await setStage({ ollama: { env } }));
    await screen.pick("llama3.1:8b");
    expect(badge(screen, "llama3.1:8b")).toBe("Fits · 16K");
    await screen.action("Show Details");
    detailSays(screen, "Context", /^16K tokens/, "OLLAMA_CONTEXT_LENGTH", "server log");
    detailSays(screen, "KV Cache Type", /^q8_0/, "server log");
    detailSays(screen, "Parallel Slots", /^4\b/, "server log");
  });

  it("give way to what the preferences fix", async () => {
    const screen = await openList(await setStage({ preferences: { kvCacheType: "q4_0", parallelSlots: "2" } }));
    await screen.pick("llama3.1:8b");
    await screen.action("Show Details");
    expect(valueOf(screen, "KV Cache Type")).toBe("q4_0 · preferences");
    expect(valueOf(screen, "Parallel Slots")).toBe("2 · preferences");
  });

  it("are assumed where nothing tells them", async () => {
    const screen = await openList(await setStage({ mac: { ollama: "terminal" } }));
    explains(screen, "llama3.1:8b", /Assumed: .*context/, /Assumed: .*f16/, /Assumed: .*1 slot/, /Assumed: .*auto/);
    await screen.pick("llama3.1:8b");
    await screen.action("Show Details");
    detailSays(screen, "KV Cache Type", /^f16/, "assumed", "Ollama's default");
    detailSays(screen, "Context", "assumed", "Ollama's default", "51.8 GiB");
  });

  it("allow Tight at best on Ollama older than 0.30", async () => {
    const screen = await openList(await setStage({ ollama: { version: "0.24.0" } }));
    expect(screen.items().filter((item) => item.section === "Fits")).toEqual([]);
    explains(screen, "gpt-oss:20b", "Ollama 0.24.0", "update", "0.30");
  });
});

describe("what a Modelfile changes", () => {
  const llama = () => sampleModel("llama3.1:8b");
  const withParameters = (parameters: StandInModel["parameters"], name = "own:latest") => ({
    ...llama(),
    name,
    parameters,
  });

  it("takes num_ctx as the context, and cuts it to the trained one", async () => {
    const screen = await listOf(withParameters({ num_ctx: 12_288 }), withParameters({ num_ctx: 1e6 }, "wide:latest"));
    expect(badge(screen, "own:latest")).toBe("Fits · 12K");
    expect(badge(screen, "wide:latest")).toBe("Fits · 128K");
    await screen.action("Show Details");
    await screen.pick("own:latest");
    detailSays(screen, "Context", /^12K tokens/, "Modelfile", "num_ctx");
    await screen.pick("wide:latest");
    detailSays(screen, "Context", /^128K tokens/, "Modelfile", "num_ctx", "1,000,000", "trained");
  });

  it("counts num_batch", async () => {
    const screen = await listOf(withParameters({ num_batch: 128 }), llama());
    await screen.action("Show Details");
    await screen.pick("own:latest");
    detailSays(screen, "Batch", /^128\b/, "Modelfile", "num_batch");
    const small = gib(valueOf(screen, "Compute"));
    await screen.pick("llama3.1:8b");
    expect(small).toBeLessThan(gib(valueOf(screen, "Compute")));
  });

  it.each<[string, Partial<StandInModel>, ...Part[]]>([
    ["no layer on the GPU", { parameters: { num_gpu: 0 } }, "Modelfile", /no layers?/, "num_gpu"],
    ["some layers", { parameters: { num_gpu: 20 } }, "Modelfile", "20 layers", "num_gpu"],
    ["an adapter", { adapters: [sha256("adapter")] }, "LoRA"],
    ["a draft model", { drafts: [sha256("draft")] }, "draft model"],
    ["a context that is no number", { parameters: { num_ctx: "many" } }, "Modelfile", "num_ctx", "number"],
  ])("is Unknown with %s", async (_, change, ...reason) => {
    const screen = await listOf({ ...llama(), ...change });
    expect(badge(screen, "llama3.1:8b")).toBe("Unknown");
    explains(screen, "llama3.1:8b", ...reason);
    await screen.action("Show Details");
    detailSays(screen, "In Words", ...reason);
  });

  it("still fits with all layers on the GPU", async () => {
    const screen = await listOf(withParameters({ num_gpu: 99 }));
    expect(badge(screen, "own:latest")).toBe("Fits · 128K");
  });

  it("is Unknown for an architecture nobody described", async () => {
    const model = llama();
    const metadata = model.weights?.metadata;
    if (metadata === undefined) throw new Error("The sample lost its metadata");
    const values = new Map(metadata.values).set("general.architecture", "warp9");
    const screen = await listOf({
      ...model,
      family: "warp9",
      weights: { digest: sha256("warp9"), bytes: model.weights?.bytes ?? 0, metadata: { ...metadata, values } },
    });
    expect(badge(screen, "llama3.1:8b")).toBe("Unknown");
    explains(screen, "llama3.1:8b", "warp9");
  });
});

describe("a remote host", () => {
  const remote = (preferences = {}) => setRemoteStage({ ollama: { totalVramBytes: 48 * GIB }, preferences });

  it("without a stated limit leaves every model Unknown, and says why", async () => {
    const screen = await openList(await remote());
    expect(new Set(screen.items().map((item) => item.section))).toEqual(new Set(["Unknown"]));
    screen.says("GPU limit unknown");
    // The default context there depends on the memory that nobody stated.
    explains(screen, "llama3.1:8b", "context", "llama3.1:8b", "GPU memory");
    await screen.dropdown("8K");
    explains(screen, "llama3.1:8b", "another machine", "GPU limit", "preferences");
    expect(screen.actions()).not.toContain("Set GPU Limit");
    expect(screen.actions()).not.toContain("Copy Sysctl Command");
  });

  it("with a stated limit is judged by it", async () => {
    const screen = await openList(await remote({ remoteLimitGib: "24" }));
    screen.says("GPU limit 24.0 GiB");
    expect(badge(screen, "llama3.1:8b")).toBe("Fits · 32K");
    explains(screen, "llama3.1:8b", "of 24.0 GiB", "preferences");
    // Without this Mac's RAM nobody can say that it is too big there.
    expect(badge(screen, "qwen3-coder-next:q4_K_M")).toMatch(/^Spills /);
  });
});

describe("an empty list", () => {
  const nobodyThere = async (exists: (path: string) => boolean): Promise<Stage> => {
    const stage = await setStage({ system: { exists: async (path) => exists(path) }, mac: { ollama: "none" } });
    await stage.ollama.stop();
    return stage;
  };

  it("says that Ollama is not installed", async () => {
    const screen = await openList(await nobodyThere(() => false));
    screen.says(/Ollama Is(?:n't| Not) Installed/i, /install it/i, "refresh");
    await screen.action("Download Ollama");
    expect(screen.opened()).toEqual(["https://ollama.com/download"]);
  });

  it("says how to start the app", async () => {
    const stage = await nobodyThere((path) => path === "/Applications/Ollama.app");
    const screen = await openList(stage);
    screen.says(NOT_RUNNING, stage.ollama.url, "Ollama app", "refresh");
    await screen.action("Open Ollama");
    expect(screen.opened()).toEqual(["/Applications/Ollama.app"]);
  });

  it("opens the app in the home folder where it lies there", async () => {
    const stage = await nobodyThere((path) => path === "/Users/sam/Applications/Ollama.app");
    const screen = await openList({ ...stage, system: { ...stage.system, homeFolder: "/Users/sam" } });
    await screen.action("Open Ollama");
    expect(screen.opened()).toEqual(["/Users/sam/Applications/Ollama.app"]);
  });

  it("offers the address at which Ollama listens instead", async () => {
    const stage = await setStage({ preferences: { ollamaHost: "127.0.0.1:1" } });
    const screen = await openList(stage);
    expect(screen.text()).toContain("Ollama Listens at Another Address");
    expect(screen.text().replace(/\s+/g, " ")).toContain(
      `Nothing answers at 127.0.0.1:1, but Ollama does at ${stage.ollama.url}. Enter that address in the preferences.`,
    );
    await screen.action("Copy Address");
    expect(screen.clipboard()).toBe(stage.ollama.url);
    expect(stage.mac.unknownCommands).toEqual([]);
  });

  it("says how to start what Homebrew installed, and shows the models once it runs", async () => {
    const stage = await nobodyThere((path) => path === "/opt/homebrew/bin/ollama");
    const screen = await openList(stage);
    screen.says(NOT_RUNNING, '"brew services start ollama"');
    await screen.action("Copy Start Command");
    expect(screen.clipboard()).toBe("brew services start ollama");
    await stage.ollama.restart();
    await screen.action("Refresh");
    expect(screen.items()).toHaveLength(8);
  });

  it.each<[string, Fault]>([
    ["a page", { kind: "garbage" }],
    ["an error page", { kind: "answer", status: 404, type: "text/html", body: "<h1>Not Found</h1>" }],
    ["other JSON", { kind: "answer", body: '{"data":[]}' }],
  ])("says that the host is no Ollama server when it answers with %s", async (_, fault) => {
    const stage = await setStage();
    stage.ollama.fault("*", fault);
    const screen = await openList(stage);
    screen.says("Not an Ollama Server", "host", "preferences");
    expect(screen.actions()).toEqual(["Refresh", "Open Extension Preferences", "Copy Diagnostics"]);
  });

  it("says that the host is no address", async () => {
    const stage = await setStage({ preferences: { ollamaHost: "ftp://nowhere" } });
    const screen = await openList(stage);
    screen.says("Not an Ollama Server", '"ftp://nowhere"', "http://127.0.0.1:11434");
    expect(stage.ollama.requests).toEqual([]);
  });

  it("says that no model is installed", async () => {
    const screen = await listOf();
    screen.says("No Models Installed", '"ollama pull"');
    await screen.action("Browse Ollama Models");
    expect(screen.opened()).toEqual(["https://ollama.com/search"]);
  });

  it("says that there are only cloud models", async () => {
    const screen = await listOf(sampleModel("gpt-oss:120b-cloud"));
    screen.says("Only Cloud Models");
  });
});

describe("a machine without a GPU limit", () => {
  it("explains an Intel Mac", async () => {
    const stage = await setStage({ mac: { intel: true } });
    const screen = await openList(stage);
    expect(new Set(screen.items().map((item) => item.section))).toEqual(new Set(["Unknown"]));
    screen.says("GPU limit unknown");
    await screen.dropdown("8K");
    explains(screen, "llama3.1:8b", "Intel", "Apple Silicon");
    expect(screen.actions()).not.toContain("Set GPU Limit");
  });

  it("explains an Intel Mac without models", async () => {
    const screen = await openList(await setStage({ mac: { intel: true }, ollama: { models: [] } }));
    screen.says(/No Models/, /No GPU Limit/, "Intel");
  });

  it("explains a virtual machine", async () => {
    const screen = await openList(await setStage({ mac: { vm: true } }));
    await screen.dropdown("8K");
    explains(screen, "llama3.1:8b", "virtual machine", /hosts? it/);
  });

  it("explains any other computer, and runs no program of the Mac there", async () => {
    const stage = await setStage({ system: { platform: "linux" } });
    const screen = await openList(stage);
    await screen.dropdown("8K");
    explains(screen, "llama3.1:8b", /(?:is not|isn't) a Mac/);
    expect(stage.mac.calls.filter((call) => /sysctl|osascript/.test(call.file))).toEqual([]);
  });
});

describe("a server that misbehaves", () => {
  it("does not keep the list waiting when it hangs", async () => {
    const wait = globalThis.setTimeout;
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void, milliseconds = 0) =>
      wait(work, milliseconds >= 5_000 ? milliseconds / 50 : milliseconds)) as typeof setTimeout);
    const stage = await setStage();
    stage.ollama.fault("*", { kind: "hang" });
    const screen = await openList(stage);
    screen.says(NO_ANSWER, stage.ollama.url, "in time");
    stage.ollama.fault("*", undefined);
    await screen.action("Refresh");
    expect(screen.items()).toHaveLength(8);
  });

  it("passes an error of Ollama's on", async () => {
    const stage = await setStage();
    stage.ollama.fault("tags", { kind: "http500", message: "disk on fire" });
    const screen = await openList(stage);
    screen.says("Ollama Reports an Error", "500: disk on fire");
  });

  it.each<[string, Fault, Part]>([
    ["fails", { kind: "http500", message: "disk on fire" }, "500: disk on fire"],
    ["is garbage", { kind: "garbage" }, /(?:is not|isn't) Ollama/],
    ["breaks off", { kind: "halfStream" }, "broke off"],
    ["is no metadata", { kind: "answer", body: '{"model_info":7}' }, /no metadata/],
    ["is of the wrong types", { kind: "answer", body: '{"model_info":{},"tensors":[{"name":1}]}' }, "damaged"],
    ["never ends", { kind: "hugeBody" }, "larger than"],
  ])("makes only that model Unknown whose metadata %s, until it can be read", async (_, fault, reason) => {
    const stage = await setStage({ ollama: { models: [sampleModel("llama3.1:8b")] } });
    stage.ollama.fault("show", fault);
    const screen = await openList(stage);
    expect(badge(screen, "llama3.1:8b")).toBe("Unknown");
    explains(screen, "llama3.1:8b", "metadata", UNREADABLE, reason);
    await screen.close();
    stage.ollama.fault("show", undefined);
    expect(badge(await openList(stage), "llama3.1:8b")).toBe("Fits · 128K");
  });

  it("reads a model again on Refresh that could not be read before", async () => {
    const stage = await setStage();
    stage.ollama.fault("show", { kind: "http500" }, 1);
    const screen = await openList(stage);
    expect(screen.items().filter((item) => item.section === "Unknown")).toHaveLength(1);
    await screen.action("Refresh");
    expect(screen.items().filter((item) => item.section === "Unknown")).toHaveLength(0);
  });

  it("may die while its models are read", async () => {
    const stage = await setStage();
    stage.ollama.fault("show", { kind: "dies" });
    const screen = await openList(stage);
    // An MLX model's own files tell all there is to know.
    const read = screen.items().filter((item) => item.section !== "Unknown");
    expect(read.map((item) => item.title)).toEqual(["qwen3.6:27b-mlx"]);
    stage.ollama.fault("show", undefined);
    await stage.ollama.restart();
    await screen.action("Refresh");
    expect(screen.items().filter((item) => item.section === "Fits")).toHaveLength(7);
  });

  it("may keep its version to itself: its settings count as assumed", async () => {
    const stage = await setStage({ mac: { ollama: "terminal" } });
    stage.ollama.fault("version", { kind: "http500" });
    const screen = await openList(stage);
    expect(screen.items()).toHaveLength(8);
    explains(screen, "llama3.1:8b", /Assumed: .*context/);
  });
});

describe("loading and unloading", () => {
  it("loads a model, marks it and says that it is on the GPU", async () => {
    const stage = await setStage();
    const screen = await openList(stage);
    await screen.pick("qwen3:8b");
    await screen.action("Load Model");
    expect(screen.toasts()).toHaveLength(1);
    screen.toast("SUCCESS", "on the GPU", "10.99 GiB", "40K", "predicted");
    expect(stage.ollama.loaded().map((each) => [each.model.name, each.numCtx])).toEqual([["qwen3:8b", 40_960]]);
    expect(screen.item("qwen3:8b").accessories.map((each) => each.tooltip)).toContain("Loaded now");
    expect(screen.actions()).not.toContain("Load Model");

    await screen.action("Show Details");
    detailSays(screen, "Now", "Loaded", "40K", /\d+\.\d GiB/, "on the GPU");
    await screen.pick("llama3.1:8b");
    detailSays(screen, "Now", "fits", /qwen3:8b \(\d+\.\d GiB\)/);

    await screen.pick("qwen3:8b");
    await screen.action("Unload Model");
    screen.toast("SUCCESS", "unloaded");
    expect(stage.ollama.loaded()).toEqual([]);
    expect(screen.actions()).toContain("Load Model");
  });

  it("asks once for a load that takes longer than fetch waits", async () => {
    const stage = await setStage({ ollama: { loadMs: 300 } });
    const { fetch: patientFetch } = stage.system;
    const impatient = withHeadersLimit(patientFetch, 100);
    const fetch: typeof globalThis.fetch = (input, init) =>
      (String(input).endsWith("/api/generate") ? impatient : patientFetch)(input, init);
    const screen = await openList({ system: { ...stage.system, fetch, patientFetch } });
    await screen.pick("qwen3:8b");
    await screen.action("Load Model");
    screen.toast("SUCCESS", "on the GPU");
    expect(asked(stage.ollama, "generate")).toBe(1);
  });

  it("says how much spilled", async () => {
    const footprint = () => ({ sizeBytes: 20 * GIB, vramBytes: 15.5 * GIB });
    const stage = await setStage({ ollama: { footprint } });
    const screen = await openList(stage);
    await screen.pick("gpt-oss:20b");
    await screen.action("Load Model");
    screen.toast("FAILURE", "4.5 GiB", "spill", "CPU");
    await screen.action("Show Details");
    detailSays(screen, "Now", "Loaded", "128K", "4.5 GiB of 20.0 GiB", "spill");
  });

  it("says what would be missing beside a loaded model", async () => {
    const stage = await setStage({ ollama: { footprint: () => ({ sizeBytes: 45 * GIB, vramBytes: 45 * GIB }) } });
    const screen = await openList(stage);
    await screen.pick("qwen3:8b");
    await screen.action("Load Model");
    await screen.pick("llama3.1:8b");
    await screen.action("Show Details");
    detailSays(screen, "Now", "qwen3:8b (45.0 GiB)", /1\d\.\d GiB/, "missing", "unload");
  });

  it("passes on why a model could not be loaded", async () => {
    const loadError = () => "model requires more system memory (60.0 GiB) than is available (40.0 GiB)";
    const stage = await setStage({ ollama: { loadError } });
    const screen = await openList(stage);
    await screen.action("Load Model");
    const toast = screen.toast("FAILURE", "Not Enough Memory", "needs 60.0 GiB of memory, and 40.0 GiB is free");
    expect(toast.actions).toEqual(["Make It Fit", "Copy Details"]);
    await screen.toastAction("Copy Details");
    expect(screen.clipboard()).toContain(loadError());
    await screen.toastAction("Make It Fit");
    expect(screen.depth()).toBe(2);
  });

  it("leads on where a model fits by its verdict and still fails to load", async () => {
    const stage = await setStage({ ollama: { loadError: () => "llama-server process has terminated: exit status 1" } });
    const screen = await openList(stage);
    await screen.pick("llama3.1:8b");
    await screen.action("Load and Keep… › For 1 Hour");
    expect(screen.toast("FAILURE", "Model Didn't Load").actions).toEqual(["Make It Fit", "Copy Details"]);
    await screen.toastAction("Make It Fit");
    screen.says("## Cap the Context at 64K", "The last load failed. Its process ended, usually for lack of memory.");
    expect(screen.actions()[0]).toBe("Apply");
  });

  it("stops waiting when told to", async () => {
    const stage = await setStage();
    const screen = await openList(stage);
    stage.ollama.fault("generate", { kind: "hang" });
    await screen.press("Load Model");
    await screen.until(() => screen.toasts().length > 0);
    await screen.toastAction("Stop Waiting");
    expect(screen.toast("SUCCESS", "stopped").actions).toEqual([]);
  });

  it("waits until a model is really gone", async () => {
    const stage = await setStage({ ollama: { unloadMs: 300 } });
    const screen = await openList(stage);
    await screen.pick("qwen3:8b");
    await screen.action("Load Model");
    await screen.action("Unload Model");
    expect(stage.ollama.loaded()).toEqual([]);
    screen.toast("SUCCESS", "unloaded");
  });
});

describe("copied texts", () => {
  it("paste as they are", async () => {
    const stage = await setStage();
    const screen = await openList(stage);
    await screen.pick("qwen3-coder-next:q4_K_M");
    const copied = async (action: string) => {
      await screen.action(action);
      return screen.clipboard();
    };
    expect(await copied("Copy Model Name")).toBe("qwen3-coder-next:q4_K_M");
    expect(await copied("Copy Limit Command, 56.0 GiB")).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=57344");
    expect(await copied("Copy Modelfile, 64K Fits")).toBe("FROM qwen3-coder-next:q4_K_M\nPARAMETER num_ctx 65536\n");
    expect(await copied("Copy Create Command, 64K Fits")).toBe(
      `f=$(mktemp) && printf '%s\\n' 'FROM qwen3-coder-next:q4_K_M' 'PARAMETER num_ctx 65536' > "$f" && ${cli(stage.ollama, `create qwen3-coder-next:q4_K_M-64k -f "$f"`)}`,
    );
    expect(await copied("Copy Set Parameter Line, 64K Fits")).toBe("/set parameter num_ctx 65536");
    expect(await copied("Copy Default Context Command, 64K Fits")).toBe("launchctl setenv OLLAMA_CONTEXT_LENGTH 65536");
    screen.toast("SUCCESS", "Copied", "restart", "slider");
    expect(await copied("Copy Command and Open Terminal")).toBe(cli(stage.ollama, "run qwen3-coder-next:q4_K_M"));
    expect(screen.opened()).toEqual(["/System/Applications/Utilities/Terminal.app"]);
  });

  it("hold the whole plan, where that's wanted", async () => {
    const screen = await openList(await setStage());
    await screen.action("Copy Plan");
    says(screen.clipboard(), "Raise the Limit to 56.0 GiB", "Before", "sysctl", "Other Ways", "Cap the Context at 64K");
  });

  it("are not there for what a runner ignores, and set no default that takes a fit from another model", async () => {
    const screen = await openList(await setStage({ mac: { ramGib: 24 }, ollama: { totalVramBytes: 17.76 * GIB } }));
    await screen.pick("qwen3.6:27b-mlx");
    expect(screen.actions().filter((title) => /Modelfile|Create Command|Set Parameter|Default/.test(title))).toEqual(
      [],
    );
    await screen.dropdown("128K");
    await screen.pick("gpt-oss:20b");
    await screen.action(screen.actions().find((title) => title.startsWith("Copy Default Context Command")) ?? "");
    screen.toast("SUCCESS", /\d Other Models? Gets? \d+K, Too/);
    await screen.pick("nomic-embed-text:latest");
    expect(screen.actions().join()).not.toContain("Copy Default Context Command");
  });

  it("follow the context chosen", async () => {
    const screen = await openList(await setStage());
    await screen.dropdown("16K");
    await screen.pick("gpt-oss:20b");
    await screen.action("Copy Modelfile, 16K Fits");
    expect(screen.clipboard()).toBe("FROM gpt-oss:20b\nPARAMETER num_ctx 16384\n");
  });
});

describe("200 models", () => {
  it("redraws the two rows between which the selection moves, and no other", async () => {
    const { Item } = List;
    const drawn = vi.fn();
    const Watched = (props: List.Item.Props) => {
      drawn(props.id);
      return <Item {...props} />;
    };
    const screen = await openList(await setStage({ ollama: { models: manyModels(200) } }));
    try {
      Object.assign(List, { Item: Object.assign(Watched, Item) });
      await screen.pick("tuned-150:8b");
      await screen.settle();
      expect(new Set(drawn.mock.calls.flat())).toEqual(new Set(["tuned-000:8b", "tuned-150:8b"]));
    } finally {
      Object.assign(List, { Item });
    }
  }, 180_000);

  it("shows rows before the metadata is read, and reads none twice", async () => {
    const stage = await setStage({ ollama: { models: manyModels(200) } });
    stage.ollama.fault("show", { kind: "hang" });
    const first = await openList(stage, { settle: false });
    await first.until(() => first.items().length === 200);
    expect(new Set(first.items().map((item) => item.section))).toEqual(new Set(["Reading Metadata"]));
    expect(badge(first, "tuned-000:8b")).toBe("Reading…");
    // Bounded concurrency: the server is asked for a handful at a time.
    await first.until(() => asked(stage.ollama, "show") > 0);
    expect(asked(stage.ollama, "show")).toBeLessThanOrEqual(4);
    await first.close();

    stage.ollama.fault("show", undefined);
    const second = await openList(stage, { settle: false });
    await second.until(() => second.items().some((item) => item.section === "Fits"));
    await second.settle();
    expect(second.items().filter((item) => item.section === "Fits")).toHaveLength(200);
    await second.close();

    const before = asked(stage.ollama, "show");
    const third = await openList(stage);
    expect(third.items().filter((item) => item.section === "Fits")).toHaveLength(200);
    expect(asked(stage.ollama, "show")).toBe(before);

    const changed = manyModels(1)[0];
    if (changed === undefined) throw new Error("There is no first model");
    await stage.ollama.put({ ...changed, parameters: { num_ctx: 4096 } });
    await third.action("Refresh");
    expect(badge(third, "tuned-000:8b")).toBe("Fits · 4K");
    expect(asked(stage.ollama, "show")).toBe(before + 1);
  }, 180_000);
});
