import { describe, expect, it } from "vitest";
import { findInstallation } from "../../src/ollama/installation";

describe("an installation of Ollama", () => {
  it.each([
    [["/Applications/Ollama.app", "/usr/local/bin/ollama"], { kind: "app", path: "/Applications/Ollama.app" }],
    [["/Users/sam/Applications/Ollama.app"], { kind: "app", path: "/Users/sam/Applications/Ollama.app" }],
    [
      ["/Applications/Ollama.app", "/Users/sam/Applications/Ollama.app"],
      { kind: "app", path: "/Applications/Ollama.app" },
    ],
    [["/opt/homebrew/bin/ollama"], { kind: "homebrew" }],
    [["/usr/local/opt/ollama", "/usr/local/bin/ollama"], { kind: "homebrew" }],
    // The link that a deleted app left, or a binary of one's own.
    [["/usr/local/bin/ollama"], { kind: "command" }],
    [["/opt/local/bin/ollama"], { kind: "command" }],
    [["/Users/Shared/Ollama.app"], { kind: "none" }],
    [[], { kind: "none" }],
  ])("with %j is %j", async (there, expected) => {
    const exists = async (path: string) => there.includes(path);
    expect(await findInstallation({ homeFolder: "/Users/sam", exists })).toEqual(expected);
  });
});
