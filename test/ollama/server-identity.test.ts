import { describe, expect, it } from "vitest";
import type { Runner, RunResult } from "../../src/mac/runner";
import { readServerIdentity } from "../../src/ollama/server-identity";

const APP = "/Applications/Ollama.app";
const LOCALHOST = { addresses: ["127.0.0.1"], port: 11434 };

interface Staged {
  /** Lines of `ps`: pid, parent, command. */
  readonly ps: string;
  /** Fields of lsof; default: process 655 on 127.0.0.1. */
  readonly lsof?: string;
  /** Lines of `launchctl list`. */
  readonly session?: string;
  /** Services of `launchctl print system`. */
  readonly system?: string;
}

/** A Mac of this user that only says which processes there are. */
function mac({ ps, lsof = "p655\ncollama\nf3\nn127.0.0.1:11434\n", session = "", system = "" }: Staged) {
  const calls: string[] = [];
  const run: Runner = async (file, args): Promise<RunResult> => {
    const line = [file, ...args].join(" ");
    calls.push(line);
    const stdout = line.startsWith("/usr/sbin/lsof -nP -a -u 501 -iTCP:")
      ? lsof
      : line.startsWith("/bin/ps -axww")
        ? `    1     0 /sbin/launchd\n${ps}`
        : line === "/bin/launchctl list"
          ? `PID\tStatus\tLabel\n${session}`
          : line === "/bin/launchctl print system"
            ? `com.apple.xpc.launchd.domain.system = {\n\tservices = {\n${system}\t}\n}\n`
            : undefined;
    if (stdout === undefined) throw new Error(`Not known here: ${line}`);
    return { exitCode: stdout === "" ? 1 : 0, stdout, stderr: "", missing: false, timedOut: false };
  };
  return { run, calls, userId: 501, homeFolder: "/Users/sam" };
}

async function identityOf(staged: Staged, address = LOCALHOST) {
  return (await readServerIdentity(mac(staged), address)).identity;
}

/** Cut as the app's own start at login shows them. */
const APP_AT_LOGIN = `  612     1 ${APP}/Contents/Frameworks/Squirrel.framework/Versions/A/Squirrel background
  640   612 ${APP}/Contents/MacOS/Ollama hidden
  655   640 ${APP}/Contents/Resources/ollama serve
`;

describe("readServerIdentity", () => {
  it("knows the app, wherever of its two places it lies", async () => {
    expect(await identityOf({ ps: APP_AT_LOGIN })).toEqual({ kind: "app", pid: 655, appPid: 640, appPath: APP });
    const own = "/Users/sam/Applications/Ollama.app";
    expect(await identityOf({ ps: APP_AT_LOGIN.replaceAll(APP, own) })).toMatchObject({ kind: "app", appPath: own });
  });

  it.each(["/Users/Shared/Ollama.app", "/Volumes/Ollama/Ollama.app", "/Users/sam/Applications/x/../Ollama.app"])(
    "doesn't take %s for an app that may be opened",
    async (path) => {
      expect(await identityOf({ ps: APP_AT_LOGIN.replaceAll(APP, path) })).toEqual({
        kind: "program",
        pid: 655,
        program: path,
      });
    },
  );

  it("goes by who listens, not by who comes first", async () => {
    const ps = `${APP_AT_LOGIN}  700     1 /System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal
  701   700 login -pf sam
  702   701 -zsh
  703   702 ollama serve
`;
    const lsof = "p703\ncollama\nf3\nn127.0.0.1:11435\n";
    expect(await identityOf({ ps, lsof }, { addresses: ["127.0.0.1"], port: 11435 })).toEqual({
      kind: "terminal",
      pid: 703,
      program: "Terminal",
    });
  });

  describe("under launchd", () => {
    const ps = "  655     1 /usr/local/bin/ollama serve\n";

    it("is Homebrew's only by the label that owns its pid", async () => {
      const brew = "  655     1 /opt/homebrew/opt/ollama/bin/ollama serve\n";
      expect(await identityOf({ ps: brew, session: "655\t0\thomebrew.mxcl.ollama\n" })).toEqual({
        kind: "homebrew",
        pid: 655,
        label: "homebrew.mxcl.ollama",
        domain: "session",
      });
      expect(await identityOf({ ps: brew, session: "99\t0\thomebrew.mxcl.ollama\n" })).toEqual({
        kind: "program",
        pid: 655,
        program: undefined,
      });
    });

    it("is an agent's or a daemon's by the label that owns its pid", async () => {
      expect(await identityOf({ ps, session: "655\t0\tcom.sam.ollama\n-\t0\thomebrew.mxcl.ollama\n" })).toEqual({
        kind: "agent",
        pid: 655,
        label: "com.sam.ollama",
        domain: "session",
      });
      expect(await identityOf({ ps, system: "\t\t     655      - \torg.nixos.ollama\n" })).toMatchObject({
        kind: "agent",
        label: "org.nixos.ollama",
        domain: "system",
      });
    });

    it("is an agent's through the script or the `caffeinate` that the agent runs", async () => {
      const script =
        "  640     1 /bin/sh /Users/sam/bin/start-ollama.sh\n  650   640 caffeinate -is ollama serve\n  655   650 ollama serve\n";
      expect(await identityOf({ ps: script, session: "640\t0\tcom.sam.ollama\n" })).toEqual({
        kind: "agent",
        pid: 655,
        label: "com.sam.ollama",
        domain: "session",
      });
    });

    it("isn't the agent's of a program between them", async () => {
      const ssh = "  600     1 sshd: sam [priv]\n  610   600 -zsh\n  655   610 ollama start\n";
      expect(await identityOf({ ps: ssh, session: "600\t0\tcom.openssh.sshd.AB\n" })).toEqual({
        kind: "terminal",
        pid: 655,
        program: "zsh",
      });
      const supervisor = "  600     1 /usr/bin/python3 /usr/local/bin/supervisord -n\n  655   600 ollama serve\n";
      expect(await identityOf({ ps: supervisor, session: "600\t0\torg.supervisord\n" })).toEqual({
        kind: "program",
        pid: 655,
        program: "python3",
      });
    });
  });

  it("names the app that started it", async () => {
    const code = "/Applications/Visual Studio Code.app/Contents";
    const ps = `  640     1 ${code}/MacOS/Electron
  650   640 ${code}/Frameworks/Code Helper (Plugin).app/Contents/MacOS/Code Helper (Plugin) --type=utility
`;
    expect(await identityOf({ ps: `${ps}  655   650 ollama serve\n` })).toMatchObject({
      kind: "program",
      program: "Visual Studio Code",
    });
    const shell = "  652   650 /bin/zsh -il\n  653   652 npm run ollama\n  655   653 ollama serve\n";
    expect(await identityOf({ ps: ps + shell })).toMatchObject({ kind: "terminal", program: "Visual Studio Code" });
    const script = '  652   650 /bin/sh -c "ollama serve"\n  655   652 ollama serve\n';
    expect(await identityOf({ ps: ps + script })).toMatchObject({ kind: "program", program: "Visual Studio Code" });
  });

  it.each([
    ["/Applications/Docker.app/Contents/MacOS/com.docker.backend services", "container", "Docker"],
    [
      "/Applications/OrbStack.app/Contents/Frameworks/OrbStack Helper.app/Contents/MacOS/OrbStack Helper vmgr",
      "container",
      "OrbStack",
    ],
    ["ssh: /Users/sam/.colima/_lima/colima/ssh.sock [mux]", "container", "Colima"],
    ["/opt/homebrew/bin/limactl hostagent --pidfile /Users/sam/.lima/default/ha.pid", "container", "Lima"],
    ["/usr/bin/ssh docker-box -N -L 11434:localhost:11434", "tunnel", "ssh"],
    ["ssh -fNL 11434:127.0.0.1:11434 sam@studio.local", "tunnel", "ssh"],
    ["nginx: master process /opt/homebrew/bin/nginx", "other", "nginx"],
    ["/usr/bin/python3 proxy.py --upstream http://studio:11434", "other", "python3"],
    ["/opt/homebrew/bin/ollama-proxy serve", "other", "ollama-proxy"],
  ])("says that %s isn't Ollama", async (command, carrier, program) => {
    expect(await identityOf({ ps: `  655     1 ${command}\n` })).toEqual({
      kind: "elsewhere",
      pid: 655,
      carrier,
      program,
    });
  });

  it("names several where it can't be told which one answers", async () => {
    const ps = `${APP_AT_LOGIN}  901     1 /Applications/Docker.app/Contents/MacOS/com.docker.backend\n`;
    const lsof = "p655\ncollama\nf3\nn127.0.0.1:11434\np901\nccom.docker.backe\nf9\nn*:11434\n";
    expect(await identityOf({ ps, lsof }, { addresses: ["127.0.0.1", "[::1]"], port: 11434 })).toEqual({
      kind: "several",
      pids: [655, 901],
    });
    expect(await identityOf({ ps, lsof })).toMatchObject({ kind: "app", pid: 655 });
  });

  it("takes a child that holds the socket open for no second server", async () => {
    const ps = `${APP_AT_LOGIN}  901   655 ${APP}/Contents/Resources/llama-server --model /x\n`;
    const lsof = "p655\ncollama\nf3\nn*:11434\np901\ncllama-server\nf3\nn*:11434\n";
    expect(await identityOf({ ps, lsof })).toMatchObject({ kind: "app", pid: 655 });
  });

  it("doesn't know where nobody of this user listens, lsof is silent, or the process is gone", async () => {
    expect(await identityOf({ ps: APP_AT_LOGIN, lsof: "" })).toMatchObject({ kind: "unknown" });
    expect(await identityOf({ ps: "  600     1 /usr/sbin/cfprefsd agent\n" })).toMatchObject({ kind: "unknown" });
    const silent = {
      ...mac({ ps: APP_AT_LOGIN }),
      run: async (): Promise<RunResult> => ({ stdout: "", stderr: "", missing: false, timedOut: true }),
    };
    expect((await readServerIdentity(silent, LOCALHOST)).identity).toMatchObject({ kind: "unknown" });
  });

  it("asks launchd only about what it may have started", async () => {
    const app = mac({ ps: APP_AT_LOGIN });
    await readServerIdentity(app, LOCALHOST);
    expect(app.calls.some((call) => call.startsWith("/bin/launchctl"))).toBe(false);
  });
});
