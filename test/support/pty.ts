/** Real shells at a terminal, as far as this machine has them: `script` gives a command a terminal of its own. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const SHELLS = ["zsh", "bash"] as const;
export type Shell = (typeof SHELLS)[number];
export type Paste = "bracketed" | "plain";

/** Whether this machine has the shell, and a `script` that takes a command (util-linux 2.35 or newer). */
export function hasShell(shell: Shell): boolean {
  const works = (file: string, ...args: string[]) => spawnSync(file, args, { timeout: 10_000 }).status === 0;
  return works(shell, "-c", ":") && works("script", "-qec", "true", "/dev/null");
}

/** Programs that texts of the extension name; at this terminal each only notes that it ran. */
const PROGRAMS = ["sudo", "ollama", "launchctl", "open", "brew", "pkill", "pgrep", "touch", "mktemp", "id", "sleep"];

const SETTLE_MS = 150;
const PROMPT = "READY> ";

export interface Terminal {
  /** Pastes a text, waits, and throws away what lies on the line. @returns what ran: commands, and programs by name */
  paste(text: string): Promise<readonly string[]>;
  /** Presses Return behind a command and says what ran. */
  enter(command: string): Promise<readonly string[]>;
  close(): void;
}

/** Opens a shell that reads no files but its own and notes each command it begins to run. */
export async function openTerminal(shell: Shell, paste: Paste): Promise<Terminal> {
  const folder = mkdtempSync(join(tmpdir(), "gpu-limit-shell-"));
  const log = join(folder, "ran");
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const program of PROGRAMS) {
    writeFileSync(join(bin, program), `#!/bin/sh\necho "program ${program}" >> "${log}"\n`);
    chmodSync(join(bin, program), 0o755);
  }
  const rc: Readonly<Record<Shell, string>> = {
    zsh: `PS1="${PROMPT}"; preexec() { print -r -- "command $1" >> "${log}" }\n${paste === "plain" ? "unset zle_bracketed_paste\n" : ""}`,
    bash:
      `PS1="${PROMPT}"; bind 'set enable-bracketed-paste ${paste === "plain" ? "off" : "on"}'\n` +
      `trap 'printf "command %s\\n" "$BASH_COMMAND" >> "${log}"' DEBUG\n`,
  };
  writeFileSync(join(folder, ".zshrc"), rc.zsh);
  writeFileSync(join(folder, ".bashrc"), rc.bash);
  const command = shell === "zsh" ? "zsh -d -i" : `bash --noprofile --rcfile ${join(folder, ".bashrc")} -i`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: folder,
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      HOME: folder,
      ZDOTDIR: folder,
      TERM: "xterm-256color",
      SHELL: `/bin/${shell}`,
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  let screen = "";
  child.stdout.on("data", (text: Buffer) => (screen += text.toString()));
  const type = (text: string) => child.stdin.write(text);
  const ran = () => (existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : []);
  const clear = () => rmSync(log, { force: true });
  const wait = async (holds: () => boolean) => {
    for (let waited = 0; !holds(); waited += 20) {
      if (waited > 10_000) throw new Error(`${shell} doesn't answer: ${JSON.stringify(screen.slice(-400))}`);
      await sleep(20);
    }
  };
  await wait(() => screen.includes(PROMPT));
  await sleep(SETTLE_MS);
  clear();
  return {
    async paste(text) {
      // Terminals send a line feed of a paste as Return.
      const sent = text.replace(/\r?\n/g, "\r");
      type(paste === "plain" ? sent : `\u001b[200~${sent}\u001b[201~`);
      await sleep(SETTLE_MS);
      const found = ran();
      // Control-C leaves whatever line, continued line or quote the paste ended in.
      type("\u0003");
      await sleep(SETTLE_MS);
      clear();
      return found;
    },
    async enter(line) {
      type(`${line}\r`);
      await wait(() => ran().length > 0);
      await sleep(SETTLE_MS);
      const found = ran();
      clear();
      return found;
    },
    close() {
      child.kill("SIGKILL");
      try {
        rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      } catch {
        // The shell still wrote there while it ended: the system clears its temporary files.
      }
    },
  };
}
