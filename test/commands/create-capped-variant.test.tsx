import { describe, expect, it } from "vitest";
import FitModelsToGpuLimit from "../../src/fit-models-to-gpu-limit";
import CreateCappedVariant from "../../src/create-capped-variant";
import { sampleModel, type StandInOllama } from "../stand-ins/ollama";
import { desk, renderCommand, says, type Screen } from "../support";
import { createClock } from "../support/clock";
import { cli, asked, setStage, type Stage } from "./stage";

const NEXT = "qwen3-coder-next:q4_K_M";
/** What somebody who cancelled is told. */
const NOTHING_CREATED = [/cancell?ed/i, "nothing"];
const SUGGESTED = "qwen3-coder-next:q4_K_M-64k";

function openForm({ system }: Stage): Promise<Screen> {
  return renderCommand(<CreateCappedVariant />, { command: "create-capped-variant", system });
}

function names(ollama: StandInOllama): string[] {
  return ollama.models().map((model) => model.name);
}

function parametersOf(ollama: StandInOllama, name: string) {
  return ollama.models().find((model) => model.name === name)?.parameters;
}

describe("the form", () => {
  it("starts at the largest context that fits, with a name, and says what that saves", async () => {
    const screen = await openForm(await setStage());
    expect(screen.field("Model").shown).toContain(NEXT);
    expect(screen.field("Context (num_ctx)").shown).toContain("64K");
    expect(screen.field("Name").value).toBe(SUGGESTED);
    screen.says(
      /Total 5\d\.\d GiB.* \d\.\d GiB less than now \(5\d\.\d GiB\)/,
      /Spills [34]\.\d GiB · 256K → Fits · 64K\b/,
    );
  });

  it("follows the model and the context with name and estimate", async () => {
    const screen = await openForm(await setStage());
    await screen.choose("Model", "gpt-oss:20b");
    expect(screen.field("Name").value).toBe("gpt-oss:20b-128k");
    await screen.choose("Context (num_ctx)", "32K");
    expect(screen.field("Name").value).toBe("gpt-oss:20b-32k");
    screen.says("Fits · 128K → Fits · 32K");
    await screen.choose("Context (num_ctx)", "128K");
    screen.says("Fits · 128K → Fits · 128K");
  });

  it("keeps a context that was chosen when the model changes, and follows again where it's the suggested one", async () => {
    const screen = await openForm(await setStage());
    await screen.choose("Context (num_ctx)", "16K");
    await screen.choose("Model", "gpt-oss:20b");
    expect(screen.field("Context (num_ctx)").shown).toContain("16K");
    expect(screen.field("Name").value).toBe("gpt-oss:20b-16k");
    await screen.choose("Context (num_ctx)", "64K");
    await screen.choose("Model", "qwen3:8b");
    expect(screen.field("Context (num_ctx)").shown).toContain("40K");
    expect(screen.field("Name").value).toBe("qwen3:8b-40k");
  });

  it("has no fields before the model's metadata is read, and says so where that takes long", async () => {
    const clock = createClock();
    const stage = await setStage({ system: { later: clock.later } });
    stage.ollama.fault("show", { kind: "hang" });
    const element = <CreateCappedVariant />;
    const screen = await renderCommand(element, {
      command: "create-capped-variant",
      system: stage.system,
      settle: false,
    });
    await screen.until(() => clock.waiting() > 0);
    expect(screen.fields()).toEqual([]);
    clock.advance(20_000);
    await screen.until("Still Reading");
    expect(screen.fields()).toEqual([]);
    expect(screen.actions()).toContain("Refresh");
  });

  it("opens at a small context, and says why, where the metadata can't be read", async () => {
    const stage = await setStage();
    stage.ollama.fault("show", { kind: "http500" });
    const screen = await openForm(stage);
    expect(screen.field("Context (num_ctx)").shown).toContain("8K");
    screen.says("Couldn't read its metadata");
  });

  it("offers no context above the trained one", async () => {
    const screen = await openForm(await setStage());
    await screen.choose("Model", "qwen3:8b");
    await screen.choose("Context (num_ctx)", "32K");
    await expect(screen.choose("Context (num_ctx)", "64K")).rejects.toThrow('"64K"');
  });

  it("keeps a name that was typed", async () => {
    const screen = await openForm(await setStage());
    await screen.fill("Name", "short:v1");
    await screen.choose("Context (num_ctx)", "16K");
    expect(screen.field("Name").value).toBe("short:v1");
  });

  it("copies the Modelfile and the command for the shell", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.action("Copy Modelfile");
    expect(screen.clipboard()).toBe(`FROM ${NEXT}\nPARAMETER num_ctx 65536\n`);
    await screen.action("Copy Ollama Create Command");
    expect(screen.clipboard()).toBe(
      `f=$(mktemp) && printf '%s\\n' 'FROM ${NEXT}' 'PARAMETER num_ctx 65536' > "$f" && ${cli(stage.ollama, `create ${SUGGESTED} -f "$f"`)}`,
    );
  });
});

describe("creating", () => {
  it("makes the variant, reads it back and offers its name", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.submit();
    screen.says(`Created ${SUGGESTED}`);
    expect(screen.actions()).toEqual(["Copy Name", "Load Model", "Undo"]);
    expect(screen.toasts()).toHaveLength(1);
    const { actions } = screen.toast("SUCCESS", `Created ${SUGGESTED}`, "64K", NEXT);
    expect(actions).toEqual(["Copy Name", "Undo"]);
    expect(parametersOf(stage.ollama, SUGGESTED)).toEqual({ temperature: 1, top_k: 40, top_p: 0.95, num_ctx: 65_536 });
    expect(parametersOf(stage.ollama, NEXT)).not.toHaveProperty("num_ctx");
    expect(stage.ollama.pulls).toEqual([]);
    const asked = stage.ollama.requests.map(({ route, body }) => `${route} ${String(body["model"])}`);
    expect(asked.slice(asked.indexOf(`create ${SUGGESTED}`))).toContain(`show ${SUGGESTED}`);
    await screen.toastAction("Copy Name");
    expect(screen.clipboard()).toBe(SUGGESTED);
  });

  it("offers to load the variant and to take it back where it says that it is there", async () => {
    const stage = await setStage();
    const before = names(stage.ollama);
    const screen = await openForm(stage);
    await screen.submit();
    await screen.action("Load Model");
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: SUGGESTED } }]);
    await screen.action("Undo");
    expect(names(stage.ollama)).toEqual(before);
  });

  it("starts at the trained context where that's no round one, and says so where more is chosen", async () => {
    const stage = await setStage({ ollama: { models: [sampleModel("nomic-embed-text:latest")] } });
    const screen = await openForm(stage);
    expect(screen.field("Context (num_ctx)").shown).toContain("2K");
    await screen.choose("Context (num_ctx)", "Custom");
    await screen.fill("Tokens", "8k");
    await screen.submit();
    says(screen.field("Tokens").error, /trained|maximum/, "2K");
    expect(names(stage.ollama)).toHaveLength(1);
  });

  it("can be undone", async () => {
    const stage = await setStage();
    const before = names(stage.ollama);
    const screen = await openForm(stage);
    await screen.submit();
    await screen.toastAction("Undo");
    expect(names(stage.ollama)).toEqual(before);
    screen.toast("SUCCESS", "deleted", SUGGESTED);
  });

  it("is not undone where somebody has changed it since", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.submit();
    await stage.ollama.put({ ...sampleModel(NEXT), name: SUGGESTED, system: "You are mine." });
    await screen.toastAction("Undo");
    screen.toast("FAILURE", "not deleted", SUGGESTED, "changed");
    expect(names(stage.ollama)).toContain(SUGGESTED);
  });

  it("is not made of another model than was judged", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await stage.ollama.put({ ...sampleModel(NEXT), system: "Another one." });
    await screen.submit();
    screen.toast("FAILURE", "replaced by another");
    expect(asked(stage.ollama, "create")).toBe(0);
  });

  it("is not begun while another change is under way", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    const holder = { owner: "another window", title: "Set GPU Limit", at: stage.system.now().getTime() };
    desk.localStorage.set("change-lock", JSON.stringify(holder));
    await screen.submit();
    screen.toast("FAILURE", "another change", "Set GPU Limit");
    expect(names(stage.ollama)).not.toContain(SUGGESTED);
    desk.localStorage.delete("change-lock");
    await screen.submit();
    expect(names(stage.ollama)).toContain(SUGGESTED);
    desk.localStorage.set("change-lock", JSON.stringify(holder));
    await screen.toastAction("Undo");
    expect(names(stage.ollama)).toContain(SUGGESTED);
  });

  it("says when undoing fails", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.submit();
    stage.ollama.fault("delete", { kind: "http500", message: "read-only disk" });
    await screen.toastAction("Undo");
    screen.toast("FAILURE", "delete", SUGGESTED, "500: read-only disk");
  });

  it("keeps its Undo where that fails or is refused, and goes with the variant", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.submit();
    stage.ollama.fault("delete", { kind: "http500" });
    await screen.action("Undo");
    screen.toast("FAILURE", "delete", SUGGESTED);
    stage.ollama.fault("delete", undefined);
    const holder = { owner: "another window", title: "Set GPU Limit", at: stage.system.now().getTime() };
    desk.localStorage.set("change-lock", JSON.stringify(holder));
    await screen.action("Undo");
    expect(names(stage.ollama)).toContain(SUGGESTED);
    desk.localStorage.delete("change-lock");
    await screen.action("Undo");
    expect(names(stage.ollama)).not.toContain(SUGGESTED);
    expect(screen.actions()).not.toContain("Undo");
  });

  it("shows progress and can be cancelled before Ollama did anything", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    stage.ollama.fault("tags", { kind: "slow", ms: 300 });
    await screen.press("Create Variant");
    await screen.until(() => screen.toasts().length > 0);
    screen.toast("ANIMATED", SUGGESTED);
    await screen.toastAction("Cancel");
    screen.toast("SUCCESS", ...NOTHING_CREATED);
    expect(names(stage.ollama)).not.toContain(SUGGESTED);
    expect(screen.closed()).toBe(false);
  });

  it("leaves no variant behind that Ollama had made before it heard of the cancel", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    // The stand-in has made it and is slow to say so.
    stage.ollama.fault("create", { kind: "slow", ms: 5_000 });
    await screen.press("Create Variant");
    await screen.until(() => names(stage.ollama).includes(SUGGESTED));
    await screen.toastAction("Cancel");
    screen.toast("SUCCESS", ...NOTHING_CREATED);
    expect(names(stage.ollama)).not.toContain(SUGGESTED);
  });

  it("believes what it reads back, also where the stream broke off", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    stage.ollama.fault("create", { kind: "halfStream" });
    await screen.submit();
    expect(names(stage.ollama)).toContain(SUGGESTED);
    screen.toast("SUCCESS", "created", SUGGESTED, "Ollama");
    await screen.toastAction("Undo");
    expect(names(stage.ollama)).not.toContain(SUGGESTED);
  });

  it.each(["http500", "refuse", "garbage", "dies"] as const)(
    "fails with a reason when create does: %s",
    async (kind) => {
      const stage = await setStage();
      const screen = await openForm(stage);
      stage.ollama.fault("create", { kind });
      await screen.submit();
      expect(screen.toasts()).toMatchObject([{ style: "FAILURE", actions: [] }]);
      expect(screen.toasts()[0]?.title).not.toBe("");
      expect(screen.closed()).toBe(false);
    },
  );

  it("does not take a variant for good that came out otherwise", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    stage.ollama.fault("show", { kind: "answer", body: '{"model_info":{},"parameters":"num_ctx 4096"}' }, 1);
    await screen.submit();
    screen.toast("FAILURE", "created", "num_ctx");
  });
});

describe("a name that is taken", () => {
  const withVariant = () =>
    setStage({
      ollama: { models: [sampleModel(NEXT), { ...sampleModel(NEXT), name: SUGGESTED, parameters: { num_ctx: 4096 } }] },
    });

  it("is left alone unless the person agrees", async () => {
    const stage = await withVariant();
    const screen = await openForm(stage);
    await screen.submit();
    expect(screen.alert("Replace", SUGGESTED, "exist").destructive).toBe(true);
    await screen.agree("Cancel");
    expect(asked(stage.ollama, "create")).toBe(0);
    expect(parametersOf(stage.ollama, SUGGESTED)).toEqual({ num_ctx: 4096 });
    expect(screen.closed()).toBe(false);
  });

  it("isn't replaced by a copied command", async () => {
    const stage = await setStage({});
    const screen = await openForm(stage);
    await screen.fill("Name", "LLAMA3.1:8b");
    expect(screen.actions()).toContain("Copy Modelfile");
    expect(screen.actions()).not.toContain("Copy Ollama Create Command");
    await screen.fill("Name", "no name");
    expect(screen.actions()).not.toContain("Copy Ollama Create Command");
    await screen.fill("Name", "llama3.1:8b-free");
    expect(screen.actions()).toContain("Copy Ollama Create Command");
  });

  it("is replaced when the person agrees; that cannot be undone", async () => {
    const stage = await withVariant();
    const screen = await openForm(stage);
    await screen.submit();
    await screen.agree("Replace");
    expect(parametersOf(stage.ollama, SUGGESTED)).toMatchObject({ num_ctx: 65_536 });
    expect(screen.toast("SUCCESS", `Created ${SUGGESTED}`).actions).toEqual(["Copy Name", "Load"]);
    await screen.toastAction("Load");
    expect(stage.ollama.loaded().map((each) => [each.model.name, each.numCtx])).toEqual([[SUGGESTED, 65_536]]);
  });

  it("is noticed in another spelling, and when somebody else was faster", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.fill("Name", "GPT-OSS:20B");
    await screen.submit();
    screen.alert("Replace GPT-OSS:20B");
    await screen.agree("Cancel");
    expect(asked(stage.ollama, "create")).toBe(0);

    await stage.ollama.put({ ...sampleModel(NEXT), name: "fresh:8k" });
    await screen.fill("Name", "fresh:8k");
    await screen.submit();
    await screen.agree("Cancel");
    expect(screen.toasts()).toEqual([]);
    expect(asked(stage.ollama, "create")).toBe(0);
  });

  it("is used where it's the very variant that would be made", async () => {
    const stage = await setStage({
      ollama: {
        models: [sampleModel(NEXT), { ...sampleModel(NEXT), name: SUGGESTED, parameters: { num_ctx: 65_536 } }],
      },
    });
    const screen = await openForm(stage);
    screen.says("Already Exists", "nothing has to be created");
    expect(screen.actions()[0]).toBe("Use This Variant");
    await screen.submit();
    expect(screen.alerts()).toEqual([]);
    expect(stage.ollama.requests.some(({ route }) => route === "create")).toBe(false);
    screen.says(`# ${SUGGESTED} Already Exists`, "Nothing was created");
    await screen.enter();
    expect(screen.clipboard()).toBe(SUGGESTED);
    await screen.action("Load Model");
    expect(stage.ollama.loaded()).toMatchObject([{ model: { name: SUGGESTED } }]);
  });

  it("that the person agreed to replace in another spelling offers no undo", async () => {
    const stage = await withVariant();
    const screen = await openForm(stage);
    await screen.fill("Name", SUGGESTED.toUpperCase());
    await screen.submit();
    await screen.agree("Replace");
    expect(screen.toast("SUCCESS").actions).toEqual(["Copy Name", "Load"]);
  });
});

describe("refusals", () => {
  it("keeps a model chosen that was deleted meanwhile, and says so", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await fetch(`${stage.ollama.url}/api/delete`, { method: "DELETE", body: JSON.stringify({ model: NEXT }) });
    await screen.action("Refresh");
    expect(screen.field("Model").shown).toContain(NEXT);
    await screen.submit();
    screen.toast("FAILURE", "no longer installed");
  });

  it("pulls nothing when the model is gone", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await fetch(`${stage.ollama.url}/api/delete`, { method: "DELETE", body: JSON.stringify({ model: NEXT }) });
    await screen.submit();
    screen.toast("FAILURE", "model", "installed");
    expect(stage.ollama.pulls).toEqual([]);
    expect(asked(stage.ollama, "create")).toBe(0);
  });

  it("says that the server is too old", async () => {
    const reason = ["Ollama 0.12.6", "update", "0.12.7"];
    const stage = await setStage({ ollama: { version: "0.12.6" } });
    const screen = await openForm(stage);
    screen.says(...reason);
    await screen.submit();
    screen.toast("FAILURE", ...reason);
    expect(asked(stage.ollama, "create")).toBe(0);
  });

  it("says why a variant of an MLX model saves nothing", async () => {
    const reason = ["MLX", "num_ctx"];
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.choose("Model", "qwen3.6:27b-mlx");
    screen.says(...reason);
    await screen.submit();
    screen.toast("FAILURE", ...reason);
    expect(asked(stage.ollama, "create")).toBe(0);
  });

  it.each(["", "two words", "-dash:8k", "a:b:c", "x:cloud", "big-cloud:8k/", "über:8k"])(
    "does not send the name %j",
    async (name) => {
      const stage = await setStage();
      const screen = await openForm(stage);
      await screen.fill("Name", name);
      await screen.submit();
      says(screen.field("Name").error, "name", "Ollama");
      expect(asked(stage.ollama, "create")).toBe(0);
    },
  );

  it("takes a context of one's own up to the trained one", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.choose("Model", "qwen3:8b");
    await screen.choose("Context (num_ctx)", "Custom");
    for (const [typed, ...error] of [
      ["", "whole number", "256"],
      ["12.5", "whole number", "256"],
      ["255", "whole number", "256"],
      ["40961", /trained|maximum/, "40K"],
    ] as const) {
      await screen.fill("Tokens", typed);
      await screen.submit();
      says(screen.field("Tokens").error, ...error);
      expect(screen.actions().filter((title) => title.startsWith("Copy"))).toEqual([]);
    }
    expect(asked(stage.ollama, "create")).toBe(0);
    await screen.fill("Tokens", "12288");
    expect(screen.field("Name").value).toBe("qwen3:8b-12k");
    await screen.submit();
    expect(parametersOf(stage.ollama, "qwen3:8b-12k")).toMatchObject({ num_ctx: 12_288 });
  });

  it("knows the trained context of a model that cannot be estimated", async () => {
    const model = { ...sampleModel("qwen3:8b"), adapters: ["ab".repeat(32)] };
    const stage = await setStage({ ollama: { models: [model] } });
    const screen = await openForm(stage);
    await expect(screen.choose("Context (num_ctx)", "64K")).rejects.toThrow('"64K"');
    await screen.choose("Context (num_ctx)", "Custom");
    await screen.fill("Tokens", "40961");
    await screen.submit();
    says(screen.field("Tokens").error, /trained|maximum/, "40K");
  });

  it("says that no server answers", async () => {
    const stage = await setStage({ system: { exists: async (path) => path === "/Applications/Ollama.app" } });
    await stage.ollama.stop();
    const screen = await openForm(stage);
    screen.says(/Ollama Is(?:n't| Not) Running/i);
    await stage.ollama.restart();
    await screen.action("Refresh");
    expect(screen.field("Name").value).toBe(SUGGESTED);
  });
});

describe("without a model", () => {
  it("says so, and how to get one", async () => {
    const stage = await setStage({ ollama: { models: [] } });
    const screen = await openForm(stage);
    expect(screen.fields()).toEqual([]);
    screen.says("No Models Installed");
    expect(screen.actions()).toEqual(["Browse Ollama Models", "Refresh", "Copy Diagnostics"]);
  });

  it("says so where what is installed is in no format that can be capped", async () => {
    const stage = await setStage({ ollama: { models: [{ ...sampleModel("qwen3:8b"), format: "" }] } });
    (await openForm(stage)).says("GGUF");
  });
});

describe("from the list", () => {
  it("starts with the chosen model and shows the variant afterwards", async () => {
    const stage = await setStage();
    const screen = await renderCommand(<FitModelsToGpuLimit />, {
      command: "fit-models-to-gpu-limit",
      system: stage.system,
    });
    await screen.pick("gpt-oss:20b");
    await screen.action("Create Capped Variant");
    // The largest context that fits.
    expect(screen.field("Name").value).toBe("gpt-oss:20b-128k");
    await screen.choose("Context (num_ctx)", "Custom");
    await screen.fill("Tokens", "8k");
    expect(screen.field("Name").value).toBe("gpt-oss:20b-8k");
    await screen.submit();
    await screen.back();
    await screen.back();
    expect(screen.item("gpt-oss:20b-8k").section).toBe("Fits");
    expect(screen.item("gpt-oss:20b-8k").accessories.at(-1)?.text).toBe("Fits · 8K");
    await screen.toastAction("Undo");
    expect(screen.items().map((item) => item.title)).not.toContain("gpt-oss:20b-8k");
  });

  it("loads a variant whose name was typed without its tag, and says where it ended up", async () => {
    const footprint = () => ({ sizeBytes: 10 * 1024 ** 3, vramBytes: 9 * 1024 ** 3 });
    const stage = await setStage({ ollama: { footprint } });
    const screen = await openForm(stage);
    await stage.ollama.put({ ...sampleModel(NEXT), name: "mine:latest" });
    await screen.fill("Name", "mine");
    await screen.submit();
    await screen.agree("Replace");
    await screen.toastAction("Load");
    screen.toast("FAILURE", "1.0 GiB", "spill", "CPU");
  });
});
