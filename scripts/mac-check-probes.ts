import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { restartAndAwait } from "../src/apply/restart-and-await";
import { finding, type Probe, type ProbeInput, skip } from "../src/app/diagnostics/probe";
import { LIMIT_KEY } from "../src/fit/commands";
import { QUIT_SCRIPT } from "../src/mac/apps";
import { readLimitMib } from "../src/mac/gpu-limit";
import { METAL_SCRIPT } from "../src/mac/metal-probe";
import { DAEMON_SHELL, PRIVILEGED_SCRIPT, PRIVILEGED_SHELL, runPrivileged } from "../src/mac/privileged";
import { readIdentityAt } from "../src/ollama/server-identity";

const OSACOMPILE = "/usr/bin/osacompile";
const SH = "/bin/sh";

/** What the text that runs as root has to turn down before it does anything. */
const BAD_ARGUMENTS = [
  ["", "", ""],
  ["x", "1", "0"],
  ["0", "1; id", "0"],
  ["0", "-1", "0"],
  ["9", "1", "0"],
  ["0", "1", "7"],
  ["1", "1", "1"],
] as const;

/** Whether the Mac takes our constant texts. They're compiled and read, not run. */
export const TEXT_PROBES = {
  scripts: {
    title: "Scripts (osacompile)",
    look: async ({ system: { run } }) => {
      const folder = await mkdtemp(join(tmpdir(), "gpu-limit-mac-check-"));
      const compile = async (name: string, script: string, language: readonly string[] = []) => {
        const args = [...language, "-o", join(folder, `${name}.scpt`), "-e", script];
        const { exitCode, stderr } = await run(OSACOMPILE, args, { timeoutMs: 10_000 });
        return exitCode === 0 ? undefined : `${name}: ${stderr.trim() || "no answer"}`;
      };
      try {
        const wrong = [
          await compile("privileged", PRIVILEGED_SCRIPT),
          await compile("quit", QUIT_SCRIPT),
          await compile("metal", METAL_SCRIPT, ["-l", "JavaScript"]),
        ];
        return finding(`${wrong.filter((one) => one === undefined).length} of ${wrong.length} compiled`, ...wrong);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  },
  "root-texts": {
    title: "Texts That Run as Root (sh -n)",
    look: async ({ system: { run } }) => {
      const parse = async (name: string, text: string) => {
        const { exitCode, stderr } = await run(SH, ["-n", "-c", text]);
        return exitCode === 0 ? undefined : `${name}: ${stderr.trim() || "no answer"}`;
      };
      const wrong = [await parse("privileged text", PRIVILEGED_SHELL), await parse("LaunchDaemon", DAEMON_SHELL)];
      return finding(`${wrong.filter((one) => one === undefined).length} of 2 read`, ...wrong);
    },
  },
  refusal: {
    title: "Bad Arguments Are Refused (sh)",
    look: async ({ system: { run } }) => {
      const answers: string[] = [];
      for (const bad of BAD_ARGUMENTS) {
        const { stdout } = await run(SH, ["-c", PRIVILEGED_SHELL, "gpu-limit", ...bad]);
        answers.push(stdout.trim());
      }
      const taken = BAD_ARGUMENTS.filter((_, index) => answers[index] !== "invalid");
      return finding(
        `${BAD_ARGUMENTS.length - taken.length} of ${BAD_ARGUMENTS.length} refused`,
        ...taken.map((bad) => `${JSON.stringify(bad)} should be refused as invalid.`),
      );
    },
  },
} satisfies Record<string, Probe>;

/** A probe that does something, after the person's yes. */
export interface AskingProbe extends Probe {
  readonly question: string;
}

/** The prompt for a limit that's in force already, so that nothing changes whatever comes of it. */
async function prompt({ system }: ProbeInput, expected: "set" | "cancelled") {
  const before = await readLimitMib(system);
  if (before === undefined) return skip("The limit couldn't be read.");
  const result = await runPrivileged(system.run, LIMIT_KEY, before, "keep");
  const after = await readLimitMib(system);
  return finding(
    `${result.kind}${"detail" in result ? ` (${result.detail})` : ""}, ${after} MiB in force`,
    result.kind !== expected && `"${expected}" was expected.`,
    after !== before && `${before} MiB was in force before.`,
  );
}

/** What only a person can try. */
export const ASKING_PROBES = {
  prompt: {
    title: "Password Prompt",
    question: "Set the limit to what it is already? macOS asks for your password: type it.",
    look: (input) => prompt(input, "set"),
  },
  cancel: {
    title: "Cancelled Prompt",
    question: "The same once more? Press Cancel this time.",
    look: (input) => prompt(input, "cancelled"),
  },
  restart: {
    title: "Restart of Ollama",
    question: "Restart Ollama? Loaded models are unloaded, and answers in progress are cut off.",
    look: async ({ system, host, client }) => {
      if (client === undefined || host.kind === "invalid") return skip("The host isn't an address.");
      const identity = await readIdentityAt(system, host.url);
      const outcome = await restartAndAwait(system, client, identity, "app");
      return finding(
        `${identity.kind}: ${outcome.kind}${"reason" in outcome ? `. ${outcome.reason}` : ""}`,
        outcome.kind !== "restarted" && outcome.kind !== "by-hand" && "A restarted server that answers was expected.",
      );
    },
  },
} satisfies Record<string, AskingProbe>;
