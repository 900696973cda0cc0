import { describe, expect, it } from "vitest";
import { isUnchanged } from "../../src/ollama/session-variables";

describe("a variable that a server logged at its start", () => {
  it.each([
    ["OLLAMA_KEEP_ALIVE", "1h0m0s", "1h"],
    ["OLLAMA_KEEP_ALIVE", "1h30m0s", "90m"],
    ["OLLAMA_KEEP_ALIVE", "5m0s", "300"],
    ["OLLAMA_KEEP_ALIVE", "0s", "0"],
    ["OLLAMA_KEEP_ALIVE", "2562047h47m16.854775807s", "-1"],
    ["OLLAMA_KEEP_ALIVE", "5m0s", undefined],
    ["OLLAMA_FLASH_ATTENTION", "true", "1"],
    ["OLLAMA_KV_CACHE_TYPE", "q8_0", "q8_0"],
  ])("%s: %s is what it would get again where the session has %s", (name, logged, session) => {
    expect(isUnchanged(name, logged, session)).toBe(true);
  });

  it.each([
    ["OLLAMA_KEEP_ALIVE", "5m0s", "1h"],
    ["OLLAMA_KEEP_ALIVE", "", "1h"],
    ["OLLAMA_KEEP_ALIVE", "forever", "whenever"],
    ["OLLAMA_KEEP_ALIVE", "1h0m0s", undefined],
    ["OLLAMA_KV_CACHE_TYPE", "", "q8_0"],
    ["OLLAMA_CONTEXT_LENGTH", "0", "32768"],
  ])("%s: %s isn't where the session has %s", (name, logged, session) => {
    expect(isUnchanged(name, logged, session)).toBe(false);
  });
});
