import { describe, expect, it } from "vitest";
import { memoryFailure } from "../../src/ollama/load-failure";

describe.each([
  [
    "MLX, before the load",
    "model requires 18.4 GiB but only 17.3 GiB are available (after 512.0 MiB overhead)",
    "Not Enough GPU Memory",
    "It needs 18.4 GiB, more than the 17.3 GiB that this limit lets Ollama load.",
  ],
  [
    "Ollama, before the load",
    "model requires more system memory (60.0 GiB) than is available (40.0 GiB)",
    "Not Enough Memory",
    "It needs 60.0 GiB of memory, and 40.0 GiB is free now.",
  ],
  [
    "Metal",
    "llama-server process has terminated: error: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)",
    "Not Enough GPU Memory",
    "The GPU ran out of memory while it worked.",
  ],
  [
    "a runner that can't allocate",
    "ggml_metal: failed to allocate buffer, size = 8192.00 MiB",
    "Not Enough Memory",
    "There wasn't enough memory for it.",
  ],
  ["macOS, for the screen", "kIOGPU: Impacting Interactivity (0000000e)", "macOS Stopped It", "held up the screen"],
  ["a buffer too large", "greater than the maximum allowed buffer size of 9 bytes", "Not Enough GPU Memory", "larger"],
  ["a 500", "Ollama answered 500: out of memory", "Not Enough Memory", "There wasn't enough memory"],
])("%s", (_, text, title, message) => {
  it("says what's known", () => {
    const failure = memoryFailure(new Error(text));
    expect(failure?.title).toBe(title);
    expect(failure?.message).toContain(message);
  });
});

it.each([
  "llama-server process has terminated: exit status 1",
  "llama runner process has terminated: %!w(<nil>)",
  "llama-server process has terminated: signal: killed",
  'Post "http://127.0.0.1:5/completion": EOF',
  "process has terminated: exit status 1: failed to load model; this model may be incompatible with your version of Ollama",
])("only guesses where %j is all that's known", (text) => {
  const failure = memoryFailure(text);
  expect(failure?.title).toBe("Model Didn't Load");
  expect(failure?.title).not.toMatch(/memory/i);
  expect(failure?.message).toMatch(/process ended, usually/);
});

it.each([
  "model 'a' not found",
  "invalid model name",
  "context deadline exceeded",
  "llama-server process has terminated: exit status 1: unknown model architecture: 'x'",
  "llama-server process has terminated: exit status 1: missing tensor 'output.weight'",
])("has no word on %j", (text) => expect(memoryFailure(text)).toBeUndefined());

it("shows no words of the server but amounts", () =>
  expect(memoryFailure("requires <b>lots</b> but only 1 GiB are available")).toBeUndefined());
