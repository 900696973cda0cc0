import { Alert, confirmAlert, Icon } from "@raycast/api";
import { begunSteps, newJournal } from "../../apply/journal";
import { stepText, undoSteps } from "../../apply/steps";
import { type CarryOut, carryOut } from "./carry-out";
import { getSystem } from "../../app/system";

/** Takes back what a change has begun, after asking. */
export async function undoChange(work: CarryOut): Promise<void> {
  const { journal } = work;
  const steps = undoSteps(begunSteps(journal));
  const agreed = await confirmAlert({
    icon: Icon.Undo,
    title: `Undo "${journal.title}"?`,
    message: numbered(steps.map(stepText)),
    primaryAction: { title: "Undo", style: Alert.ActionStyle.Destructive },
  });
  if (!agreed) return;
  const { title, model, url } = journal;
  await carryOut({ ...work, journal: newJournal({ title, model, url, isUndo: true }, steps, getSystem().now()) });
}

/** Sentences as a numbered list, or the only one as it is. */
export function numbered(sentences: readonly string[]): string {
  if (sentences.length === 1) return sentences[0] ?? "";
  return sentences.map((sentence, index) => `${index + 1}. ${sentence}`).join("\n");
}
