/** What Ollama and its runners say where memory ran out, with what that means in our words. */
const FAILURES: readonly (readonly [RegExp, string])[] = [
  [/requires .{1,40} but only .{1,40} (?:is|are) available/i, "It needs more than this limit lets Ollama load."],
  [/more system memory .{0,60}than is available/i, "It needs more memory than is free now."],
  [/insufficient memory|ErrorOutOfMemory/i, "The GPU ran out of memory while it worked."],
  [/Impacting Interactivity/i, "macOS ended its work on the GPU, which held up the screen."],
  [/maximum allowed buffer size/i, "One piece of it was larger than Metal allows."],
  [/out of memory|failed to allocate|unable to allocate/i, "There wasn't enough memory for it."],
  [
    // Of MLX also where its connection ends in the middle of a request.
    /process has terminated|runner .{0,20}(?:terminated|crashed|failed|exited)|signal: killed|\/completion": .{0,80}(?:EOF|reset|refused)/i,
    "Its process ended, most often for lack of memory.",
  ],
];

/** Why a load failed, where that was for memory: a sentence. Undefined for any other failure. */
export function memoryFailure(error: unknown): string | undefined {
  const text = error instanceof Error ? error.message : String(error);
  return FAILURES.find(([pattern]) => pattern.test(text))?.[1];
}
