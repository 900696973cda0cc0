import { afterEach, describe, expect, it } from "vitest";
import SetGpuLimit from "../../src/set-gpu-limit";
import { createStandInMac, type StandInMac, type StandInMacOptions } from "../stand-ins/mac";
import { sampleModel, type StandInModel, type StandInOllama, startStandInOllama } from "../stand-ins/ollama";
import { desk, renderCommand, type Screen, setPreferences } from "../support";

const OWN = "com.raycast.gpu-limit";
const SUCCESS =
  "A GGUF model only has to be loaded anew. Restart Ollama only for MLX models; pin the context first, as the default may change.";
const TIER = "set num_ctx or OLLAMA_CONTEXT_LENGTH first.";

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
  const mac = createStandInMac({ ramGib: 64, ...options });
  macs.push(mac);
  setPreferences({ ollamaHost: server.url, judgeContext: "4096", ...preferences });
  const screen = await renderCommand(<SetGpuLimit />, {
    command: "set-gpu-limit",
    world: mac.world(platform === undefined ? {} : { platform }),
  });
  return { mac, screen, server };
}

/** The view as one line of words, whatever the width wraps. */
function words(screen: Screen): string {
  return screen.text().replace(/\s+/g, " ");
}

async function custom(screen: Screen, mebibytes: string): Promise<void> {
  await screen.choose("New Limit", "Custom");
  await screen.fill("Limit in MiB", mebibytes);
}

/** Our LaunchDaemon as it lies on a Mac that has it. */
function ownDaemon(mebibytes: number): Record<string, string> {
  return { [`${OWN}.plist`]: daemon(OWN, mebibytes) };
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
    expect(words(screen)).toContain("This Mac Apple M4 Pro, 64.0 GiB of memory, macOS 26.6.1");
    expect(words(screen)).toContain("Limit in Force 51.84 GiB, read from Metal.");
    expect(words(screen)).toContain("macOS Default 53,084 MiB (51.8 GiB)");
    expect(words(screen)).toContain(
      "Recommended 57,344 MiB (56.0 GiB): keeps 8.0 GiB for macOS and your apps, and gives models 4.2 GiB more than the default.",
    );
    expect(screen.field("New Limit").value).toBe("recommended");
    expect(mac.prompts).toEqual([]);
  });

  it("names the override as the source and still knows the default of macOS", async () => {
    const { screen } = await openForm({ overrideMib: 57_344 });
    expect(words(screen)).toContain("Limit in Force 56.00 GiB, set with iogpu.wired_limit_mb.");
    expect(words(screen)).toContain("macOS Default 53,084 MiB (51.8 GiB)");
  });

  it("shows it where the sysctl and Metal say different things", async () => {
    const { screen } = await openForm({ overrideMib: 57_344, faults: { lies: 40_960 } });
    expect(words(screen)).toContain(
      "Limit in Force 40.00 GiB, set with iogpu.wired_limit_mb. iogpu.wired_limit_mb says 40.00 GiB, Metal says 56.00 GiB.",
    );
  });

  it("takes what Ollama's llama-server lists where Metal does not answer", async () => {
    const { screen } = await openForm({ faults: { metalMissing: true } });
    expect(words(screen)).toContain("Limit in Force 51.84 GiB, listed by Ollama's llama-server.");
    expect(words(screen)).toContain("macOS Default 53,084 MiB (51.8 GiB), estimated");
  });

  it("labels the formula as an estimate where nothing can be read", async () => {
    const { screen } = await openForm({ ollama: "none", faults: { metalMissing: true } });
    expect(words(screen)).toMatch(/Limit in Force 51\.84 GiB, estimated for macOS 26/);
    expect(words(screen)).toContain("macOS Default 53,084 MiB (51.8 GiB), estimated");
  });

  it("recommends by the reserve in the preferences", async () => {
    const { screen } = await openForm({ preferences: { reserveGib: "10" } });
    expect(words(screen)).toContain("Recommended 55,296 MiB (54.0 GiB): keeps 10.0 GiB for macOS and your apps");
  });

  it("works without an Ollama that answers", async () => {
    const { mac, screen, server } = await openForm();
    await screen.close();
    await server.stop();
    const again = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", world: mac.world() });
    expect(words(again)).toContain("Recommended 57,344 MiB");
    await again.submit();
    expect(mac.limitMib()).toBe(57_344);
  });

  it("says on an 8 GB Mac that there is nothing to gain, and offers no recommendation", async () => {
    const { screen } = await openForm({ ramGib: 8, chip: "Apple M1" });
    expect(words(screen)).toContain(
      "macOS already gives the GPU 5,461 MiB (5.3 GiB). Keeping 4.0 GiB for macOS, a higher limit gains nothing on this Mac.",
    );
    expect(screen.choices("New Limit")).toEqual(["macOS Default (5.3 GiB)", "Custom"]);
    expect(screen.field("New Limit").value).toBe("default");
  });
});

describe("machines without a limit to set", () => {
  const nothing = (screen: Screen) => {
    expect(words(screen)).toContain("No GPU Limit to Set");
    expect(screen.actions()).toEqual(["Open Extension Preferences"]);
  };

  it("explains an Intel Mac", async () => {
    const { screen } = await openForm({ intel: true });
    nothing(screen);
    expect(words(screen)).toContain("This Mac has an Intel processor.");
  });

  it("explains a virtual machine", async () => {
    const { screen } = await openForm({ vm: true });
    nothing(screen);
    expect(words(screen)).toContain("macOS runs in a virtual machine here.");
  });

  it("explains a machine that is no Mac, and reads and sets nothing there", async () => {
    const { mac, screen } = await openForm({ platform: "linux" });
    nothing(screen);
    expect(words(screen)).toContain("This is not a Mac");
    expect(mac.calls.filter(({ file }) => /sysctl|osascript|plutil|grep/.test(file))).toEqual([]);
  });

  it("explains a Mac that does not answer", async () => {
    const { screen } = await openForm({ faults: { sysctlHangs: true } });
    nothing(screen);
    expect(words(screen)).toContain("could not be read with sysctl");
  });

  it("does not set this Mac's limit for a server on another Mac, and leads to the preferences", async () => {
    const { mac, screen } = await openForm({ preferences: { ollamaHost: "http://192.0.2.7:9" }, platform: "darwin" });
    nothing(screen);
    expect(words(screen)).toContain("is another Mac. Its limit can only be set there.");
    await screen.action("Open Extension Preferences");
    expect(desk.openedPreferences).toEqual(["extension"]);
    expect(mac.prompts).toEqual([]);
  });
});

describe("presets and hints", () => {
  it("offers the default, the recommendation, the highest safe value and any other", async () => {
    const { screen } = await openForm();
    expect(screen.choices("New Limit")).toEqual([
      "macOS Default (51.8 GiB)",
      "Recommended (57,344 MiB (56.0 GiB))",
      "Highest Safe (61,440 MiB (60.0 GiB))",
      "Custom",
    ]);
    expect(words(screen)).toContain("Effect 88 % of RAM, 8.0 GiB left for macOS.");
    await screen.choose("New Limit", "macOS Default");
    expect(words(screen)).toContain("Effect 81 % of RAM, 12.2 GiB left for macOS.");
    await screen.choose("New Limit", "Highest Safe");
    expect(words(screen)).toContain(
      "Effect 94 % of RAM, 4.0 GiB left for macOS. 4.0 GiB are left to macOS and your apps, less than the 8.0 GiB advised for this Mac.",
    );
  });

  it("starts a custom value at what is in force", async () => {
    const { screen } = await openForm({ overrideMib: 50_000 });
    await screen.choose("New Limit", "Custom");
    expect(screen.field("Limit in MiB").value).toBe("50000");
  });

  it("follows what is typed: models that start and stop fitting", async () => {
    const { screen } = await openForm({ ramGib: 16, preferences: { judgeContext: "65536" } });
    await custom(screen, "14336");
    expect(words(screen)).toContain("Then fit: llama3.1:8b.");
    await screen.close();
    const { screen: other } = await openForm({ ramGib: 16 });
    await custom(other, "4096");
    expect(words(other)).toContain("No longer fit: llama3.1:8b.");
    await other.fill("Limit in MiB", "12288");
    expect(words(other)).not.toContain("fit:");
  });

  it.each([
    [64, "48127", "from 256K to 32K"],
    [64, "23551", "from 256K to 4K"],
    [64, "48128", undefined],
    [36, "23551", "from 32K to 4K"],
    [24, "23552", "from 4K to 32K"],
  ])("says on a %d GB Mac what %s MiB does to the default context", async (ramGib, mebibytes, change) => {
    const { screen } = await openForm({ ramGib });
    await custom(screen, mebibytes);
    if (change === undefined) expect(words(screen)).not.toContain(TIER);
    else expect(words(screen)).toContain(`Once Ollama restarts, its default context changes ${change} for every model`);
  });

  it("says of a limit that is refused only why, not what it would bring", async () => {
    const { screen } = await openForm({ ramGib: 48 });
    await custom(screen, "48128");
    expect(words(screen)).toContain(
      "Effect That leaves 1.0 GiB to macOS. Below 2.0 GiB the Mac may freeze, so it is not set. After a Restart",
    );
  });

  it.each(["", "57344.5", "56 GiB", "-1", "0x1000", "1e5", "57344; reboot"])(
    "takes whole MiB only, not %j",
    async (typed) => {
      const { mac, screen } = await openForm();
      await custom(screen, typed);
      expect(words(screen)).toContain("Effect Whole MiB, such as 57344.");
      expect(screen.actions()).not.toContain("Copy Sysctl Command");
      await screen.submit();
      expect(screen.field("Limit in MiB").error).toBe("Whole MiB, such as 57344");
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
