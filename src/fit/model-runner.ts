/**
 * The program that runs a model, as Ollama names it from 0.40 on, in the order in which Ollama on a Mac prefers them
 * (ollama/ollama, manifest/manifest.go): MLX, llama.cpp, and llama.cpp with Ollama's patch for its own older files.
 */
export const MODEL_RUNNERS = ["mlx", "llamacpp", "ggml"] as const;

export type ModelRunner = (typeof MODEL_RUNNERS)[number];

/** Short names for people; which of the two of llama.cpp it is decides nothing for them. */
export const RUNNER_TITLES: Readonly<Record<ModelRunner, string>> = {
  mlx: "MLX",
  llamacpp: "llama.cpp",
  ggml: "llama.cpp",
};

export type ModelFormat = "gguf" | "safetensors" | "other";

/** A format as Ollama writes it. */
export function modelFormat(text: string | undefined): ModelFormat {
  return text === "gguf" || text === "safetensors" ? text : "other";
}

/**
 * The runner of a build: as it's named, without regard to case, else as its format says. Undefined for a name that isn't
 * known, and for formats that Ollama doesn't run.
 */
export function modelRunner(named: string | undefined, format: ModelFormat): ModelRunner | undefined {
  const text = named?.trim().toLowerCase() ?? "";
  if (text !== "") return MODEL_RUNNERS.find((runner) => runner === text);
  if (format === "safetensors") return "mlx";
  return format === "gguf" ? "ggml" : undefined;
}
