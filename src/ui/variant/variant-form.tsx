import { ActionPanel, Form } from "@raycast/api";
import { buildId, isGgufBuildOf } from "../../fit/model-builds";
import { serverWords } from "../ollama/server-empty-view";
import { DiagnosticsAction } from "../shared/diagnostics-action";
import { RefreshAction } from "../shared/refresh-action";
import { useFitList } from "../shared/use-fit-list";
import { VariantFields } from "./variant-fields";

const NOT_ONE_GGUF = {
  title: "No Model to Cap",
  description: "Ollama caps the context of GGUF models, and none is installed.",
  action: undefined,
};

/** Create Capped Variant: a copy of a model with a smaller context, sharing its weights. */
export function VariantForm({ source, onCreated }: { readonly source?: string; readonly onCreated?: () => void }) {
  const { rows, snapshot, settings, isFresh, isLoading, refresh } = useFitList();
  // A form keeps the values it was opened with: it opens once they are read.
  if (snapshot === undefined || !isFresh) return <Form isLoading />;
  const sources = rows.filter(({ model }) => model.format !== "other" || buildId(model) === source);
  const chosen = sources.find(({ model }) => buildId(model) === source);
  // Of a name with two builds the one that num_ctx caps is meant.
  const capped = chosen && sources.find(({ model }) => isGgufBuildOf(model, chosen.model));
  const first = capped ?? chosen ?? sources.find(({ model }) => model.format === "gguf") ?? sources[0];
  if (first === undefined) {
    const { title, description, action } = rows.length > 0 ? NOT_ONE_GGUF : serverWords(snapshot, settings);
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
        <Form.Description title={title} text={description} />
      </Form>
    );
  }
  return (
    <VariantFields
      snapshot={snapshot}
      settings={settings}
      rows={rows}
      sources={sources}
      first={first.model}
      isLoading={isLoading}
      refresh={refresh}
      onCreated={onCreated}
    />
  );
}
