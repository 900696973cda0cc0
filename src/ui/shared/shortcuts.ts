import type { Keyboard } from "@raycast/api";

/** Keys of what Raycast has no common ones for: one action has the same in every panel. */
export const SHORTCUTS = {
  details: { modifiers: ["cmd"], key: "i" },
  plan: { modifiers: ["cmd", "shift"], key: "a" },
  applyAndKeep: { modifiers: ["cmd", "shift"], key: "k" },
  applyWithoutLoading: { modifiers: ["opt"], key: "enter" },
  checkBuilds: { modifiers: ["cmd", "shift"], key: "b" },
  steps: { modifiers: ["cmd", "shift"], key: "i" },
  undo: { modifiers: ["cmd"], key: "u" },
  limit: { modifiers: ["cmd"], key: "l" },
  resetLimit: { modifiers: ["cmd", "shift"], key: "d" },
  memory: { modifiers: ["cmd", "shift"], key: "m" },
  load: { modifiers: ["cmd", "shift"], key: "l" },
  terminal: { modifiers: ["cmd"], key: "t" },
  otherSettings: { modifiers: ["cmd", "shift"], key: "t" },
  restartOllama: { modifiers: ["cmd", "shift"], key: "r" },
  diagnostics: { modifiers: ["cmd", "opt"], key: "b" },
  explain: { modifiers: ["cmd", "shift"], key: "e" },
  preferences: { modifiers: ["cmd", "shift"], key: "," },
  copyPull: { modifiers: ["cmd", "opt"], key: "g" },
  copyLimit: { modifiers: ["cmd", "opt"], key: "l" },
  copyModelfile: { modifiers: ["cmd", "opt"], key: "m" },
  copyCreate: { modifiers: ["cmd", "opt"], key: "v" },
  copyParameter: { modifiers: ["cmd", "opt"], key: "p" },
  copyDefault: { modifiers: ["cmd", "opt"], key: "d" },
  copyCommands: { modifiers: ["cmd", "opt"], key: "k" },
} as const satisfies Readonly<Record<string, Keyboard.Shortcut>>;
