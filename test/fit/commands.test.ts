import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asOneLine,
  launchctlContextCommand,
  keepAliveCommands,
  kvCacheCommands,
  parallelCommands,
  modelfileText,
  ollamaCreateCommand,
  ollamaPullCommand,
  ollamaRunCommand,
  ollamaStopCommand,
  restartCommands,
  setParameterText,
  shellQuote,
  sysctlCommand,
  throttleCommand,
} from "../../src/fit/commands";

interface Shell {
  readonly name: string;
  readonly isInstalled: boolean;
  /** What the script prints. */
  readonly run: (script: string) => string;
}

const canRun = (program: string) => spawnSync(program, ["-c", "exit 0"]).status === 0;

function start(program: string, args: readonly string[], input = ""): string {
  const env = { PATH: process.env["PATH"], PS1: "", PS2: "" };
  const result = spawnSync(program, args, { encoding: "utf8", env, input });
  expect(result.stderr).toBe("");
  return result.stdout;
}

/**
 * At a prompt zsh takes "!" for its history and "#" for no comment, even in what is pasted. Options that people set
 * change what quotes and patterns mean.
 */
const atPrompt = (...options: readonly string[]) => {
  const args = ["-f", "-i", "+o", "promptsp", "+o", "promptcr", ...options.flatMap((option) => ["-o", option])];
  return (script: string) => start("zsh", args, `true\n${script}\n`);
};

/** People paste into zsh, the shell of macOS; where it is not installed its tests are shown as skipped. */
const SHELLS: readonly Shell[] = [
  { name: "sh", isInstalled: canRun("sh"), run: (script) => start("sh", ["-c", script]) },
  { name: "zsh", isInstalled: canRun("zsh"), run: (script) => start("zsh", ["-f", "-c", script]) },
  { name: "zsh at its prompt", isInstalled: canRun("zsh"), run: atPrompt() },
  {
    name: "zsh at its prompt with other options",
    isInstalled: canRun("zsh"),
    run: atPrompt("extendedglob", "interactivecomments", "rcquotes", "magicequalsubst"),
  },
];

/** Characters that mean something to a shell, some that do not, and words that mean something as a whole. */
const hostile = fc.oneof(
  fc
    .array(fc.constantFrom(..."'\"\\$`!#~*?[]{}()<>|&; =-%^aZ0é🙂"), { maxLength: 24 })
    .map((characters) => characters.join("")),
  fc.constantFrom("!!", "!0", "a!0", "!-1", "^0^1", "#a", "~", "=zsh", "%1", "{a,b}", "''"),
);

describe.each(SHELLS)("in $name", ({ isInstalled: there, run }) => {
  it.skipIf(!there)("whatever is typed stays one word, unchanged", () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 12, maxLength: 24 }), (words) => {
        const printed = run(`printf '%s\\0' ${words.map(shellQuote).join(" ")}`);
        expect(printed).toBe(words.map((word) => `${word}\0`).join(""));
      }),
      { numRuns: 25 },
    );
  });

  it.skipIf(!there)("`ollama create` gets the Modelfile and the name as they are", () => {
    fc.assert(
      fc.property(hostile, hostile, fc.integer({ min: 1, max: 1_048_576 }), (source, variant, numCtx) => {
        // Releases from 0.40 on read the file twice.
        const ollama = `ollama() { printf '%s\\0' "$1" "$2" "$3"; cat "$4" && cat "$4" && rm "$4"; }\n`;
        const text = modelfileText(source, numCtx);
        expect(run(ollama + ollamaCreateCommand(source, variant, numCtx))).toBe(
          ["create", variant, "-f", text + text].join("\0"),
        );
      }),
      { numRuns: 40 },
    );
  });

  it.skipIf(!there)("every other command gets the name as it is", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const programs = `ollama() { printf '%s\\0' "$@"; }\nlaunchctl() { printf '%s\\0' "$@"; }\n`;
        const setKvCache = (type: string) => kvCacheCommands(type, APP)[0] ?? "";
        const ofServer = [ollamaRunCommand, ollamaStopCommand, ollamaPullCommand];
        const commands = [...ofServer.map((command) => command(name)), setKvCache(name)];
        expect(run(programs + commands.join("\n")).split("\0")).toEqual([
          ...["run", name, "stop", name, "pull", name],
          ...["setenv", "OLLAMA_KV_CACHE_TYPE", name, ""],
        ]);
      }),
      { numRuns: 40 },
    );
  });
});

describe.skipIf(!canRun("zsh"))("zsh at its prompt", () => {
  it("has a history that unquoted text would meet, so that the tests above can fail", () => {
    expect(() => atPrompt()(`echo one\necho "a!echo"`)).toThrow("aecho one");
    expect(atPrompt()("echo a # b")).toBe("a # b\n");
  });
});

const APP = { kind: "app", pid: 655, appPid: 640, appPath: "/Applications/Ollama.app" } as const;
const HOMEBREW = { kind: "homebrew", pid: 7, label: "homebrew.mxcl.ollama", domain: "session" } as const;
const TERMINAL = { kind: "terminal", pid: 655, program: "Terminal" } as const;

describe("shellQuote", () => {
  it("leaves model names bare and quotes what could be an option, a variable or history", () => {
    expect(shellQuote("qwen3-coder-next:q4_K_M-8k")).toBe("qwen3-coder-next:q4_K_M-8k");
    expect(shellQuote("hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M")).toBe("hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M");
    expect(shellQuote("-f")).toBe("'-f'");
    expect(shellQuote("")).toBe("''");
    expect(shellQuote("a!b")).toBe("'a!b'");
    expect(shellQuote("$HOME")).toBe("'$HOME'");
    expect(shellQuote("it's")).toBe(`'it'\\''s'`);
  });
});

describe("a name with control characters", () => {
  const controls = fc.constantFrom(
    ..."\0\t\n\r\u0015\u001b\u007f\u0085\u009b\u200f\u202e\u2028\u2029\u00ad\u034f\u180b\u2060\u3164\ufe0f\ufeff\ud800".split(
      "",
    ),
  );
  const forged = fc.tuple(fc.string(), controls, fc.string()).map((parts) => parts.join(""));

  it("gets into no command and no Modelfile", () => {
    fc.assert(
      fc.property(forged, (name) => {
        for (const copy of [
          () => shellQuote(name),
          () => modelfileText(name, 8192),
          () => ollamaCreateCommand("a", name, 8192),
          () => ollamaCreateCommand(name, "a", 8192),
          () => ollamaRunCommand(name),
          () => ollamaStopCommand(name),
          () => ollamaPullCommand(name),
          () => kvCacheCommands(name, APP),
        ]) {
          expect(copy).toThrow(RangeError);
        }
      }),
    );
  });
});

it.each(["\u200b", "\u202e", "\u001b[201~"])(
  "an app in a folder named with %j has no commands, and ends no plan",
  (mark) => {
    const app = { ...APP, appPath: `/Users/sam/Apps${mark}/Ollama.app` };
    expect([restartCommands(app), kvCacheCommands("q8_0", app), keepAliveCommands(60, app)]).toEqual([[], [], []]);
  },
);

describe("the texts that are copied", () => {
  it("are these, to the letter", () => {
    expect(sysctlCommand(57_344)).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=57344");
    expect(sysctlCommand(0)).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=0");
    expect(throttleCommand(0)).toBe("sudo /usr/sbin/sysctl debug.lowpri_throttle_enabled=0");
    expect(modelfileText("qwen3:8b", 8192)).toBe("FROM qwen3:8b\nPARAMETER num_ctx 8192\n");
    expect(ollamaCreateCommand("qwen3:8b", "qwen3:8b-8k", 8192)).toBe(
      `f=$(mktemp) && printf '%s\\n' 'FROM qwen3:8b' 'PARAMETER num_ctx 8192' > "$f" && ollama create qwen3:8b-8k -f "$f"`,
    );
    expect(setParameterText(8192)).toBe("/set parameter num_ctx 8192");
    expect(launchctlContextCommand(8192)).toBe("launchctl setenv OLLAMA_CONTEXT_LENGTH 8192");
    expect(kvCacheCommands("q8_0", APP)).toEqual([
      "launchctl setenv OLLAMA_KV_CACHE_TYPE q8_0",
      `/usr/bin/pkill -TERM -U "$(id -u)" -f '^/Applications/Ollama.app/Contents/MacOS/Ollama'`,
      `for s in $(seq 40); do /usr/bin/pgrep -U "$(id -u)" -f '^/Applications/Ollama.app/Contents/MacOS/Ollama' > /dev/null || break; sleep 1; done`,
      "open -g -j -a /Applications/Ollama.app",
    ]);
    expect(kvCacheCommands("q8_0", TERMINAL)).toEqual(["OLLAMA_KV_CACHE_TYPE=q8_0 ollama serve"]);
    expect(parallelCommands(1, APP)[0]).toBe("launchctl setenv OLLAMA_NUM_PARALLEL 1");
    expect(parallelCommands(1, TERMINAL)).toEqual(["OLLAMA_NUM_PARALLEL=1 ollama serve"]);
    for (const identity of [
      { kind: "remote" },
      { ...HOMEBREW, domain: "system" },
      { kind: "program", pid: 7 },
    ] as const)
      expect(kvCacheCommands("q8_0", identity)).toEqual([]);
    expect(kvCacheCommands("q8_0", HOMEBREW)).toEqual([
      "launchctl setenv OLLAMA_KV_CACHE_TYPE q8_0",
      "brew services restart ollama",
    ]);
    expect(restartCommands(HOMEBREW)).toEqual(["brew services restart ollama"]);
    expect(restartCommands({ kind: "agent", pid: 7, label: "org.ollama", domain: "session" })).toEqual([
      `launchctl kickstart -k "gui/$(id -u)/"org.ollama`,
    ]);
    expect(restartCommands({ kind: "agent", pid: 7, label: "org.ollama", domain: "system" })).toEqual([
      "sudo launchctl kickstart -k system/org.ollama",
    ]);
    expect(restartCommands(TERMINAL)).toEqual([]);
    expect(ollamaRunCommand("qwen3:8b")).toBe("ollama run qwen3:8b");
    expect(ollamaStopCommand("qwen3:8b")).toBe("ollama stop qwen3:8b");
    expect(ollamaPullCommand("qwen3:8b")).toBe("ollama pull qwen3:8b");
  });

  it("name the server where it isn't the usual one", () => {
    for (const url of [undefined, "http://127.0.0.1:11434", "http://localhost:11434"])
      expect(ollamaStopCommand("a", url)).toBe("ollama stop a");
    expect(ollamaStopCommand("a", "http://127.0.0.1:11500")).toBe("OLLAMA_HOST=http://127.0.0.1:11500 ollama stop a");
    expect(ollamaStopCommand("a", "http://[fe80::1]:11434")).toBe("OLLAMA_HOST='http://[fe80::1]:11434' ollama stop a");
    expect(ollamaCreateCommand("a", "b", 4096, "https://studio.local/llm")).toBe(
      `f=$(mktemp) && printf '%s\\n' 'FROM a' 'PARAMETER num_ctx 4096' > "$f" && OLLAMA_HOST=https://studio.local/llm ollama create b -f "$f"`,
    );
  });

  it("end the app's own process wherever it lies, and no other", () => {
    const appPath = "/Users/sam (a+b)/My Apps/Ollama.app";
    const [, pattern = ""] = /-f '(.*)'$/.exec(restartCommands({ ...APP, appPath })[0] ?? "") ?? [];
    const matches = (command: string) => new RegExp(pattern).test(command);
    expect(matches(`${appPath}/Contents/MacOS/Ollama hidden`)).toBe(true);
    expect(matches(`${appPath}/Contents/Resources/ollama serve`)).toBe(false);
    expect(matches(`grep ${appPath}/Contents/MacOS/Ollama`)).toBe(false);
    for (const shell of SHELLS) expect(shell.run(`if false; then ${asOneLine(restartCommands(APP))}; fi`)).toBe("");
  });

  it("stop at the first that fails when they are pasted as one line", () => {
    const [sh] = SHELLS;
    const stubs = "sudo() { echo sudo; return 1; }\nollama() { echo ollama; }\n";
    const create = ollamaCreateCommand("qwen3:8b", "qwen3:8b-8k", 8192);
    expect(sh?.run(stubs + asOneLine([sysctlCommand(57_344), create]))).toBe("sudo\n");
    expect(sh?.run(stubs + asOneLine([create, ollamaStopCommand("a b")]))).toBe("ollama\nollama\n");
  });

  it("hold no comment and no bare exclamation mark, whatever the model is called", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        for (const command of [
          ollamaCreateCommand(name, name, 8192),
          ollamaRunCommand(name),
          ollamaStopCommand(name),
          ollamaPullCommand(name),
          ...kvCacheCommands(name, APP).slice(0, 1),
          ...kvCacheCommands(name, TERMINAL),
          sysctlCommand(57_344),
          launchctlContextCommand(8192),
        ]) {
          // The temporary file is the only thing a shell has to make sense of.
          const named = command
            .replace(/^f=\$\(mktemp\) && /, "")
            .replace(' > "$f" && ', " ")
            .replace(/"\$f"$/, "");
          expect(outsideQuotes(named)).not.toMatch(/[!#$`*?~<>&;\n]/);
        }
      }),
    );
  });
});

/** What of a command line stands outside single quotes, where zsh would give it a meaning. */
function outsideQuotes(command: string): string {
  return command.replace(/'[^']*'|\\'/g, "");
}
