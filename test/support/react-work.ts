import { act } from "react";
import { complain } from "../stand-ins/raycast/desk";

// Taken now: a test with fake timers still has to wait for real work.
const realSetTimeout = globalThis.setTimeout;
const realNow = performance.now.bind(performance);

export const now = realNow;

/** Runs something with React's updates applied at its end. */
export async function acting(work: () => unknown): Promise<void> {
  const scope = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean };
  scope.IS_REACT_ACT_ENVIRONMENT = true;
  try {
    await act(async () => {
      await work();
    });
  } finally {
    // Updates between two steps are applied by React itself, as in Raycast.
    scope.IS_REACT_ACT_ENVIRONMENT = false;
  }
}

/** Lets timers, sockets and promises proceed for one turn of the event loop. */
export async function turn(): Promise<void> {
  await acting(() => new Promise((resolve) => realSetTimeout(resolve, 1)));
}

const FAULTS = [
  /^Encountered two children with the same key/,
  /^Each child in a list should have a unique "key"/,
  /^Cannot update a component/,
  /^React has detected a change in the order of Hooks/,
  /^A component is changing/,
];

/** React only prints its warnings: the grave ones become complaints. @returns a function that ends the watch. */
export function watchReactWarnings(): () => void {
  const print = console.error;
  console.error = (...parts: unknown[]) => {
    const message = String(parts[0]);
    if (message.startsWith("react-test-renderer is deprecated")) return;
    if (FAULTS.some((fault) => fault.test(message))) complain(`React: ${parts.map(String).join(" ").slice(0, 400)}`);
    else print(...parts);
  };
  return () => {
    console.error = print;
  };
}
