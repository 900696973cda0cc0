import type { MlxCut, MlxPeak } from "../fit/mlx-peaks";
import { GIB, KIB, MIB } from "../fit/units";

/** Real lines have some hundred characters. */
const MOST_LINE = 2048;
/** The last so many peaks of a log. */
const MOST_PEAKS = 1000;
const MOST_NAME = 500;

/** How a line begins: when, where in the code, and what it says. */
const HEAD = /^time=(\S{1,40}) level=[A-Z]{1,10} source=(\S{1,100}) msg="([^"]{1,100})"/;
const SERVER_START = "server config";

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: KIB, MiB: MIB, GiB: GIB, TiB: 1024 * GIB };

/** The request that a runner works on, as far as its lines have told. */
interface Request {
  readonly promptTokens: number;
  /** Read before and kept: not read again. */
  readonly cachedTokens: number;
  readonly leftTokens: number;
  chunkTokens?: number;
  processedTokens: number;
}

/**
 * Peaks of all requests in a server's log, oldest first. Lines of a request don't name their model, so that it is taken
 * from the runner that was started. While two models are loaded, or may be, nobody can tell whose a line is, and nothing is
 * kept. Linear in the length of the log.
 */
export function parsePeaks(log: string): readonly MlxPeak[] {
  const peaks: MlxPeak[] = [];
  const runners = new Runners(log);
  let request: Request | undefined;
  for (const line of linesOf(log)) {
    const [, at = "", , message = ""] = HEAD.exec(line) ?? [];
    if (runners.hear(message, line)) request = undefined;
    switch (message) {
      case "cache hit":
      case "cache miss":
        request = requestOf(line);
        break;
      case "Prompt processing progress":
        if (request !== undefined) advance(request, count(line, "processed"));
        break;
      case "peak memory": {
        const [model, peakBytes] = [runners.only(), bytes(line)];
        if (request !== undefined && model !== undefined && peakBytes !== undefined) {
          peaks.push(peakOf(request, model, at, peakBytes));
          if (peaks.length > 2 * MOST_PEAKS) peaks.splice(0, MOST_PEAKS);
        }
        request = undefined;
        break;
      }
    }
  }
  return peaks.slice(-MOST_PEAKS);
}

/**
 * Prompts of MLX models that the server cut or refused as longer than a context, oldest first: a runner that does so
 * holds them to num_ctx, which none did up to 0.34.4. The lines are those with which Ollama's other runners say it.
 */
export function parseCuts(log: string): readonly MlxCut[] {
  const cuts: MlxCut[] = [];
  const runners = new Runners(log);
  let hasLlama = false;
  for (const line of linesOf(log)) {
    const [, , source = "", message = ""] = HEAD.exec(line) ?? [];
    if (runners.hear(message, line)) hasLlama &&= message !== SERVER_START;
    else if (message === "starting llama-server") hasLlama = true;
    // It uses the same words, and when it ends the log is silent.
    else if (hasLlama && source.startsWith("llama_server.go:")) continue;
    else if (/^truncating input|exceeds the (?:available )?context/.test(message)) {
      const [model, limitTokens, promptTokens] = [runners.only(), count(line, "limit"), count(line, "prompt")];
      if (model === undefined || limitTokens === undefined || promptTokens === undefined) continue;
      if (promptTokens > limitTokens) cuts.push({ model, limitTokens, promptTokens });
      if (cuts.length > MOST_PEAKS) cuts.shift();
    }
  }
  return cuts;
}

/** How much of a prompt is read, in tokens. */
export interface PromptProgress {
  readonly readTokens: number;
  readonly tokens: number;
}

/** How far the last prompt of a log is read; undefined where none is being read. Needs no start of the server. */
export function parseProgress(log: string): PromptProgress | undefined {
  let request: Request | undefined;
  for (const line of linesOf(log)) {
    const message = HEAD.exec(line)?.[3];
    if (message === "cache hit" || message === "cache miss") request = requestOf(line);
    else if (message === "Prompt processing progress" && request) advance(request, count(line, "processed"));
    else if (message === "peak memory") request = undefined;
  }
  return request && { readTokens: request.cachedTokens + request.processedTokens, tokens: request.promptTokens };
}

function requestOf(line: string): Request | undefined {
  const [promptTokens, cachedTokens, leftTokens] = ["total", "cached", "left"].map((key) => count(line, key));
  if (promptTokens === undefined || cachedTokens === undefined || leftTokens === undefined) return undefined;
  if (cachedTokens + leftTokens !== promptTokens) return undefined;
  return { promptTokens, cachedTokens, leftTokens, processedTokens: 0 };
}

/** Of the prompt so many tokens are read; the first of several chunks is a whole one. */
function advance(request: Request, processed: number | undefined): void {
  if (processed === undefined || processed <= request.processedTokens || processed >= request.leftTokens) return;
  // The last token isn't read as part of a chunk.
  if (request.processedTokens === 0 && processed < request.leftTokens - 1) request.chunkTokens = processed;
  request.processedTokens = processed;
}

function peakOf({ chunkTokens, ...request }: Request, model: string, at: string, peakBytes: number): MlxPeak {
  const whole = chunkTokens === undefined ? 0 : Math.floor(request.processedTokens / chunkTokens) * chunkTokens;
  return {
    model,
    at,
    promptTokens: request.promptTokens,
    readTokens: request.cachedTokens + whole,
    readWhole: request.processedTokens === request.leftTokens - 1,
    chunkTokens,
    peakBytes,
  };
}

/** The runners that live, as far as a log tells: one that ends doesn't say of which model it was. */
class Runners {
  private readonly models = new Set<string>();
  private started = 0;
  private ended = 0;

  /** A log that doesn't begin with a server's start has lost what came before: a runner may live of which it's silent. */
  constructor(log: string) {
    if (HEAD.exec(log.slice(0, MOST_LINE))?.[3] !== SERVER_START) this.start();
  }

  /** Whether a line is about runners. */
  hear(message: string, line: string): boolean {
    if (message === SERVER_START) this.forget();
    else if (message === "starting mlx runner subprocess") this.start(text(line, "model"));
    else if (message === "stopping mlx runner subprocess") this.stop();
    else return false;
    return true;
  }

  /** `model` is undefined where the name makes no sense. */
  private start(model = ""): void {
    // Ollama runs one a model: where there was no other, it replaces one that ended unheard.
    if (this.models.size === 1 && this.models.has(model)) this.forget();
    this.models.add(model);
    this.started += 1;
  }

  private stop(): void {
    this.ended += 1;
    if (this.ended >= this.started) this.forget();
  }

  private forget(): void {
    this.models.clear();
    this.started = 0;
    this.ended = 0;
  }

  /** The model of the one that lives; undefined where there is none, or may be another. */
  only(): string | undefined {
    const [first] = this.models;
    return this.models.size === 1 && first !== "" ? first : undefined;
  }
}

function* linesOf(log: string): Generator<string> {
  for (let start = 0; start < log.length;) {
    const end = log.indexOf("\n", start);
    const stop = end < 0 ? log.length : end;
    yield log.slice(start, Math.min(stop, start + MOST_LINE));
    start = stop + 1;
  }
}

/** A value as slog writes it: quoted where it has to be. */
function text(line: string, key: string): string | undefined {
  const [, quoted, plain] =
    new RegExp(` ${key}=(?:"([^"\\\\]{1,${MOST_NAME}})"|([^\\s"=]{1,${MOST_NAME}}))`).exec(line) ?? [];
  return quoted ?? plain;
}

function count(line: string, key: string): number | undefined {
  const digits = new RegExp(` ${key}=(\\d{1,9})(?: |$)`).exec(line)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function bytes(line: string): number | undefined {
  const [, amount, unit = ""] = / size="?(\d{1,9}(?:\.\d{1,2})?) (B|[KMGT]iB)"?(?: |$)/.exec(line) ?? [];
  return amount === undefined ? undefined : Number(amount) * (UNITS[unit] ?? Number.NaN);
}
