import { Action, ActionPanel, Clipboard, Form, Icon, Toast, useNavigation } from "@raycast/api";
import { FormValidation, useForm } from "@raycast/utils";
import { useEffect, useRef, useState } from "react";
import { expectedLoad } from "../../apply/load-report";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { modelfileText, ollamaCreateCommand } from "../../fit/commands";
import { ROUND_CONTEXTS } from "../../fit/largest-context";
import { SUM_TITLES } from "../../fit/sum-names";
import { formatBytes, formatContext, parseTokens } from "../../fit/units";
import { contextOf as runContext, judge, judgeAtContext, needBytes } from "../../fit/verdict";
import { badgeText, totalText } from "../../fit/verdict-text";
import { type VariantOutcome, variantOutcomeText, variantRefusal } from "../../ollama/variant";
import { buildId, buildReference, buildTitle } from "../../fit/model-builds";
import { nameFault, sameModel } from "../../fit/model-name";
import { ExplainAction } from "../explain/explain-action";
import { MemoryView } from "../memory/memory-view";
import { MakeItFit } from "../plan/make-it-fit-action";
import { limitWarning } from "../limit/limit-warning";
import { SHORTCUTS } from "../shared/shortcuts";
import { changeLoaded, loadModel } from "../shared/model-work";
import type { Settings } from "../../app/preferences";
import { namesTaken, variantNamer } from "../../app/variant-names";
import { RefreshAction } from "../shared/refresh-action";
import { connect, type Snapshot } from "../../app/snapshot";
import type { FitRow } from "../shared/use-fit-list";
import { makeVariant, unmakeVariant } from "./make-variant";
import { VariantCreated } from "./variant-created";
import { getSystem } from "../../app/system";

interface Values {
  source: string;
  context: string;
  tokens: string;
  name: string;
}

/** Where nothing is known to fit. */
const SMALL_CONTEXT = 8192;

/** The contexts on offer, largest first: the trained one, where it's known, and the round ones below it. */
function contextsOf(row: FitRow | undefined): readonly number[] {
  const trained = trainedContext(row);
  return trained === undefined ? ROUND_CONTEXTS : [trained, ...ROUND_CONTEXTS.filter((tokens) => tokens < trained)];
}

/** The largest of them at which a model fits, up to what it would run at. */
function startContext(row: FitRow | undefined): number {
  const { input } = row ?? {};
  const offered = contextsOf(row);
  const now = (input && runContext(judge(input))?.value) ?? Infinity;
  const found = offered.find((tokens) => input && tokens <= now && judgeAtContext(input, tokens).kind === "fits");
  return found ?? offered.find((tokens) => tokens <= SMALL_CONTEXT) ?? SMALL_CONTEXT;
}

interface Props {
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly rows: readonly FitRow[];
  /** The models on offer, at least one. */
  readonly sources: readonly FitRow[];
  /** The one of them that the form opens with. */
  readonly first: FitRow;
  readonly isLoading: boolean;
  readonly refresh: () => void;
  readonly onCreated?: () => void;
}

/** The form itself, with a model to make a variant of. */
export function VariantFields({ snapshot, settings, rows, sources, first, isLoading, refresh, onCreated }: Props) {
  const { push } = useNavigation();
  const rowOf = (key: string) => rows.find(({ model }) => buildId(model) === key);
  const nameAt = (source: FitRow, tokens: number) => variantNamer(namesTaken(source, rows))(source.model.name, tokens);
  const latestRows = useRef(rows);
  latestRows.current = rows;
  // What was filled in last. A field that still has it follows; its key makes it a new one with a first value of its own,
  // for runtimes that take no notice of later ones.
  const [filled, setFilled] = useState(() => {
    const start = startContext(first);
    return { context: String(start), name: nameAt(first, start) };
  });
  const { handleSubmit, itemProps, values, setValue, setValidationError } = useForm<Values>({
    initialValues: { source: buildId(first.model), tokens: "", ...filled },
    validation: {
      source: FormValidation.Required,
      tokens: (text) => {
        // The field is only there for a custom context.
        if (text === undefined || text === "") return undefined;
        return contextFault(parseTokens(text));
      },
      name: (text) => nameFault(text ?? ""),
    },
    onSubmit: async (submitted) => {
      const tokens = contextOf(submitted);
      const fault = contextFault(tokens, trainedContext(row));
      if (tokens === undefined || fault !== undefined) {
        setValidationError(submitted.context === "custom" ? "tokens" : "context", fault);
        return;
      }
      if (row !== undefined && (await create(row, submitted.name, tokens))) {
        refresh();
        onCreated?.();
      }
    },
  });
  // A model that's deleted while the form is open stays chosen: making a variant of it says so.
  const lastRow = useRef<FitRow>(undefined);
  lastRow.current = rowOf(values.source) ?? lastRow.current;
  const row = lastRow.current;
  const reference = row === undefined ? values.source : buildReference(row.model);
  const asked = contextOf(values);
  const numCtx = contextFault(asked) === undefined ? asked : undefined;
  const copied = contextFault(asked, trainedContext(row)) === undefined ? asked : undefined;

  const fill = (id: keyof typeof filled, value: string) => {
    if (values[id] !== filled[id] || value === filled[id]) return;
    setValue(id, value);
    setFilled((before) => ({ ...before, [id]: value }));
  };
  const isKnown = row?.verdict !== undefined;
  useEffect(() => {
    if (isKnown) fill("context", String(startContext(row)));
  }, [values.source, isKnown]);
  useEffect(() => {
    if (row !== undefined && numCtx !== undefined) fill("name", nameAt(row, numCtx));
  }, [values.source, numCtx]);

  async function create(source: FitRow, name: string, tokens: number): Promise<boolean> {
    const client = connect(getSystem(), settings);
    if (client === undefined) return false;
    const taken = rows.find(({ model }) => sameModel(model.name, name));
    if (taken !== undefined && isSameVariant(taken, source, tokens)) {
      const load = () => loadModel(taken, settings, refresh, { makeItFit: makeItFitOf(taken) });
      push(<VariantCreated name={taken.model.name} numCtx={tokens} load={load} />);
      return false;
    }
    const made = await makeVariant(client, { source: source.model, name, numCtx: tokens, taken: taken?.model });
    if (made === undefined) return false;
    const { toast, digest, despite, isReplacement } = made;
    toast.style = Toast.Style.Success;
    toast.title = `Created ${name}`;
    toast.message = despite ?? `num_ctx ${formatContext(tokens)}, weights shared with ${source.model.name}`;
    const expected = source.input && expectedLoad(judgeAtContext(source.input, tokens));
    const variant = () => latestRows.current.find(({ model, verdict }) => verdict && sameModel(model.name, name));
    const load = () =>
      changeLoaded(settings, { name, runner: source.model.runner }, "load", refresh, {
        expected,
        makeItFit: (failed) => makeItFitOf(variant() ?? source)(failed),
      });
    const undo = async () => {
      const isGone = await unmakeVariant(client, name, digest);
      onCreated?.();
      return isGone;
    };
    toast.primaryAction = { title: "Copy Name", onAction: () => Clipboard.copy(name) };
    toast.secondaryAction = isReplacement ? { title: "Load", onAction: load } : { title: "Undo", onAction: undo };
    push(
      <VariantCreated
        name={name}
        source={source.model.name}
        numCtx={tokens}
        load={load}
        undo={isReplacement ? undefined : undo}
      />,
    );
    return true;
  }

  function makeItFitOf(needing: FitRow) {
    return (failed?: FailedLoad) =>
      push(<MakeItFit {...{ row: needing, snapshot, settings, refresh, failed }} memoryView={<MemoryView />} />);
  }

  const there = rows.find(({ model }) => sameModel(model.name, values.name));
  const isThere = there && row && numCtx !== undefined && isSameVariant(there, row, numCtx);
  const contexts = contextsOf(row);
  // The chosen context stays on offer also for a model trained for less, which is said on submitting.
  const offered =
    values.context === "custom" || numCtx === undefined || contexts.includes(numCtx) ? contexts : [numCtx, ...contexts];
  const warning = limitWarning(snapshot);
  const refusal = row && variantRefusal(row.model, snapshot.server.version);
  return (
    <Form
      isLoading={isLoading}
      actions={
        <ActionPanel>
          <Action.SubmitForm
            title={isThere ? "Use This Variant" : "Create Variant"}
            icon={isThere ? Icon.CheckCircle : Icon.NewDocument}
            onSubmit={handleSubmit}
          />
          {copied !== undefined && refusal?.kind !== "mlx" && (
            <>
              <Action.CopyToClipboard
                title="Copy Modelfile"
                content={modelfileText(reference, copied)}
                shortcut={SHORTCUTS.copyModelfile}
              />
              {/* Of a name that another model has it would take the place of that, without a word. */}
              {nameFault(values.name) === undefined && (!there || isThere) && (
                <Action.CopyToClipboard
                  title="Copy Ollama Create Command"
                  content={ollamaCreateCommand(reference, values.name, copied, snapshot.url)}
                  shortcut={SHORTCUTS.copyCreate}
                />
              )}
            </>
          )}
          <ExplainAction snapshot={snapshot} row={row} />
          <RefreshAction refresh={refresh} />
        </ActionPanel>
      }
    >
      <Form.Dropdown title="Model" {...itemProps.source}>
        {(row === undefined || rowOf(values.source) ? sources : [...sources, row]).map(({ model }) => (
          <Form.Dropdown.Item key={buildId(model)} value={buildId(model)} title={buildTitle(model)} />
        ))}
      </Form.Dropdown>
      <Form.Dropdown key={`context ${filled.context}`} title="Context (num_ctx)" {...itemProps.context}>
        {offered.toReversed().map((tokens) => (
          <Form.Dropdown.Item key={tokens} value={String(tokens)} title={formatContext(tokens)} />
        ))}
        <Form.Dropdown.Item value="custom" title="Custom" />
      </Form.Dropdown>
      {values.context === "custom" && (
        <Form.TextField title="Tokens" placeholder="12k or 12288" {...itemProps.tokens} />
      )}
      <Form.TextField key={`name ${filled.name}`} title="Name" placeholder="model:tag-8k" {...itemProps.name} />
      {isThere && (
        <Form.Description
          title="Already Exists"
          text={`${values.name} has this context and runs the same file: nothing has to be created.`}
        />
      )}
      {warning !== undefined && <Form.Description title="Limit Not Safe" text={warning} />}
      <Form.Description title="Estimate" text={refusal ? refusalText(refusal) : estimateText(row, numCtx)} />
      {refusal === undefined && (
        <Form.Description
          title="Good to Know"
          text="The weights are shared, so the variant takes no disk space. It shares a runner with its parent: only one of them is loaded at a time."
        />
      )}
    </Form>
  );
}

/** Below it a context is of no use. */
const LEAST_CONTEXT = 256;

/** Why a context can't be asked for, of a model that was trained for so many tokens; undefined where it can. */
function contextFault(tokens: number | undefined, trained = Infinity): string | undefined {
  if (tokens === undefined || tokens < LEAST_CONTEXT) return `A whole number of tokens, at least ${LEAST_CONTEXT}`;
  return tokens > trained ? `The model was trained for ${formatContext(trained)}` : undefined;
}

/** Whether a model runs the file of another at this very context: a variant of it that needn't be made again. */
function isSameVariant(there: FitRow, { input }: FitRow, numCtx: number): boolean {
  const [own, source] = [there.input?.description, input?.description];
  if (own === undefined || source === undefined || "kind" in own || "kind" in source) return false;
  return own.parameters.numCtx === numCtx && own.weightsFile !== undefined && own.weightsFile === source.weightsFile;
}

/** Known from the list of models, too, where the metadata cannot be read or estimated. */
function trainedContext(row: FitRow | undefined): number | undefined {
  return row?.verdict?.run?.trainedContext ?? row?.model.trainedContext;
}

function contextOf({ context, tokens }: Values): number | undefined {
  return context === "custom" ? parseTokens(tokens) : parseTokens(context);
}

/** What the cap saves and whether the variant then fits. */
function estimateText(row: FitRow | undefined, numCtx: number | undefined): string {
  if (row === undefined || numCtx === undefined) return "Choose a model and a context.";
  if (row.input === undefined) return "Unknown until the model's metadata is read.";
  const before = judge(row.input);
  const after = judgeAtContext(row.input, numCtx);
  if (after.kind === "unknown") return after.reason;
  if (before.kind === "unknown") return badgeText(after);
  const saved = needBytes(before) - needBytes(after);
  const change =
    saved === 0
      ? "the same as now"
      : `${formatBytes(Math.abs(saved))} ${saved > 0 ? "less" : "more"} than now (${formatBytes(needBytes(before))})`;
  return `${SUM_TITLES.total} ${totalText(after)}: ${change}. ${badgeText(before)} → ${badgeText(after)}.`;
}

/** Why no variant can be made, and where a cap works instead. */
function refusalText(refusal: VariantOutcome): string {
  return refusal.kind === "mlx"
    ? "MLX ignores num_ctx, so a variant of this build would save no memory. The GGUF build of the model takes a cap: Check for Smaller Builds in its plan looks for it."
    : variantOutcomeText(refusal);
}
