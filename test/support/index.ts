/** What command tests import: the screen, no-view runs, and a fresh Raycast for each test. */
import { afterEach } from "vitest";
import { resetRaycast } from "../stand-ins/raycast/desk";
import { setSystem } from "../../src/app/system";
import { closeScreens } from "./screen";

afterEach(async () => {
  try {
    await closeScreens();
  } finally {
    resetRaycast();
    setSystem(undefined);
  }
});

export { desk, setPreferences } from "../stand-ins/raycast/desk";
export { doesNotSay, type Part, says, UNREADABLE } from "./meaning";
export { runNoView } from "./no-view";
export { renderCommand, type Screen } from "./screen";
