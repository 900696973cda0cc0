import { Action, type Tool } from "@raycast/api";
import { localStorage } from "../app/local-storage";
import { getSystem } from "../app/system";
import { newJournal } from "../apply/journal";
import { runChange, type RunResult } from "../apply/run-change";
import { type Step, stepText } from "../apply/steps";
import { installedAfter } from "../fit/plan/changes";
import { formatBytes } from "../fit/units";
import { memoryFailure } from "../ollama/load-failure";
import { replacesModel, warningsOf } from "../ui/change/apply-option";
import { changeSystem } from "../ui/change/change-system";
import { resultWords } from "../ui/change/change-words";
import { refreshMenuBar } from "../ui/shared/refresh-menu-bar";
import { ToolRefusal } from "./shared/refusal";
import { asToolChange, refuseUnfinished } from "./shared/tool-change";
import { inputGiven } from "./shared/tool-input";
import { judgedNow, optionNamed } from "./shared/tool-plan";
import { ownWords } from "./shared/tool-words";

type Input = {
  /** Id of an option, exactly as plan-fit returned it (planId). */
  planId: string;
};

/** Shows the plan with its steps and costs, and asks. A plan without steps has no id, so that nothing here goes unasked. */
export const confirmation: Tool.Confirmation<Input> = async (input) => {
  const { planId } = inputGiven(input);
  const { option, steps, left, row, world } = await optionNamed(planId);
  const warnings = warningsOf({ option, snapshot: world.snapshot });
  const closes = option.changes.closeApps;
  const list = (lines: readonly string[]) => (lines.length === 0 ? undefined : lines.join("\n"));
  return {
    style: replacesModel(steps) || warnings.length > 0 ? Action.Style.Destructive : Action.Style.Regular,
    message: [`${option.title} for ${row.model.name}?`, ...(closes ? ["Closing apps is left to you."] : [])].join(" "),
    info: [
      ...steps.map((step, index) => ({ name: `Step ${index + 1}`, value: stepText(step) })),
      { name: "Left to You", value: closes ? `Close apps that use about ${formatBytes(closes.bytes)}` : left },
      { name: "Costs", value: list(option.costs) },
      { name: "Warning", value: list(warnings) },
      { name: "Password", value: steps.some(({ kind }) => kind === "set-limit") ? "macOS asks for it" : undefined },
    ],
  };
};

/** Whether a step fails with words of this Mac. A server's own are in the steps of the change, and in no answer. */
const FAILS_IN_OUR_WORDS: Readonly<Record<Step["kind"], boolean>> = {
  "set-limit": true,
  "set-kv-cache": true,
  "restart-ollama": true,
  "close-apps": true,
  "create-variant": false,
  "remove-variant": false,
  unload: false,
  load: false,
};

function isOfThisMac(result: RunResult): boolean {
  if (result.kind !== "failed") return true;
  const { step } = result.entry;
  return FAILS_IN_OUR_WORDS[step.kind] || (step.kind === "load" && memoryFailure(result.reason) !== undefined);
}

function leftOf({ kind, isLeft }: Exclude<RunResult, { kind: "finished" }>): string {
  if (isLeft) return "What was done is kept: continue or undo it in Fit Models to GPU Limit.";
  // The title says it already.
  return kind === "cancelled" ? "" : "Nothing changed.";
}

/** Carries out one option of a plan that plan-fit made, after the person has confirmed it; macOS may ask for the password. Closes no app: where the plan needs that, the answer says what's left to the person. The model is judged again afterwards. It can be undone in Fit Models to GPU Limit. */
export default async function applyPlan(input: Input) {
  const { planId } = inputGiven(input);
  const { option, steps, left, row, world } = await optionNamed(planId);
  const { settings, snapshot } = world;
  const system = changeSystem(settings, snapshot);
  if (system === undefined || snapshot.url === undefined) {
    throw new ToolRefusal("no-server", "The Ollama host in the preferences isn't an address.");
  }
  const { digest } = installedAfter(option.changes, row.model);
  const about = { title: option.title, model: row.model.name, digest, url: snapshot.url };
  const journal = newJournal(about, steps, getSystem().now());
  const result = await asToolChange({ title: option.title, journal: journal.id }, async (lock) => {
    await refuseUnfinished();
    return runChange(journal, { system, storage: localStorage, lock, now: getSystem().now });
  });
  await refreshMenuBar();
  const { title, message } = resultWords(result);
  const said = ownWords(`${title}. ${isOfThisMac(result) ? message : ""}`.trim(), snapshot, row);
  if (result.kind !== "finished") throw new ToolRefusal("not-done", `${said} ${leftOf(result)}`.trim());
  return {
    plan: ownWords(option.title, snapshot, row),
    steps: steps.map(stepText),
    result: said,
    leftToThePerson: left,
    judgedAgain: await judgedNow({ option, row, steps }),
  };
}
