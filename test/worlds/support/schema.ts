/**
 * A world as data: the Mac, its servers and what answers elsewhere, what a person does there, and what has to be seen.
 * The one description of these files: docs/worlds.md is made from it.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { ROUTES } from "../../stand-ins/ollama/faults";
import { OLLAMA_STARTS } from "../../stand-ins/mac/ollama-servers";
import { readManifest } from "../../stand-ins/raycast/manifest";
import { REGISTRY_FAULTS } from "../../stand-ins/registry/faults";

const manifest = readManifest();
const named = (things: readonly { readonly name: string }[]) => z.enum(things.map(({ name }) => name));

const text = z.string();
const texts = z.array(text);
const variables = z.record(text, text);
const gib = z.number().nonnegative();

/** Something of the person's or of others that runs on the Mac. */
export interface WorldProcess {
  readonly path: string;
  readonly arguments: string;
  readonly uid: number;
  readonly footprintGib: number;
  readonly gpuGib: number;
  readonly listens: readonly string[];
  readonly children: readonly WorldProcess[];
}

const PROCESS: z.ZodType<WorldProcess> = z.strictObject({
  path: text.describe("Path of the program"),
  arguments: text.default("").describe("What `ps` shows behind the path"),
  uid: z.int().default(501).describe("Whose it is: 501 is the person, 502 another one, 0 root"),
  footprintGib: gib.default(0.05).describe("Memory it takes, GPU memory included"),
  gpuGib: gib.default(0).describe("What of that it holds for the GPU: wired, and counted by ioreg"),
  listens: texts.default([]).describe("Addresses it listens on, as lsof prints them: `127.0.0.1:11434`, `*:8080`"),
  get children() {
    return z.array(PROCESS).default([]).describe("Processes it started");
  },
});

const DAEMON = z.strictObject({
  program: texts.describe("ProgramArguments of its property list"),
  loaded: z.boolean().default(true).describe("launchd has it"),
  disabled: z.boolean().default(false).describe("Switched off in Login Items"),
});

const yes = (what: string) => z.boolean().default(false).describe(what);

const MAC_FAULTS = z
  .strictObject({
    cancel: yes("The person cancels the password prompt"),
    wrongPassword: yes("The password is wrong"),
    notPermitted: yes("The prompt is refused"),
    timeoutReached: z
      .union([z.literal(true), z.literal("applied")])
      .optional()
      .describe("AppleScript gives up waiting; `applied`: what runs as root goes on all the same"),
    lies: z.int().optional().describe("The limit reads back as these MiB, whatever is set"),
    sysctlHangs: yes("sysctl doesn't answer"),
    sysctlRefuses: yes("sysctl turns the value down"),
    promptKilled: yes("osascript is killed; what it started as root is done 0.3 s later"),
    metalHangs: yes("Metal doesn't answer"),
    metalMissing: yes("Metal has no device"),
    missing: texts.default([]).describe("Programs, by path, that are not there"),
    stuck: texts.default([]).describe("Programs, by path, that don't answer"),
    automationDenied: yes("Raycast may not control other apps"),
    appsRefuseToQuit: yes("Apps ask to save something and go on running"),
    ollamaStaysDown: yes("Ollama can be stopped but doesn't start again"),
    daemonBootstrapFails: yes("launchd never takes the daemon"),
    bootstrapAtTry: z.int().optional().describe("launchd takes the daemon only at this try"),
    forbiddenFolders: texts.default([]).describe("Folders, by path, that macOS keeps Raycast from: EPERM"),
    lintFails: yes("plutil finds fault with the property list"),
  })
  .partial();

const MAC = z.strictObject({
  kind: z.enum(["apple-silicon", "intel", "virtual-machine"]).default("apple-silicon").describe("What it is"),
  chip: text.default("Apple M4 Pro").describe("Name of the chip"),
  ramGib: z.int().default(64).describe("Memory"),
  macos: text.default("26.6.1").describe("Version of macOS"),
  limitMib: z.int().nonnegative().default(0).describe("Limit that is set; 0 = macOS decides"),
  sysctls: variables.default({}).describe("Further kernel values, or others than those of such a Mac, by key"),
  quiet: yes("Nothing of a person runs: neither Firefox nor Xcode"),
  processes: z.array(PROCESS).default([]).describe("What runs besides macOS, Raycast, Firefox and Xcode"),
  launchDaemons: z.record(text, DAEMON).default({}).describe("Property lists in /Library/LaunchDaemons, by label"),
  loginItemsOff: texts.default([]).describe("Labels of the person's LaunchAgents that are switched off in Login Items"),
  launchctl: variables.default({}).describe("Variables of the session (`launchctl setenv`)"),
  sysctlConf: text.default("").describe("Content of /etc/sysctl.conf"),
  files: variables.default({}).describe("Other text files by path; those below `~` lie in the home folder"),
  installed: texts
    .optional()
    .describe("Paths of Ollama's app and program on disk. Default: those of the servers that were started"),
  addresses: texts.default(["192.168.1.20"]).describe("Addresses of this Mac in its network"),
  name: text.default("Sams-Mac.local").describe("Its name in its network"),
  time: text.default("2026-11-24T10:00:00Z").describe("When it is"),
  ollamaEndSeconds: z.number().default(3).describe("How long Ollama.app takes to end after SIGTERM"),
  faults: MAC_FAULTS.default({}).describe("What goes wrong"),
});

const MODEL_SOURCES = ["sample", "measured", "file", "mlx", "mlxGib"] as const;

const MODEL = z
  .strictObject({
    sample: text.optional().describe("A model of the sample (one of the first five keys has to be there)"),
    measured: text.optional().describe("A model of test/fixtures/truth"),
    file: text.optional().describe("A metadata file beside the world file"),
    mlx: text.optional().describe("An MLX model of test/fixtures/truth-mlx"),
    mlxGib: gib.optional().describe("An MLX model with weights of this size, of which nothing else is known"),
    weightBytes: z.int().optional().describe("Weights of an MLX model. Default: those it has in the fixture"),
    name: text.optional().describe("Its name. Default: the sample's own, else that of the file"),
    parameters: z
      .record(text, z.union([z.number(), text, texts]))
      .optional()
      .describe("Parameters of its Modelfile. Default: the sample's own, else none"),
    runner: z
      .enum(["mlx", "llamacpp", "ggml"])
      .optional()
      .describe(
        "What runs it, where its name has several builds or 0.40 has converted it. Default: as its format has it",
      ),
    converts: z.boolean().default(false).describe("Ollama converts its file when it's loaded first, from 0.40 on"),
    requires: text.optional().describe("Release of Ollama that it asks for"),
    parentModel: text.optional().describe("The model it was made from"),
    capabilities: texts.optional().describe("Default: the sample's own, else completion and tools"),
    system: text.optional().describe("System prompt"),
    projector: text.optional().describe("Its projector: a metadata file beside the world file"),
    adapters: texts.optional().describe("LoRA adapters: metadata files beside the world file"),
    quantization: text.optional().describe("Quantization that the list names. Default: the sample's own, else Q4_K_M"),
    parameterSize: text.optional().describe("Size that the list names"),
    missingBytes: z
      .int()
      .optional()
      .describe(
        "So much of its file, or of its largest tensor's, is missing at the end; the file where that's all of it",
      ),
    peakFactor: z
      .number()
      .default(1)
      .describe("What prompts of an MLX model take above its weights, as a multiple of our own estimate"),
  })
  .refine((model) => MODEL_SOURCES.filter((source) => model[source] !== undefined).length === 1, {
    error: `takes one of ${MODEL_SOURCES.join(", ")}`,
  });

export type WorldModel = string | z.output<typeof MODEL>;

const LOADED = z.strictObject({
  model: text.describe("Its name"),
  runner: text.optional().describe("Which build of it. Default: the one that Ollama chooses"),
  context: z.int().optional().describe("Context that its client asks for. Default: none, so the server's"),
  keepAlive: z.union([text, z.number()]).optional().describe('"10m", seconds, or -1 for ever. Default: the server\'s'),
  sizeGib: gib.optional().describe("What the server counts for it. Default: our own estimate"),
  gpuGib: gib.optional().describe("What of that is on the GPU. Default: what fits"),
  gibPerMinute: gib.optional().describe("By how much it grows, as MLX models do. Default: not at all"),
});

const REPEATED = z.strictObject({
  line: text.describe("A line of the log"),
  times: z.int().describe("How often it is there, one after the other"),
});

const SERVER_FAULT = z.union([
  z.enum(["refuse", "hang", "garbage", "halfStream", "dies", "hugeBody"]),
  z.strictObject({ slowMs: z.number().describe("Answers only after so long") }),
  z.strictObject({
    status: z.int().describe("Status of an answer that is sent in place of its own"),
    body: text.describe("Its text"),
    type: text.optional().describe("Its type. Default: JSON"),
  }),
]);

const SERVER = z.strictObject({
  version: text.default("0.33.0").describe("Its release"),
  start: z
    .enum([...OLLAMA_STARTS, "behind", "remote"])
    .default("app")
    .describe(
      "Who started it. `behind`: not a process of this Mac but in a container or at the end of a tunnel, reached through `through`. `remote`: another machine",
    ),
  address: text.default("127.0.0.1:11434").describe("Where it listens; of a `remote` one its host and port"),
  through: PROCESS.optional().describe("Process of this Mac that hands requests on to one `behind` it"),
  env: variables.default({}).describe("Its variables"),
  limitGib: gib.optional().describe("GPU memory it found at its start; 0 = none. Default: the Mac's limit"),
  log: z
    .union([z.boolean(), text, z.array(z.union([text, REPEATED]))])
    .default(true)
    .describe("What it logged: true = what such a start logs, false = nothing that can be read, else text or lines"),
  logFrom: text.optional().describe("File with its log, beside the world file"),
  models: z
    .array(z.union([text, MODEL]))
    .optional()
    .describe("Its models, newest first: names of the sample, or more. Default: the sample"),
  modelFiles: z.boolean().default(false).describe("Manifests and (sparse) blobs lie in its models folder"),
  loaded: z.array(LOADED).default([]).describe("What is loaded, the first one first"),
  countsOneCache: z
    .boolean()
    .optional()
    .describe(
      "`/api/ps` leaves out the full-context cache of models with two. Default: as the release does, from 0.30 on",
    ),
  loadMs: z
    .int()
    .default(0)
    .describe("How long a model takes to load. A load whose client goes is broken off; what was read stays cached"),
  chunkMs: z.int().default(0).describe("How long an MLX model takes to read 2,048 tokens of a prompt"),
  headersMs: z
    .int()
    .optional()
    .describe("Fetch gives up on headers of its answers after so long, as Node's does after 300,000. Default: never"),
  faults: z
    .partialRecord(z.enum([...ROUTES, "*"]), SERVER_FAULT)
    .default({})
    .describe("What its routes do instead of answering"),
});

const NETWORK = z.union([
  z.enum(["ECONNREFUSED", "EHOSTUNREACH", "ENOTFOUND", "ETIMEDOUT", "CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT"]),
  z.strictObject({
    status: z.int().describe("Status of the answer"),
    body: text.default("").describe("Its text"),
    headers: variables.default({}).describe("Its headers"),
  }),
]);

const REGISTRY = z.strictObject({
  published: z.array(z.union([text, MODEL])).describe("What they have: as the models of a server"),
  fault: z.enum(REGISTRY_FAULTS).optional().describe("What goes wrong with them. Default: nothing"),
});

/** Texts that have to be there and such that must not; `/…/` is a regular expression. White space does not count. */
const SAY = z.union([
  text,
  texts,
  z.strictObject({
    says: texts.default([]).describe("Has to be there"),
    never: texts.default([]).describe("Must not be there"),
  }),
]);

export type Say = z.output<typeof SAY>;

const EXPECT = z.strictObject({
  screen: SAY.optional().describe("What is on screen at the end"),
  screens: z
    .partialRecord(named(manifest.commands), SAY)
    .optional()
    .describe("The last screen of a command, by its name"),
  rows: z.record(text, SAY).optional().describe("A list item as it was last seen, tooltips included, by its title"),
  shown: SAY.optional().describe("Everything that was seen at any time"),
  actions: SAY.optional().describe("The actions at hand at the end"),
  clipboard: SAY.optional().describe("What was copied last"),
  alerts: SAY.optional().describe("Every question that was asked"),
  toasts: SAY.optional().describe("Every toast"),
  huds: SAY.optional().describe("Every HUD"),
  opened: SAY.optional().describe("Apps and addresses that were opened"),
  mac: z
    .strictObject({
      limitMib: z.int().optional().describe("The limit that is set; 0 = macOS decides"),
      daemons: z
        .record(text, SAY)
        .optional()
        .describe("Property lists in /Library/LaunchDaemons by label; others must not be there"),
      launchctl: variables.optional().describe("Variables of the session, all of them"),
      prompts: z.int().optional().describe("How often the password was asked for"),
      processes: SAY.optional().describe("Command lines that run"),
      ran: SAY.optional().describe("Command lines that were run"),
    })
    .optional()
    .describe("What the Mac ends up as"),
  servers: z
    .record(
      text,
      z.strictObject({
        models: SAY.optional().describe("Names of its models, a line each"),
        loaded: SAY.optional().describe("What is loaded, a line each: `qwen3:8b at 40960, 100% GPU, for ever`"),
        requests: SAY.optional().describe("What it was asked, a line each: `POST /api/generate qwen3:8b`"),
        starts: z.int().optional().describe("How often it was started"),
      }),
    )
    .optional()
    .describe("What servers end up as, by address"),
});

export type Expectation = z.output<typeof EXPECT>;

const RAYCAST = z.strictObject({
  stored: variables.default({}).describe("What an earlier session or another window left in LocalStorage, by key"),
  cached: z.record(text, variables).default({}).describe("The same in caches: texts by key, by namespace"),
  diskFull: yes("Nothing can be stored"),
  storageStuck: yes("LocalStorage never answers"),
});

const FAULT = z.strictObject({
  what: text.describe("What is broken"),
  bounded: text.describe("What bounds the time or the memory it takes"),
});

export const WORLD = z.strictObject({
  about: text.describe("What it stands for"),
  fault: FAULT.optional().describe("Its row in docs/faults.md; what is seen and left is what it expects"),
  fails: z
    .literal(true)
    .optional()
    .describe("What it expects isn't met yet: the test then demands that it fails, until the mark is removed"),
  mac: MAC.prefault({}).describe("The Mac"),
  servers: z.array(SERVER).prefault([{}]).describe("Servers. Default: one, the app's"),
  network: z
    .record(text, NETWORK)
    .default({})
    .describe("What other addresses answer, by what they begin with. Default: nothing is found there"),
  registry: REGISTRY.optional().describe("The public registries. Default: they aren't reached"),
  raycast: RAYCAST.prefault({}).describe("What Raycast keeps for the extension"),
  preferences: z
    .partialRecord(
      named([...(manifest.preferences ?? []), ...manifest.commands.flatMap(({ preferences = [] }) => preferences)]),
      z.union([text, z.boolean()]),
    )
    .default({})
    .describe("Preferences of the extension and its commands"),
  steps: texts
    .default([])
    .describe("What is done, a step a line as in the preview: `pick qwen3:8b`, `action 'Copy Name'`"),
  expect: EXPECT.optional().describe("What has to come of it"),
});

export type World = z.output<typeof WORLD>;
export type WorldServer = World["servers"][number];

/** Reads a world file. @throws with the file and the key for whatever is wrong with it. */
export function readWorld(path: string): World {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${path} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const world = WORLD.safeParse(value);
  if (world.success) return world.data;
  const lines = world.error.issues.flatMap(faultLines);
  throw new Error(`${path} is no world:\n${lines.map((line) => `- ${line}`).join("\n")}\nKeys: docs/worlds.md`);
}

type Issue = z.core.$ZodIssue;

function faultLines(issue: Issue): readonly string[] {
  const at = z.core.toDotPath(issue.path) || "the file";
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => `${at}: unknown key "${key}"`);
  // Of the forms that a value may have, that which comes closest tells most.
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const closest = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
    const nested = closest.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
    if (depth(closest) > 0) return nested.flatMap(faultLines);
  }
  return [`${at}: ${issue.message}`];
}

/** How far into a value its faults lie; a form that matches but for unknown keys comes close, too. */
function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === "unrecognized_keys" ? 1 : 0)));
}
