import { List } from "@raycast/api";
import { ROUND_CONTEXTS } from "../../fit/largest-context";
import type { JudgeOptions } from "../../fit/run-input";
import { formatContext } from "../../fit/units";
import { parseContext } from "../../app/preferences";

/** Chooses the context that badges are judged at; starts at the preference. */
export function ContextDropdown({
  standard,
  onChange,
}: {
  readonly standard: JudgeOptions["context"];
  readonly onChange: (context: JudgeOptions["context"]) => void;
}) {
  return (
    <List.Dropdown
      tooltip="Context to Judge At"
      defaultValue={String(standard)}
      onChange={(value) => onChange(parseContext(value))}
    >
      <List.Dropdown.Item value="effective" title="What Really Runs" />
      <List.Dropdown.Item value="default" title="As Ollama Would Load It" />
      {ROUND_CONTEXTS.toReversed().map((tokens) => (
        <List.Dropdown.Item key={tokens} value={String(tokens)} title={formatContext(tokens)} />
      ))}
      <List.Dropdown.Item value="trained" title="The Model's Maximum" />
    </List.Dropdown>
  );
}
