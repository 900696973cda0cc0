/**
 * Which process answers at the host, and how it was started. Everything that is read elsewhere (a log, a variable of the
 * session, the command line of a runner) or done to the server (a restart) goes by this and nothing else.
 */
export type ServerIdentity =
  /** The server of Ollama.app in /Applications or ~/Applications: a child of the app's own process. */
  | {
      readonly kind: "app";
      readonly pid: number;
      readonly appPid: number;
      /** "/Applications/Ollama.app". */
      readonly appPath: string;
    }
  /** Homebrew's service: launchd knows its label, and the pid under it is this server's. */
  | ({ readonly kind: "homebrew" } & LaunchdServer)
  /** Another LaunchAgent or LaunchDaemon of this user. */
  | ({ readonly kind: "agent" } & LaunchdServer)
  /** A shell started it. */
  | {
      readonly kind: "terminal";
      readonly pid: number;
      /** The app the shell runs in ("Terminal", "iTerm"), else the shell ("zsh"); absent where it is gone. */
      readonly program?: string;
    }
  /** Another program started it, or one that has ended since. */
  | {
      readonly kind: "program";
      readonly pid: number;
      readonly program?: string;
    }
  /** What listens on this Mac isn't Ollama: it hands requests on into a container or to another machine. */
  | {
      readonly kind: "elsewhere";
      readonly pid: number;
      readonly carrier: Carrier;
      /** For people: "Docker", "ssh", "nginx". */
      readonly program: string;
    }
  /** The host in the preferences is another machine. */
  | { readonly kind: "remote" }
  /** More than one process could be the one that answers. */
  | { readonly kind: "several"; readonly pids: readonly number[] }
  /** Can't be told; the reason is a sentence. */
  | { readonly kind: "unknown"; readonly reason: string };

/** A container or virtual machine on this Mac, a tunnel to another machine, or a program that may be anything. */
export type Carrier = "container" | "tunnel" | "other";

/** A server that launchd started and starts again. */
export interface LaunchdServer {
  readonly pid: number;
  readonly label: string;
  /** The user's session, or the Mac as a whole. */
  readonly domain: "session" | "system";
}

/** How the server that answers was started, as far as can be told. */
export type ServerOrigin = ServerIdentity["kind"];

/** All of them, for checking what was stored. */
export const SERVER_ORIGINS: Readonly<Record<ServerOrigin, true>> = {
  app: true,
  homebrew: true,
  agent: true,
  terminal: true,
  program: true,
  elsewhere: true,
  remote: true,
  several: true,
  unknown: true,
};

/** A server that is known to be a process of this Mac, so that Metal, its log and its children speak for it. */
export type OwnServer = Extract<
  ServerIdentity,
  { readonly kind: "app" | "homebrew" | "agent" | "terminal" | "program" }
>;

/** The server, where it is known to be a process of this Mac. */
export function ownServer(identity: ServerIdentity): OwnServer | undefined {
  switch (identity.kind) {
    case "app":
    case "homebrew":
    case "agent":
    case "terminal":
    case "program":
      return identity;
    case "elsewhere":
    case "remote":
    case "several":
    case "unknown":
      return undefined;
  }
}

/** Why nothing fits in a container, as a sentence: virtual machines on a Mac get no Metal. */
export function containerText(program: string): string {
  return `Ollama answers from ${program}: in a container or virtual machine on a Mac it gets no GPU and runs on the CPU.`;
}

/** Where a server runs that isn't a process of this Mac, as a sentence. */
export function placeText(identity: ServerIdentity): string {
  if (identity.kind !== "elsewhere") return "Ollama runs on another machine.";
  const { carrier, program } = identity;
  switch (carrier) {
    case "container":
      return containerText(program);
    case "tunnel":
      return `${program} passes requests on to Ollama on another machine.`;
    case "other":
      return `What listens there is ${program}, not Ollama: which machine runs the models isn't known.`;
  }
}

/** Where an Ollama that isn't this Mac's runs, for the middle of a sentence: "on studio.local", "in Docker". */
export function placeOf(identity: ServerIdentity, url: string | undefined): string {
  if (identity.kind === "elsewhere") {
    return `${identity.carrier === "container" ? "in" : "behind"} ${identity.program}`;
  }
  return url === undefined ? "on another machine" : `on ${new URL(url).hostname}`;
}

/** Whether another machine than this Mac runs the models, or may. */
export const isElsewhere = ({ kind }: ServerIdentity): boolean => kind === "remote" || kind === "elsewhere";

/** Whether it runs in a container or virtual machine of this Mac, which get no Metal. */
export const isInContainer = (identity: ServerIdentity): boolean =>
  identity.kind === "elsewhere" && identity.carrier === "container";

/** Why what is known of a server on this Mac may be another's, as a sentence; undefined where the server is known. */
export function identityCaution(identity: ServerIdentity): string | undefined {
  switch (identity.kind) {
    case "several":
      return "More than one process could be the Ollama that answers, so its settings aren't known.";
    case "unknown":
      return `It isn't clear which process answers, so its settings aren't known. ${identity.reason}`;
    default:
      return undefined;
  }
}
