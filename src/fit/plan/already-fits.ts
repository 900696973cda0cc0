import { ollamaStopCommand } from "../commands";
import { formatBytes } from "../units";
import { verdictSentence } from "../verdict-text";
import { FREE, type KnownVerdict, type PlanOption } from "./options";
import { ownRunners, type PlanInput } from "./plan-input";
import { PROMPT_CACHE_BYTES, ramShortage } from "./ram";

/** For a model that fits by its size: whether anything stands in its way all the same. */
export function alreadyFits(plan: PlanInput, before: KnownVerdict): PlanOption[] {
  if (before.kind !== "fits") return [];
  return [reload(plan, before) ?? unload(plan, before) ?? closeApps(plan, before) ?? nothing(before)];
}

function base(before: KnownVerdict): Omit<PlanOption, "kind" | "title"> {
  return { sentence: verdictSentence(before), costs: [], cost: FREE, after: before, changes: {}, commands: [] };
}

function nothing(before: KnownVerdict): PlanOption {
  return { ...base(before), kind: "nothing", title: "Nothing to Do" };
}

/** A model is measured when it loads: one that spilled under a lower limit stays spilled until it is loaded anew. */
function reload({ input }: PlanInput, before: KnownVerdict): PlanOption | undefined {
  const self = input.loaded.find((loaded) => loaded.digest === input.model.digest);
  if (self === undefined || self.vramBytes >= self.sizeBytes) return undefined;
  return {
    ...base(before),
    kind: "reload",
    title: "Load Anew",
    sentence: `It spilled when it was loaded, ${formatBytes(self.sizeBytes - self.vramBytes)} of it. Now: ${verdictSentence(before)}`,
    costs: ["The next answer waits for the load"],
    changes: { unload: [self.name] },
    commands: [ollamaStopCommand(self.name)],
  };
}

/** llama.cpp does not see what other models take of the limit. */
function unload(plan: PlanInput, before: KnownVerdict): PlanOption | undefined {
  const own = ownRunners(plan);
  const others = plan.input.loaded.filter((loaded) => !own.includes(loaded));
  const taken = others.reduce((sum, loaded) => sum + loaded.vramBytes, 0);
  if (taken === 0 || before.spareBytes - taken >= before.estimate.uncertainty) return undefined;
  const names = others.map((loaded) => loaded.name);
  return {
    ...base(before),
    kind: "unload",
    title: `Unload ${names.join(", ")}`,
    costs: [`Frees ${formatBytes(taken)}; they load again when they are used`],
    cost: { ...FREE, disturbance: 1 },
    changes: { unload: names },
    commands: names.map(ollamaStopCommand),
  };
}

function closeApps(plan: PlanInput, before: KnownVerdict): PlanOption | undefined {
  const short = ramShortage(plan, before);
  if (short === undefined) return undefined;
  return {
    ...base(before),
    kind: "close-apps",
    title: `Close Apps That Use ${formatBytes(short)}`,
    sentence: `The limit is high enough, but the memory itself is not free: ${formatBytes(short)} more is in use by other things.`,
    costs: [
      "Apps have to be closed, or macOS compresses and swaps",
      `Up to ${formatBytes(PROMPT_CACHE_BYTES)} more in time: llama-server keeps earlier prompts in RAM, outside the GPU limit (LLAMA_ARG_CACHE_RAM)`,
    ],
    cost: { ...FREE, disturbance: 1 },
  };
}
