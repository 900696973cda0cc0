import type { LaunchProps } from "@raycast/api";
import { getSystem, setSystem, type System } from "../../src/app/system";
import { desk } from "../stand-ins/raycast/desk";
import { deskView } from "./desk-view";

export interface NoViewOptions {
  /** Name of the command in the manifest. */
  readonly command?: string;
  readonly system?: System;
  readonly launchType?: "userInitiated" | "background";
  readonly arguments?: Record<string, string>;
  readonly launchContext?: Record<string, unknown>;
  readonly fallbackText?: string;
  /** Answers to the alerts, in order: titles of their buttons. An alert without one fails the test. */
  readonly answers?: readonly (boolean | string)[];
  /** What to do with answers that nothing asked for. Default "refuse". */
  readonly spareAnswers?: "refuse" | "keep";
}

/** Any props that a no-view command may declare. */
type NoViewCommand<Props> = (props: Props) => unknown;

/**
 * Runs a no-view command to its end and says what is left to see.
 * @throws what the command throws, and for alerts and answers that do not match.
 */
export async function runNoView<Props = LaunchProps>(command: NoViewCommand<Props>, options: NoViewOptions = {}) {
  desk.commandName = options.command ?? "";
  desk.launchType = options.launchType ?? "userInitiated";
  desk.launchContext = options.launchContext;
  desk.windowOpen = true;
  desk.failUnforeseenAlerts = true;
  desk.answers.push(...(options.answers ?? []));
  const before = getSystem();
  if (options.system !== undefined) setSystem(options.system);
  try {
    await command({
      launchType: desk.launchType,
      arguments: options.arguments ?? {},
      ...(options.launchContext === undefined ? {} : { launchContext: options.launchContext }),
      ...(options.fallbackText === undefined ? {} : { fallbackText: options.fallbackText }),
    } as Props);
    await Promise.all(desk.pending);
  } finally {
    setSystem(before);
    desk.failUnforeseenAlerts = false;
  }
  const failure = desk.failures.shift();
  if (failure !== undefined) throw failure;
  const faults = desk.complaints.splice(0);
  if (faults.length > 0) throw new Error(`Raycast would not take this:\n- ${faults.join("\n- ")}`);
  if (desk.answers.length > 0 && options.spareAnswers !== "keep")
    throw new Error(`${desk.answers.length} answers were given that nobody asked for`);
  return { ...deskView, windowOpen: desk.windowOpen, subtitle: desk.subtitle };
}
