import { ActionPanel, Form } from "@raycast/api";
import { type ReactNode, useEffect, useState } from "react";
import { getSystem, later } from "../../app/system";
import { buildId, isGgufBuildOf } from "../../fit/model-builds";
import { serverWords } from "../ollama/server-empty-view";
import { DiagnosticsAction } from "../shared/diagnostics-action";
import { RefreshAction } from "../shared/refresh-action";
import { fitSubtitle, useSubtitle } from "../shared/subtitle";
import { useFitList } from "../shared/use-fit-list";
import { VariantFields } from "./variant-fields";

const NOT_ONE_GGUF = {
  title: "No Model to Cap",
  description: "Ollama caps the context of GGUF models, and none is installed.",
  action: undefined,
};

/** How long a server may take to tell the model's metadata before that is said. */
const LATE_AFTER_MS = 20_000;

/** Create Capped Variant: a copy of a model with a smaller context, sharing its weights. */
export function VariantForm({ source, onCreated }: { readonly source?: string; readonly onCreated?: () => void }) {
  const { rows, snapshot, settings, isFresh, isLoading, refresh } = useFitList();
  useSubtitle("create-capped-variant", isFresh && !isLoading ? fitSubtitle(rows) : undefined);
  const sources = rows.filter(({ model }) => model.format !== "other" || buildId(model) === source);
  const chosen = sources.find(({ model }) => buildId(model) === source);
  // Of a name with two builds the one that num_ctx caps is meant.
  const capped = chosen && sources.find(({ model }) => isGgufBuildOf(model, chosen.model));
  const first = capped ?? chosen ?? sources.find(({ model }) => model.format === "gguf") ?? sources[0];
  const isReading = first !== undefined && first.verdict === undefined && isLoading;
  const isLate = useIsLate(isReading);
  // A form keeps the values it was opened with: it opens once they are read.
  if (snapshot === undefined || !isFresh || (isReading && !isLate)) return <Form isLoading />;
  if (isReading) {
    return (
      <Message
        isLoading
        refresh={refresh}
        title="Still Reading"
        text={`Ollama hasn't told the metadata of ${first.model.name} yet, so which context fits isn't known. The form opens once it has.`}
      />
    );
  }
  if (first === undefined) {
    const { title, description, action } = rows.length > 0 ? NOT_ONE_GGUF : serverWords(snapshot, settings);
    return <Message isLoading={isLoading} refresh={refresh} title={title} text={description} action={action} />;
  }
  return (
    <VariantFields
      snapshot={snapshot}
      settings={settings}
      rows={rows}
      sources={sources}
      first={first}
      isLoading={isLoading}
      refresh={refresh}
      onCreated={onCreated}
    />
  );
}

interface MessageProps {
  readonly title: string;
  readonly text: string;
  readonly action?: ReactNode;
  readonly isLoading: boolean;
  readonly refresh: () => void;
}

/** Why there are no fields. */
function Message({ title, text, action, isLoading, refresh }: MessageProps) {
  return (
    <Form
      isLoading={isLoading}
      actions={
        <ActionPanel>
          {action}
          <RefreshAction refresh={refresh} />
          <DiagnosticsAction />
        </ActionPanel>
      }
    >
      <Form.Description title={title} text={text} />
    </Form>
  );
}

/** Whether something has been waited for too long. */
function useIsLate(isWaiting: boolean): boolean {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    setIsLate(false);
    return isWaiting ? later(getSystem(), LATE_AFTER_MS, () => setIsLate(true)) : undefined;
  }, [isWaiting]);
  return isLate;
}
