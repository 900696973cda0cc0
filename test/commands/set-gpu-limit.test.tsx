import { afterEach, describe, expect, it } from "vitest";
import SetGpuLimit from "../../src/set-gpu-limit";
import { createStandInMac, type MacFaults, type StandInMac, type StandInMacOptions } from "../stand-ins/mac";
import { sampleModel, type StandInModel, type StandInOllama, startStandInOllama } from "../stand-ins/ollama";
import { setStage } from "./stage";
import { desk, doesNotSay, type Part, renderCommand, says, type Screen, setPreferences, UNREADABLE } from "../support";

const OWN = "local.gpu-limit.wired-limit";
const FORMER = "com.raycast.gpu-limit";
/** What the default context will be. */
const TIER = /default context changes/;
const FREEZE = /freeze|frozen/;
const INSTALLED = /LaunchDaemon sets it (?:again )?(?:after|at) every/;
const NOT_LOADED = /launchd did(?:n't| not) load it/;
const NOT_RUN = /did(?:n't| not) run at the last start/;
const IS_56_GIB = /GPU limit is(?: now)? 56\.0 GiB/i;
const NOT_CHANGED = /LaunchDaemon was(?:n't| not) changed/;
const STARTS_TO_FIT = "Models that start to fit";
const STOPS_FITTING = "Models that no longer fit";

const macs: StandInMac[] = [];
const servers: StandInOllama[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  expect(macs.splice(0).flatMap((mac) => mac.unknownCommands)).toEqual([]);
});

interface Setting extends Partial<StandInMacOptions> {
  /** Installed models; default: a small one. */
  readonly models?: readonly StandInModel[];
  readonly preferences?: Readonly<Record<string, unknown>>;
  readonly platform?: string;
}

/** A Mac (default: 64 GB with macOS 26) on which somebody opens the form. */
async function openForm({ models, preferences, platform, ...options }: Setting = {}) {
  const server = await startStandInOllama({ models: models ?? [sampleModel("llama3.1:8b")] });
  servers.push(server);
  const mac = createStandInMac({ ramGib: 64, ollamaAddress: `127.0.0.1:${server.port}`, ...options });
  macs.push(mac);
  setPreferences({ ollamaHost: server.url, judgeContext: "4096", ...preferences });
  const screen = await renderCommand(<SetGpuLimit />, {
    command: "set-gpu-limit",
    system: mac.system(platform === undefined ? {} : { platform }),
  });
  return { mac, screen, server };
}

async function custom(screen: Screen, mebibytes: string): Promise<void> {
  await screen.choose("New Limit", "Custom");
  await screen.fill("Limit", mebibytes);
}

/** Our LaunchDaemon as it lies on a Mac that has it. */
function ownDaemon(mebibytes: number): Record<string, string> {
  return { [`${OWN}.plist`]: daemon(OWN, mebibytes) };
}

function runsScript(label: string, script: string): string {
  return `<plist><dict><key>Label</key><string>${label}</string><key>ProgramArguments</key><array><string>${script}</string></array></dict></plist>`;
}

function daemon(label: string, mebibytes: number): string {
  return `<plist version="1.0"><dict>
<key>Label</key><string>${label}</string>
<key>ProgramArguments</key><array><string>/usr/sbin/sysctl</string>
<string>iogpu.wired_limit_mb=${mebibytes}</string></array>
<key>RunAtLoad</key><true/>
</dict></plist>`;
}

describe("what the form shows", () => {
  it("gives RAM, limit and source, default, recommendation and why, and asks for nothing", async () => {
    const { mac, screen } = await openForm();
    screen.says(/This Mac Apple M4 Pro, 64\.0 GiB/, "macOS 26.6.1");
    screen.says(/Limit in Force 51\.8 GiB, .*Metal/, "macOS Default 53,084 MiB (51.8 GiB)");
    screen.says(/Recommended 57,344 MiB \(56\.0 GiB\).*8\.0 GiB.*4\.2 GiB more/);
    screen.doesNotSay("estimated");
    expect(screen.field("New Limit").value).toBe("recommended");
    expect(mac.prompts).toEqual([]);
  });

  it("names the override as the source and still knows the default of macOS", async () => {
    const { screen } = await openForm({ overrideMib: 57_344 });
    screen.says(/Limit in Force 56\.0 GiB, .*iogpu\.wired_limit_mb/, "macOS Default 53,084 MiB (51.8 GiB)");
  });

  it("warns of more than is safe, and rests nothing on it", async () => {
    const { screen } = await openForm({ ramGib: 32, overrideMib: 32_768 });
    screen.says(/Limit in Force 32,768 MiB \(32\.0 GiB\)/, FREEZE, /28\.0 GiB, the highest safe/);
    expect(screen.actions()).toContain("Back to macOS Default");
  });

  it("shows a low-water mark that another tool set", async () => {
    const { mac, screen } = await openForm();
    screen.doesNotSay("Low-Water Mark");
    await screen.close();
    mac.sysctls.set("iogpu.wired_lwm_mb", "20000");
    const again = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: mac.system() });
    again.says(/Low-Water Mark .*20,000 MiB \(19\.5 GiB\).*idle/);
  });

  it("shows it where the sysctl and Metal say different things", async () => {
    const { screen } = await openForm({ overrideMib: 57_344, faults: { lies: 40_960 } });
    screen.says(/Limit in Force 40\.0 GiB, .*iogpu\.wired_limit_mb says 40\.00 GiB, Metal says 56\.00 GiB/);
  });

  it("takes what Ollama's llama-server lists where Metal does not answer", async () => {
    const { screen } = await openForm({ faults: { metalMissing: true } });
    screen.says(/Limit in Force 51\.8 GiB, .*llama-server/, "macOS Default 53,084 MiB (51.8 GiB), estimated");
  });

  it("labels the formula as an estimate where nothing can be read", async () => {
    const { screen } = await openForm({ ollama: "none", faults: { metalMissing: true } });
    screen.says(/Limit in Force 51\.8 GiB, estimated .*macOS 26/, "macOS Default 53,084 MiB (51.8 GiB), estimated");
  });

  it("recommends by the reserve in the preferences", async () => {
    const { screen } = await openForm({ preferences: { reserveGib: "10" } });
    screen.says(/Recommended 55,296 MiB \(54\.0 GiB\).*10\.0 GiB/);
  });

  it("never recommends what needs a second yes, however small the reserve in the preferences, and says so", async () => {
    const { mac, screen } = await openForm({ preferences: { reserveGib: "1" } });
    screen.says(/Recommended 61,440 MiB \(60\.0 GiB\).* 4\.0 GiB/, "1.0 GiB in the preferences");
    await screen.submit();
    expect(mac.limitMib()).toBe(61_440);
  });

  it("works without an Ollama that answers", async () => {
    const { mac, screen, server } = await openForm();
    await screen.close();
    await server.stop();
    const again = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: mac.system() });
    again.says("Recommended 57,344 MiB");
    await again.submit();
    expect(mac.limitMib()).toBe(57_344);
  });

  it("opens with the limit in force now, not with the one kept of the last time", async () => {
    const { mac, screen } = await openForm({ overrideMib: 49_152 });
    await screen.choose("New Limit", "Custom");
    expect(screen.field("Limit").value).toBe("49152");
    await screen.close();
    mac.sysctls.set("iogpu.wired_limit_mb", "51200");
    const again = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: mac.system() });
    await again.choose("New Limit", "Custom");
    expect(again.field("Limit").value).toBe("51200");
  });

  it("says on an 8 GB Mac that there is nothing to gain, and offers no recommendation", async () => {
    const { screen } = await openForm({ ramGib: 8, chip: "Apple M1" });
    screen.says("5,461 MiB (5.3 GiB)", "4.0 GiB", "isn't worth it");
    expect(screen.choices("New Limit")).toEqual(["macOS Default: 5.3 GiB", "Custom"]);
    expect(screen.field("New Limit").value).toBe("default");
  });
});

describe("machines without a limit to set", () => {
  const nothing = (screen: Screen) => {
    screen.says("No GPU Limit to Set");
    expect(screen.actions()).toEqual(["Open Extension Preferences", "Copy Diagnostics"]);
  };

  it("explains an Intel Mac", async () => {
    const { screen } = await openForm({ intel: true });
    nothing(screen);
    screen.says("Intel");
  });

  it("explains a virtual machine", async () => {
    const { screen } = await openForm({ vm: true });
    nothing(screen);
    screen.says("virtual machine");
  });

  it("explains macOS 13, which Ollama's app doesn't run on, and reads no further", async () => {
    const { mac, screen } = await openForm({ macos: "13.7.8" });
    nothing(screen);
    screen.says("macOS 13.7.8", "macOS 14");
    expect(mac.calls.filter(({ file }) => file === "/usr/bin/osascript")).toEqual([]);
  });

  it("explains a machine that is no Mac, and reads and sets nothing there", async () => {
    const { mac, screen } = await openForm({ platform: "linux" });
    nothing(screen);
    screen.says(/(?:is not|isn't) a Mac/);
    expect(mac.calls.filter(({ file }) => /sysctl|osascript|plutil|grep/.test(file))).toEqual([]);
  });

  it("explains a Mac that does not answer", async () => {
    const { screen } = await openForm({ faults: { sysctlHangs: true } });
    nothing(screen);
    screen.says(UNREADABLE, "sysctl");
  });

  it("leads to the preferences", async () => {
    const { screen } = await openForm({ intel: true });
    nothing(screen);
    await screen.action("Open Extension Preferences");
    expect(desk.openedPreferences).toEqual(["extension"]);
  });
});

describe("where Ollama runs on another machine", () => {
  it("sets this Mac's limit all the same, and says that it won't change what fits there", async () => {
    const { mac, screen } = await openForm({ preferences: { ollamaHost: "http://192.0.2.7:9" }, platform: "darwin" });
    screen.says("192.0.2.7", "this Mac's limit", "51.8 GiB", "read from Metal");
    screen.doesNotSay("Models that start to fit");
    await screen.submit();
    expect(mac.limitMib()).toBe(57_344);
  });
});

describe("presets and hints", () => {
  it("offers the default, the recommendation, the highest safe value and any other", async () => {
    const { screen } = await openForm();
    expect(screen.choices("New Limit")).toEqual([
      "macOS Default: 51.8 GiB",
      "Recommended: 57,344 MiB (56.0 GiB)",
      "Highest Safe: 61,440 MiB (60.0 GiB)",
      "Custom",
    ]);
    screen.says(/Effect 88 ?% .* 8\.0 GiB/);
    screen.doesNotSay("advised");
    await screen.choose("New Limit", "macOS Default");
    screen.says(/Effect 81 ?% .* 12\.2 GiB/);
    await screen.choose("New Limit", "Highest Safe");
    screen.says(/Effect 94 ?% .* 4\.0 GiB .* 8\.0 GiB advised/);
  });

  it("starts a custom value at what is in force", async () => {
    const { screen } = await openForm({ overrideMib: 50_000 });
    await screen.choose("New Limit", "Custom");
    expect(screen.field("Limit").value).toBe("50000");
  });

  it("follows what is typed: models that start and stop fitting", async () => {
    const { screen: roomier } = await openForm({
      ramGib: 24,
      overrideMib: 12_288,
      preferences: { judgeContext: "65536" },
    });
    await custom(roomier, "16384");
    roomier.says(`${STARTS_TO_FIT}: llama3.1:8b`);
    await roomier.close();
    const { screen: other } = await openForm({ ramGib: 16 });
    await custom(other, "4096");
    other.says(`${STOPS_FITTING}: llama3.1:8b`);
    await other.fill("Limit", "12288");
    other.doesNotSay(STARTS_TO_FIT, STOPS_FITTING, "llama3.1:8b");
  });

  it.each([
    [64, 0, "48127", "from 256K to 32K"],
    [64, 0, "23551", "from 256K to 4K"],
    [64, 0, "48128", undefined],
    [36, 0, "23551", "from 32K to 4K"],
    [36, 23_551, "23552", "from 4K to 32K"],
    [64, 48_127, "48128", "from 32K to 256K"],
  ])(
    "says on a %d GB Mac at %d MiB what %s MiB do to the default context",
    async (ramGib, overrideMib, mebibytes, change) => {
      const { screen } = await openForm({ ramGib, overrideMib });
      await custom(screen, mebibytes);
      if (change === undefined) screen.doesNotSay(TIER, "256K");
      else screen.says(TIER, change, "OLLAMA_CONTEXT_LENGTH");
    },
  );

  it("says of a limit that is refused only why, not what it would bring", async () => {
    const { screen } = await openForm({ ramGib: 48 });
    await custom(screen, "48128");
    screen.says(/Effect .*1\.0 GiB .*2\.0 GiB/, FREEZE);
    screen.doesNotSay(TIER, STARTS_TO_FIT, STOPS_FITTING, /Effect \d+ ?%/);
  });

  it.each(["", "57344.5", "56 cups", "-1", "0x1000", "1e5", "57344; reboot"])(
    "takes GiB and whole MiB only, not %j",
    async (typed) => {
      const { mac, screen } = await openForm();
      await custom(screen, typed);
      screen.says(/Effect GiB or whole MiB/);
      expect(screen.actions()).not.toContain("Copy Sysctl Command");
      await screen.submit();
      says(screen.field("Limit").error, "GiB or whole MiB");
      expect(mac.prompts).toEqual([]);
    },
  );

  it("takes thousands separators as they are shown", async () => {
    const { mac, screen } = await openForm();
    await custom(screen, "57,344");
    await screen.submit();
    expect(mac.limitMib()).toBe(57_344);
  });

  it("copies the command for what is chosen", async () => {
    const { screen } = await openForm();
    await screen.action("Copy Sysctl Command");
    expect(screen.clipboard()).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=57344");
    await screen.choose("New Limit", "macOS Default");
    await screen.action("Copy Sysctl Command");
    expect(screen.clipboard()).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=0");
  });
});

describe("setting the limit", () => {
  it("asks once, reads back, and shows what is in force, what it changes and what a restart does", async () => {
    const { mac, screen } = await openForm();
    const before = mac.calls.length;
    await screen.submit();
    expect(mac.prompts).toHaveLength(1);
    says(mac.prompts[0], "GPU Limit", "until the next restart");
    expect(mac.limitMib()).toBe(57_344);
    expect(mac.daemons.size).toBe(0);
    const after = mac.calls.slice(before).map(({ file, args }) => [file, args.at(-1)]);
    expect(after.slice(0, 3)).toEqual([
      ["/usr/sbin/sysctl", "iogpu.wired_limit_mb"],
      ["/usr/bin/osascript", "0"],
      ["/usr/sbin/sysctl", "iogpu.wired_limit_mb"],
    ]);
    expect(screen.toasts()).toHaveLength(1);
    const { actions } = screen.toast("SUCCESS", IS_56_GIB, "until the Mac restarts");
    expect(actions).toEqual([]);
    expect(screen.alerts()).toEqual([]);
    screen.says("# GPU Limit Is 56.0 GiB", "57,344 MiB (56.0 GiB), read back from macOS", "8.0 GiB left for macOS");
    screen.says("macOS forgets it", "53,084 MiB (51.8 GiB)");
    expect(screen.actions().slice(0, 3)).toEqual(["Copy as Text", "Undo", "Back to macOS Default"]);
    await screen.action("Copy as Text");
    says(screen.clipboard(), "GPU Limit Is 56.0 GiB", "In Force:", "After a Restart of the Mac:");
  });

  it("says which models start and stop fitting, which have to be reloaded, and that MLX needs a restart", async () => {
    const stage = await setStage();
    const body = JSON.stringify({ model: "llama3.1:8b" });
    await stage.system.fetch(`${stage.ollama.url}/api/generate`, { method: "POST", body });
    const screen = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: stage.system });
    await screen.submit();
    screen.says("Loaded before, and to be reloaded to use it: llama3.1:8b.", "MLX reads the limit when Ollama starts");
    screen.says("Models that start to fit: qwen3-coder-next:q4_K_M.");
    await screen.action("Undo");
    screen.says("# Back to the macOS Default", "Models that no longer fit: qwen3-coder-next:q4_K_M.");
  });

  it("is taken back with what a restart would have brought back before", async () => {
    const { mac, screen } = await openForm({ overrideMib: 54_000, daemons: ownDaemon(54_000), loadedDaemons: [OWN] });
    await screen.submit();
    screen.says("# GPU Limit Is 56.0 GiB", "Sets 57,344 MiB (56.0 GiB) at every start");
    await screen.action("Undo");
    expect(mac.prompts).toHaveLength(2);
    expect(mac.limitMib()).toBe(54_000);
    mac.reboot();
    expect(mac.limitMib()).toBe(54_000);
    await screen.action("Back to macOS Default");
    expect(mac.limitMib()).toBe(0);
    expect(mac.daemons.size).toBe(0);
    screen.says("# Back to the macOS Default", "macOS decides the limit, as it does now");
    await screen.back();
    screen.says(/Limit in Force 51\.8 GiB/);
  });

  it("offers no Undo where the LaunchDaemon set another limit than the one in force", async () => {
    const { screen } = await openForm({ overrideMib: 52_000, daemons: ownDaemon(50_000) });
    await screen.submit();
    screen.says("# GPU Limit Is 56.0 GiB");
    expect(screen.actions()).not.toContain("Undo");
    expect(screen.actions()).toContain("Back to macOS Default");
  });

  it("waits with the window out of the way for as long as the prompt is open", async () => {
    const { mac, screen } = await openForm({ faults: { hang: true } });
    await screen.press("Set GPU Limit");
    await screen.until(() => mac.prompts.length === 1);
    expect(screen.text()).toContain("(Raycast's window is closed)");
    expect(screen.toast("ANIMATED", "password").actions).toEqual([]);
    expect(mac.limitMib()).toBe(0);
    mac.answerPrompt("allow");
    await screen.settle();
    expect(mac.limitMib()).toBe(57_344);
    screen.toast("SUCCESS", IS_56_GIB);
  });

  it("gives the limit back to macOS", async () => {
    const { mac, screen } = await openForm({ overrideMib: 57_344 });
    await screen.choose("New Limit", "macOS Default");
    await screen.submit();
    expect(mac.limitMib()).toBe(0);
    screen.toast("SUCCESS", "back", "macOS default");
  });

  it("warns below the reserve and sets it after a yes", async () => {
    const { mac, screen } = await openForm();
    await screen.choose("New Limit", "Highest Safe");
    await screen.submit();
    expect(screen.alert("61,440 MiB (60.0 GiB)", /\b4\.0 GiB .*8\.0 GiB advised/).destructive).toBe(true);
    expect(mac.prompts).toEqual([]);
    await screen.agree("Set Anyway");
    expect(screen.alerts()).toHaveLength(1);
    expect(mac.limitMib()).toBe(61_440);
  });

  it("sets nothing after a no, and keeps the form", async () => {
    const { mac, screen } = await openForm();
    await screen.choose("New Limit", "Highest Safe");
    await screen.agree("Cancel");
    await screen.submit();
    expect(mac.prompts).toEqual([]);
    expect(mac.limitMib()).toBe(0);
    expect(screen.toasts()).toEqual([]);
    expect(screen.field("New Limit").value).toBe("highest");
  });

  it("needs a second yes where less than 4 GiB is left", async () => {
    const { mac, screen } = await openForm();
    await custom(screen, "61441");
    await screen.submit();
    screen.alert("4.0 GiB", FREEZE);
    await screen.agree("Set Anyway");
    screen.alert("power button");
    await screen.agree("Yes, Set It");
    expect(mac.limitMib()).toBe(61_441);
  });

  it("sets nothing when the second yes does not come", async () => {
    const { mac, screen } = await openForm();
    await custom(screen, "63488");
    await screen.agree("Set Anyway", "Cancel");
    await screen.submit();
    expect(screen.alerts()).toHaveLength(2);
    expect(mac.prompts).toEqual([]);
  });

  it.each([
    ["63489", "2.0 GiB", FREEZE],
    ["65536", "0 B"],
    ["65537", "65,537 MiB (64.0 GiB)", /more than/],
    ["1000 MiB", "1,000 MiB", /too (?:little|small)/],
  ])("refuses %s MiB at the field", async (mebibytes, ...reason) => {
    const { mac, screen } = await openForm();
    await custom(screen, mebibytes);
    await screen.submit();
    says(screen.field("Limit").error, ...reason);
    expect(mac.prompts).toEqual([]);
    expect(mac.limitMib()).toBe(0);
  });
});

describe("when it does not go well", () => {
  /** The only toast: a failure, with the command to copy. */
  const failed = (screen: Screen, ...parts: readonly Part[]) => {
    expect(screen.toasts()).toHaveLength(1);
    expect(screen.toast("FAILURE", ...parts).actions).toEqual(["Copy Command"]);
  };
  const before = { overrideMib: 50_000 };
  const STILL = "In force: 50,000 MiB (48.8 GiB)";

  it("says that nothing changed after Cancel, as no failure", async () => {
    const { mac, screen } = await openForm({ ...before, faults: { cancel: true } });
    await screen.submit();
    expect(screen.toasts()).toHaveLength(1);
    expect(screen.toast("SUCCESS", "Nothing changed", STILL).actions).toEqual(["Copy Command"]);
    expect(mac.limitMib()).toBe(50_000);
    expect(screen.closed()).toBe(false);
  });

  it.each<[MacFaults, Part]>([
    [{ wrongPassword: true }, /wrong password/i],
    [{ notPermitted: true }, "an administrator account"],
    [{ timeoutReached: true }, /no answer/i],
    [{ sysctlRefuses: true }, "sysctl: iogpu.wired_limit_mb=57344: Invalid argument"],
  ])("has its own words for %j and leaves the Mac as it was", async (faults, reason) => {
    const { mac, screen } = await openForm({ ...before, faults });
    await screen.submit();
    failed(screen, reason, STILL);
    expect(mac.limitMib()).toBe(50_000);
    expect(mac.prompts).toHaveLength(1);
    expect(screen.closed()).toBe(false);
    await screen.toastAction("Copy Command");
    expect(screen.clipboard()).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=57344");
  });

  it("says what is in force where the prompt was given up but the value was set", async () => {
    const { mac, screen } = await openForm({ ...before, faults: { timeoutReached: "applied" } });
    await screen.submit();
    expect(mac.limitMib()).toBe(57_344);
    failed(screen, /^Set\b/, "In force: 57,344 MiB (56.0 GiB)");
    screen.says("Limit in Force 56.0 GiB");
  });

  it("says what is in force where osascript was killed and its command went on behind it", async () => {
    const { mac, screen } = await openForm({ ...before, faults: { promptKilled: true } });
    await screen.submit();
    expect(mac.limitMib()).toBe(57_344);
    expect(screen.toasts()).toMatchObject([
      {
        style: "FAILURE",
        title: "Set, Though the Prompt Failed",
        message: expect.stringContaining("In force: 57,344 MiB (56.0 GiB)."),
      },
    ]);
  });

  it("does not say that a prompt which was given up set what was in force before", async () => {
    const { screen } = await openForm({ overrideMib: 57_344, faults: { timeoutReached: true } });
    await screen.choose("After a Mac Restart", "Set This Limit Again");
    await screen.submit();
    failed(screen, /no answer/i, "In force: 57,344 MiB (56.0 GiB)");
  });

  it("sets nothing on a macOS that has no such limit", async () => {
    const { mac, screen } = await openForm();
    await screen.close();
    mac.sysctls.delete("iogpu.wired_limit_mb");
    const old = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: mac.system() });
    await old.submit();
    old.toast("FAILURE", "Not Set", "no GPU limit");
    expect(mac.prompts).toEqual([]);
  });

  it("believes the value that reads back, not the one it asked for", async () => {
    const { mac, screen } = await openForm({ faults: {} });
    mac.faults = { lies: 40_960 };
    await screen.submit();
    failed(screen, "another value", "Asked for 57,344 MiB (56.0 GiB)", "In force: 40,960 MiB (40.0 GiB)");
    expect(screen.closed()).toBe(false);
    screen.says("Limit in Force 40.0 GiB");
  });

  it("does not claim a value that cannot be read back", async () => {
    const { mac, screen } = await openForm();
    mac.faults = { sysctlHangs: true };
    await screen.submit();
    failed(screen, /not confirmed/i, UNREADABLE);
    doesNotSay(screen.toasts()[0]?.message, "In force:", "57,344");
    expect(mac.limitMib()).toBe(57_344);
  });
});

describe("the LaunchDaemon", () => {
  it("is installed in the same prompt, holds over a restart and shows in the form", async () => {
    const { mac, screen } = await openForm();
    expect(screen.choices("After a Mac Restart")).toEqual([
      "macOS Default Again",
      "Set This Limit Again (Install LaunchDaemon)",
    ]);
    await screen.choose("After a Mac Restart", "Set This Limit Again");
    await screen.submit();
    expect(mac.prompts).toHaveLength(1);
    says(mac.prompts[0], "GPU Limit", "now and after every restart");
    expect([...mac.daemons.keys()]).toEqual([`${OWN}.plist`]);
    expect(mac.loadedDaemons.has(OWN)).toBe(true);
    screen.toast("SUCCESS", INSTALLED);
    await screen.close();
    mac.reboot();
    expect(mac.limitMib()).toBe(57_344);
    const again = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: mac.system() });
    again.says(/LaunchDaemon Sets 57,344 MiB \(56\.0 GiB\)/);
  });

  it("is left alone, changed or removed by choice", async () => {
    const { mac, screen } = await openForm({ overrideMib: 50_000, daemons: ownDaemon(50_000) });
    screen.says(/LaunchDaemon Sets 50,000 MiB \(48\.8 GiB\).*launchd has(?:n't| not) loaded it/);
    expect(screen.choices("After a Mac Restart")).toEqual([
      "Leave the LaunchDaemon: 50,000 MiB (48.8 GiB)",
      "Set This Limit Again (Change LaunchDaemon)",
      "macOS Default Again (Remove LaunchDaemon)",
    ]);
    await screen.choose("After a Mac Restart", "Leave the LaunchDaemon");
    await screen.submit();
    expect(mac.daemons).toEqual(new Map(Object.entries(ownDaemon(50_000))));
    screen.toast("SUCCESS", /LaunchDaemon sets 50,000 MiB \(48\.8 GiB\)/);
    await screen.close();
    desk.toasts = [];
    const changed = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: mac.system() });
    await changed.submit();
    expect(mac.daemons.get(`${OWN}.plist`)).toContain("<string>iogpu.wired_limit_mb=57344</string>");
    await changed.close();
    const again = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: mac.system() });
    await again.choose("After a Mac Restart", "Remove LaunchDaemon");
    await again.submit();
    says(mac.prompts.at(-1), "stop setting it");
    expect(mac.daemons.size).toBe(0);
    expect(mac.limitMib()).toBe(57_344);
  });

  it("shows where it sets another limit than the one in force", async () => {
    const { screen } = await openForm({ overrideMib: 57_344, daemons: ownDaemon(50_000) });
    screen.says(/57,344 MiB \(56\.0 GiB\) is in force now/, NOT_RUN, "another tool");
  });

  it("goes with the limit on the way back to the default of macOS, and out of the form", async () => {
    const { mac, screen } = await openForm({ overrideMib: 50_000, daemons: ownDaemon(50_000) });
    await screen.action("Back to macOS Default");
    expect(mac.limitMib()).toBe(0);
    expect(mac.daemons.size).toBe(0);
    expect(mac.prompts).toHaveLength(1);
    screen.says("# Back to the macOS Default");
    await screen.back();
    screen.says(/Limit in Force 51\.8 GiB, .*Metal/);
    screen.doesNotSay("50,000 MiB");
  });

  it("goes with the macOS default or another limit chosen in the form", async () => {
    const { mac, screen } = await openForm({ overrideMib: 57_344, daemons: ownDaemon(57_344) });
    await screen.choose("New Limit", "macOS Default");
    await screen.submit();
    screen.toast("SUCCESS", "LaunchDaemon", "removed");
    expect(mac.daemons.size).toBe(0);
    mac.reboot();
    expect(mac.limitMib()).toBe(0);
    await screen.close();
    const { mac: other, screen: form } = await openForm({ overrideMib: 57_344, daemons: ownDaemon(57_344) });
    await custom(form, "56000");
    await form.submit();
    other.reboot();
    expect(other.limitMib()).toBe(56_000);
  });

  it("of an earlier release counts as ours and goes with the next change, in the same prompt", async () => {
    const { mac, screen } = await openForm({
      overrideMib: 50_000,
      daemons: { [`${FORMER}.plist`]: daemon(FORMER, 50_000) },
      loadedDaemons: [FORMER],
    });
    screen.says(/LaunchDaemon Sets 50,000 MiB \(48\.8 GiB\).*earlier release/);
    screen.doesNotSay("Also Set at Start");
    await screen.submit();
    expect(mac.prompts).toHaveLength(1);
    expect([...mac.daemons.keys()]).toEqual([`${OWN}.plist`]);
  });

  it("that was switched off in Login Items is said so, and switched on again by setting it", async () => {
    const { mac, screen } = await openForm({ daemons: ownDaemon(57_344), disabledDaemons: [OWN] });
    screen.says("switched off", "System Settings", "Login Items");
    await screen.submit();
    expect(mac.disabledDaemons.size).toBe(0);
    mac.reboot();
    expect(mac.limitMib()).toBe(57_344);
  });

  it("leaves no prompt where nothing would change", async () => {
    const { mac, screen } = await openForm({
      overrideMib: 57_344,
      daemons: ownDaemon(57_344),
      loadedDaemons: [OWN],
    });
    await screen.submit();
    expect(mac.prompts).toEqual([]);
    expect(screen.toasts()).toHaveLength(1);
    expect(screen.toast("SUCCESS", "already", "57,344 MiB (56.0 GiB)", /nothing .*changed/i).actions).toEqual([]);
  });

  it("that another limit followed here since the start doesn't count as one that failed", async () => {
    const { mac, screen } = await openForm({ overrideMib: 50_000, daemons: ownDaemon(50_000), loadedDaemons: [OWN] });
    await screen.choose("After a Mac Restart", "Leave the LaunchDaemon");
    await screen.submit();
    await screen.close();
    const again = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: mac.system() });
    again.says(/57,344 MiB \(56\.0 GiB\) is in force until then/);
    again.doesNotSay(NOT_RUN);
    await again.close();
    mac.reboot();
    mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    const later = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: mac.system() });
    later.says(/57,344 MiB \(56\.0 GiB\) is in force now/, NOT_RUN);
  });

  it("says that the limit is set where only the daemon failed", async () => {
    const { mac, screen } = await openForm({ faults: { lintFails: true } });
    await screen.choose("After a Mac Restart", "Install LaunchDaemon");
    await screen.submit();
    screen.toast("SUCCESS", IS_56_GIB, "until the next restart", NOT_CHANGED);
    expect(mac.limitMib()).toBe(57_344);
    expect(mac.daemons.size).toBe(0);
  });

  it("says that launchd has not taken it yet", async () => {
    const { mac, screen } = await openForm({ faults: { daemonBootstrapFails: true } });
    await screen.choose("After a Mac Restart", "Install LaunchDaemon");
    await screen.submit();
    screen.toast("SUCCESS", NOT_LOADED);
    expect(mac.daemons.size).toBe(1);
  });

  it.each<[string, MacFaults, ...Part[]]>([
    ["installed", {}, INSTALLED],
    ["not changed", { lintFails: true }, NOT_CHANGED],
    ["not loaded", { daemonBootstrapFails: true }, INSTALLED, NOT_LOADED, "Bootstrap failed"],
  ])("was %s: said beside what is in force where that is not what was asked for", async (_, faults, ...fate) => {
    for (const [fault, ...now] of [
      [{ lies: 40_960 }, "Asked for 57,344 MiB (56.0 GiB)", /In force: 40,960 MiB \(40\.0 GiB\)\.$/],
      [{ sysctlHangs: true }, /not confirmed/i, UNREADABLE],
    ] as const) {
      const { mac, screen } = await openForm();
      mac.faults = { ...faults, ...fault };
      await screen.choose("After a Mac Restart", "Install LaunchDaemon");
      await screen.submit();
      screen.toast("FAILURE", ...now, ...fate);
      await screen.close();
      desk.toasts = [];
    }
  });

  it("does not keep a limit that may freeze the Mac: a restart has to be the way out", async () => {
    const { mac, screen } = await openForm();
    await custom(screen, "62000");
    await screen.choose("After a Mac Restart", "Install LaunchDaemon");
    await screen.submit();
    screen.toast("FAILURE", "Not Set", "restart", FREEZE);
    expect(screen.alerts()).toEqual([]);
    expect(mac.prompts).toEqual([]);
  });

  it("is not touched when the kernel refuses the value", async () => {
    const { mac, screen } = await openForm({ daemons: ownDaemon(50_000), faults: { sysctlRefuses: true } });
    await screen.submit();
    expect(mac.daemons).toEqual(new Map(Object.entries(ownDaemon(50_000))));
  });

  it("of somebody else that runs a script says what comes back after a restart", async () => {
    const { mac, screen } = await openForm({
      daemons: { "org.nix.limit.plist": runsScript("org.nix.limit", "/nix/store/ab-limit") },
      files: { "/nix/store/ab-limit": "#!/bin/sh\n/usr/sbin/sysctl iogpu.wired_limit_mb=61440\n" },
    });
    screen.says(
      /Also Set at Start \/Library\/LaunchDaemons\/org\.nix\.limit\.plist/,
      "/nix/store/ab-limit",
      "61,440 MiB",
    );
    expect(screen.choices("After a Mac Restart")).toEqual([
      "61,440 MiB (60.0 GiB) Again (Set by Another Tool)",
      "Set This Limit Again (Install LaunchDaemon)",
    ]);
    mac.reboot();
    expect(mac.limitMib()).toBe(61_440);
  });

  it("of somebody else that can't be read is noticed by what it sets", async () => {
    const { mac, screen } = await openForm({ overrideMib: 61_440 });
    screen.says(/Set Elsewhere 61,440 MiB \(60\.0 GiB\)/, "another tool", "restart");
    expect(screen.choices("After a Mac Restart")[0]).toBe("Not Known: Set Elsewhere");
    await screen.submit();
    await screen.close();
    const again = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: mac.system() });
    again.doesNotSay("Set Elsewhere");
    expect(again.choices("After a Mac Restart")[0]).toBe("macOS Default Again");
  });

  it("of sysctl.conf isn't promised while it's not in force", async () => {
    const { screen } = await openForm({ sysctlConf: "iogpu.wired_limit_mb=57344\n" });
    expect(screen.choices("After a Mac Restart")[0]).toBe("Not Known: /etc/sysctl.conf");
    screen.says("/etc/sysctl.conf (57,344 MiB (56.0 GiB)), which macOS may not read");
    await screen.close();
    const { screen: inForce } = await openForm({ sysctlConf: "iogpu.wired_limit_mb=57344\n", overrideMib: 57_344 });
    expect(inForce.choices("After a Mac Restart")[0]).toBe("57,344 MiB (56.0 GiB) Again (Set by Another Tool)");
  });

  it("of somebody else, and sysctl.conf, are pointed out and left alone", async () => {
    const { mac, screen } = await openForm({
      daemons: { "org.example.vram.plist": daemon("org.example.vram", 60_000) },
      sysctlConf: "iogpu.wired_limit_mb=61000\n",
    });
    screen.says(/Also Set at Start \/Library\/LaunchDaemons\/org\.example\.vram\.plist/, "60,000 MiB (58.6 GiB)");
    screen.says("/etc/sysctl.conf", "61,000 MiB (59.6 GiB)", "until the next restart");
    expect(screen.choices("After a Mac Restart")).toHaveLength(2);
    await screen.submit();
    expect([...mac.daemons.keys()]).toEqual(["org.example.vram.plist"]);
  });
});
