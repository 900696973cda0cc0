/** A load that failed for memory, or likely did. */
export interface MemoryFailure {
  /** What is known of it: a toast's title. */
  readonly title: string;
  /** What it means, or what's likely behind it, as sentences. */
  readonly message: string;
}

/** An amount as Ollama prints it: "18.4 GiB", "512.0 MiB". */
const AMOUNT = "(\\d{1,6}(?:\\.\\d{1,3})? ?[KMGT]i?B)";

interface Known {
  readonly pattern: RegExp;
  readonly title: string;
  /** By the amounts that the pattern caught. */
  readonly words: (needed?: string, free?: string) => string;
  /** It's only the likeliest cause. */
  readonly isGuess?: boolean;
}

/** What Ollama and its runners say where memory ran out; the first that's found counts, what says least is last. */
const FAILURES: readonly Known[] = [
  {
    // MLX, before it loads: x/mlxrunner/client.go.
    pattern: new RegExp(`requires ${AMOUNT} but only ${AMOUNT} (?:is|are) available`, "i"),
    title: "Not Enough GPU Memory",
    words: (needed, free) => `It needs ${needed}, more than the ${free} that this limit lets Ollama load.`,
  },
  {
    // Ollama's own check before a load, of old releases and other systems: llm/server.go.
    pattern: new RegExp(`more system memory \\(${AMOUNT}\\) than is available \\(${AMOUNT}\\)`, "i"),
    title: "Not Enough Memory",
    words: (needed, free) => `It needs ${needed} of memory, and ${free} is free now.`,
  },
  {
    pattern: /insufficient memory|ErrorOutOfMemory/i,
    title: "Not Enough GPU Memory",
    words: () => "The GPU ran out of memory while it worked.",
  },
  {
    pattern: /Impacting Interactivity/i,
    title: "macOS Stopped It",
    words: () => "macOS ended its work on the GPU, which held up the screen.",
  },
  {
    pattern: /maximum allowed buffer size/i,
    title: "Not Enough GPU Memory",
    words: () => "One piece of it was larger than Metal allows.",
  },
  {
    pattern: /out of memory|failed to allocate|unable to allocate/i,
    title: "Not Enough Memory",
    words: () => "There wasn't enough memory for it.",
  },
  {
    // Of MLX also where its connection ends in the middle of a request.
    pattern:
      /process has terminated|runner .{0,20}(?:terminated|crashed|failed|exited)|signal: killed|\/completion": .{0,80}(?:EOF|reset|refused)/i,
    title: "Model Didn't Load",
    words: () => "Its process ended, usually for lack of memory.",
    isGuess: true,
  },
];

/** Reasons that the runner gave before it ended: memory has nothing to do with them. "May be incompatible" isn't one. */
const OTHER_REASON =
  /unknown model architecture|unsupported|missing tensor|wrong (?:number|shape)|invalid magic|no such file|library not loaded|tokenizer/i;

/** Why a load failed, where that was for memory or may have been. Undefined for any other failure. */
export function memoryFailure(error: unknown): MemoryFailure | undefined {
  const text = error instanceof Error ? error.message : String(error);
  for (const { pattern, title, words, isGuess } of FAILURES) {
    const found = pattern.exec(text);
    if (found === null) continue;
    return isGuess && OTHER_REASON.test(text) ? undefined : { title, message: words(found[1], found[2]) };
  }
  return undefined;
}
