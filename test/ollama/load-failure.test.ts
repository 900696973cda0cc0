import { expect, it } from "vitest";
import { memoryFailure } from "../../src/ollama/load-failure";

it.each([
  ["llama-server process has terminated: exit status 1", "process ended"],
  ["model requires 18.4 GiB but only 17.3 GiB are available (after 512.0 MiB overhead)", "lets Ollama load"],
  ["model requires more system memory (60.0 GiB) than is available (40.0 GiB)", "free now"],
  ["error: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)", "GPU ran out"],
  ["ggml_metal: failed to allocate buffer, size = 8192.00 MiB", "wasn't enough"],
])("says what %j means", (text, words) => expect(memoryFailure(new Error(text))).toContain(words));

it.each(["model 'a' not found", "invalid model name", "context deadline exceeded"])("has no word on %j", (text) =>
  expect(memoryFailure(text)).toBeUndefined(),
);
