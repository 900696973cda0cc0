import { Action, type Tool } from "@raycast/api";
import { readSettings } from "../app/preferences";
import { rememberLimit } from "../app/limit-record";
import { hostOf } from "../app/snapshot";
import { serverNotes } from "../app/tick-notes";
import { getSystem } from "../app/system";
import type { AppleSiliconMac } from "../fit/facts";
import { adviseLimit, checkLimit, type LimitAdvice } from "../fit/limit-policy";
import { formatBytes, formatMib, MIB } from "../fit/units";
import { changeGpuLimit } from "../mac/gpu-limit";
import { readMachine } from "../mac/machine";
import { outcomeWords } from "../ui/limit/limit-change";
import { promptHooks } from "../ui/shared/admin-prompt";
import { refreshMenuBar } from "../ui/shared/refresh-menu-bar";
import { ToolRefusal } from "./shared/refusal";
import { asToolChange } from "./shared/tool-change";
import { inputGiven } from "./shared/tool-input";
import { gib } from "./shared/tool-words";

type Input = {
  /** The limit in GiB (1 GiB = 1024 MiB), such as 56. 0 gives the limit back to macOS. Never above highestSafeLimitGiB of get-gpu-memory. */
  limitGiB: number;
};

/** A MiB. */
const LEAST_GIB = 1 / 1024;

interface Asked {
  readonly mac: AppleSiliconMac & { readonly overrideMib: number };
  readonly advice: LimitAdvice;
  readonly mib: number;
  readonly warning?: string;
}

/** What is asked for, where it may be set at all. @throws ToolRefusal */
async function checked(input: Input): Promise<Asked> {
  const { limitGiB } = inputGiven(input);
  const machine = await readMachine(getSystem());
  if (machine.kind !== "apple-silicon") throw new ToolRefusal("no-limit-here", machine.reason);
  const { overrideMib } = machine;
  if (overrideMib === undefined) {
    throw new ToolRefusal("no-limit-here", "This macOS has no GPU limit that can be set.");
  }
  const advice = adviseLimit(machine, readSettings().reserveBytes);
  // Nothing but 0 itself gives the limit back: null, an empty text and the like would be 0, too.
  if (typeof limitGiB !== "number" || !(limitGiB === 0 || limitGiB >= LEAST_GIB)) {
    throw new ToolRefusal(
      "limit-refused",
      "The limit has to be a number of GiB, such as 56, or 0 for the macOS default. Nothing changed.",
    );
  }
  const mib = Math.round(limitGiB * 1024);
  const check = checkLimit(mib, machine.ramBytes, advice);
  if (check.kind === "refused") throw new ToolRefusal("limit-refused", `${check.reason} Nothing changed.`);
  if (check.kind === "second-yes" || mib > advice.highestMib) {
    throw new ToolRefusal(
      "limit-refused",
      `${formatMib(mib)} is above the highest safe limit, ${formatMib(advice.highestMib)}. Nothing changed.`,
    );
  }
  return { mac: { ...machine, overrideMib }, advice, mib, warning: "warning" in check ? check.warning : undefined };
}

/**
 * Where the Ollama that's asked runs, where its models aren't touched by this Mac's limit: "on another machine",
 * "in Docker" as far as a command has found that out. Undefined where it's this Mac itself.
 */
function elsewhere(): string | undefined {
  const host = hostOf(getSystem(), readSettings());
  if (host.kind === "invalid") return undefined;
  if (host.own === undefined) return "on another machine";
  const notes = serverNotes(host.url);
  return notes?.isLocal === false ? notes.place : undefined;
}

/** Shows what is in force and what would be, and asks; not where it's in force already. */
export const confirmation: Tool.Confirmation<Input> = async (input) => {
  const { mac, advice, mib, warning } = await checked(input);
  if (mac.overrideMib === mib) return undefined;
  const name = (value: number) => (value === 0 ? `macOS default, ${formatMib(advice.defaultMib)}` : formatMib(value));
  const place = elsewhere();
  const left = mac.ramBytes - (mib === 0 ? advice.defaultMib : mib) * MIB;
  return {
    style: warning === undefined ? Action.Style.Regular : Action.Style.Destructive,
    message: mib === 0 ? "Give the GPU limit back to macOS?" : `Set the GPU limit to ${formatMib(mib)}?`,
    info: [
      { name: "In Force", value: name(mac.overrideMib) },
      { name: "New", value: mib === 0 ? name(mib) : `${name(mib)}, until the next restart of the Mac` },
      { name: "Left for macOS", value: formatBytes(left) },
      { name: "Reaches", value: place && `This Mac alone: Ollama runs ${place}` },
      { name: "Warning", value: warning },
      { name: "Password", value: "macOS asks for it" },
    ],
  };
};

/** Sets the GPU memory limit of this Mac until its next restart, after the person has confirmed it; macOS asks for the administrator password. The value in force is read back. */
export default async function setGpuLimit(input: Input) {
  const { mac, mib } = await checked(input);
  const ramMib = Math.floor(mac.ramBytes / MIB);
  const system = { ...getSystem(), ...promptHooks, onLimitSet: (set: number) => rememberLimit(getSystem(), set) };
  const outcome = await asToolChange({ title: mib === 0 ? "Reset GPU Limit" : "Set GPU Limit" }, () =>
    changeGpuLimit(system, { mib, ramMib, bootDaemon: "keep" }),
  );
  await refreshMenuBar();
  const place = elsewhere();
  const afternotes = place === undefined ? "toast" : "view";
  const { title, message } = outcomeWords(outcome, mib, mac.overrideMib, { afternotes });
  if (outcome.kind !== "done" && outcome.kind !== "already") throw new ToolRefusal("not-done", `${title}. ${message}`);
  return {
    result: [`${title}. ${message}`, place && `Ollama runs ${place}: this limit isn't that of its models.`]
      .filter(Boolean)
      .join(" "),
    limitGiB: outcome.inForceMib === 0 ? undefined : gib(outcome.inForceMib * MIB),
  };
}
