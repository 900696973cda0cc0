import { Alert, confirmAlert, type Image } from "@raycast/api";
import { type Step, stepText } from "../../apply/steps";

interface Question {
  readonly icon: Image.ImageLike;
  readonly title: string;
  readonly steps: readonly Step[];
  /** What else has to be known before saying yes. */
  readonly warnings?: readonly string[];
  /** What the button says. */
  readonly yes: string;
  readonly isDestructive: boolean;
}

/** Asks for a yes to steps, each named. */
export function agreeToSteps({ icon, title, steps, warnings = [], yes, isDestructive }: Question): Promise<boolean> {
  return confirmAlert({
    icon,
    title,
    message: [numbered(steps.map(stepText)), ...warnings].join("\n\n"),
    primaryAction: {
      title: yes,
      style: isDestructive ? Alert.ActionStyle.Destructive : Alert.ActionStyle.Default,
    },
  });
}

/** Sentences as a numbered list, or the only one as it is. */
function numbered(sentences: readonly string[]): string {
  if (sentences.length === 1) return sentences[0] ?? "";
  return sentences.map((sentence, index) => `${index + 1}. ${sentence}`).join("\n");
}
