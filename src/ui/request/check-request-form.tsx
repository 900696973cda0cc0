import { Action, ActionPanel, Alert, confirmAlert, Detail, Form, Icon, useNavigation } from "@raycast/api";
import { useForm } from "@raycast/utils";
import { useEffect, useRef, useState } from "react";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import { predictedPeak, promptRefusal, promptRisks, requestCost, type RequestRoom } from "../../fit/mlx-request";
import { formatCount, parseTokens } from "../../fit/units";
import type { JudgeInput } from "../../fit/verdict";
import type { FitRow } from "../shared/use-fit-list";
import type { OpenMakeItFit } from "../shared/load-cure";
import { plainMarkdown } from "../shared/plain-markdown";
import { CheckRequestResult } from "./check-request-result";
import { sendRequest } from "./send-request";

export interface CheckRequestProps {
  readonly row: FitRow;
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
  /** Opens what makes the model fit, for where the request fails. */
  readonly makeItFit?: OpenMakeItFit;
}

interface Props extends CheckRequestProps {
  readonly input: JudgeInput;
  readonly room: RequestRoom;
}

/** What a real request does and costs, how long its prompt is, and its start. */
export function CheckRequestForm({ room, ...props }: Props) {
  const { name } = props.row.model;
  if (room.kind === "room") return <LengthForm {...props} room={room} />;
  return (
    <Detail
      navigationTitle={`Check ${name}`}
      markdown={`# No Request Is Sent\n\n${plainMarkdown(room.reason)}`}
      actions={
        <ActionPanel>
          {props.makeItFit && <Action title="Make It Fit" icon={Icon.Wand} onAction={() => props.makeItFit?.()} />}
        </ActionPanel>
      }
    />
  );
}

function LengthForm({
  room,
  input,
  ...props
}: Omit<Props, "room"> & { readonly room: Extract<RequestRoom, { kind: "room" }> }) {
  const { row, snapshot, settings, refresh } = props;
  const { push } = useNavigation();
  const [isRunning, setRunning] = useState(false);
  const stop = useRef<AbortController>(undefined);
  // Nobody waits for it any more: Ollama breaks a request off whose client is gone.
  useEffect(() => () => stop.current?.abort(), []);
  const { handleSubmit, itemProps, values } = useForm<{ tokens: string }>({
    initialValues: { tokens: formatCount(room.suggestedTokens) },
    validation: { tokens: (text) => promptRefusal(parseTokens(text), room) },
    onSubmit: async (submitted) => {
      const tokens = parseTokens(submitted.tokens);
      if (tokens === undefined || isRunning || !(await isAgreed(promptRisks(input, tokens, room)))) return;
      stop.current = new AbortController();
      setRunning(true);
      const outcome = await sendRequest({
        settings,
        model: row.model,
        tokens,
        predict: (counted) => predictedPeak(input, counted),
        stop: stop.current,
        makeItFit: props.makeItFit,
      });
      setRunning(false);
      refresh();
      if (outcome.kind !== "stopped") push(<CheckRequestResult outcome={outcome} {...props} />);
    },
  });
  const tokens = parseTokens(values.tokens);
  const predicted = tokens === undefined ? undefined : predictedPeak(input, tokens);
  const refusal = promptRefusal(tokens, room);
  const risks = tokens === undefined || refusal !== undefined ? [] : promptRisks(input, tokens, room);
  return (
    <Form
      isLoading={isRunning}
      navigationTitle={`Check ${row.model.name}`}
      actions={
        <ActionPanel>
          {isRunning ? (
            <Action title="Stop" icon={Icon.Stop} onAction={() => stop.current?.abort()} />
          ) : (
            <Action.SubmitForm title="Send the Request" icon={Icon.Play} onSubmit={handleSubmit} />
          )}
        </ActionPanel>
      }
    >
      <Form.TextField
        title="Prompt Length"
        placeholder="24,576 or 24K"
        info={`Tokens: at least 4,096, at most ${formatCount(room.mostTokens)}.`}
        {...itemProps.tokens}
      />
      <Form.Description
        title="What It Does"
        text={
          refusal ??
          (tokens && predicted ? requestCost(row.model.name, tokens, predicted) : "Nothing is predicted for it.")
        }
      />
      {risks.length > 0 && <Form.Description title="Risk" text={risks.join("\n")} />}
      <Form.Description title="Measured" text={measuredText(snapshot.requests !== undefined)} />
    </Form>
  );
}

/** Where the peak is read. */
function measuredText(hasLog: boolean): string {
  return hasLog
    ? "Ollama's log tells the peak of each request. It's held against the prediction and kept with the others of this model."
    : "This server's log can't be read from here, so the peak stays unknown. You still see whether a prompt of this length works, and what /api/ps counts meanwhile.";
}

async function isAgreed(risks: readonly string[]): Promise<boolean> {
  if (risks.length === 0) return true;
  return confirmAlert({
    icon: Icon.Warning,
    title: "Send it anyway?",
    message: risks.join("\n"),
    primaryAction: { title: "Send the Request", style: Alert.ActionStyle.Destructive },
  });
}
