/** How Ollama is run on a Mac: which processes there are, where it logs, and what starts it again. */
import { USER_ID } from "./processes";

export const OLLAMA_STARTS = [
  "app",
  "user-app",
  "other-user",
  "homebrew",
  "launch-agent",
  "launch-daemon",
  "terminal",
  "detached",
] as const;

/**
 * Who started a server: the app, the app in ~/Applications, the app of another user, Homebrew's service, an own
 * LaunchAgent or LaunchDaemon, a shell in Terminal, or a shell that has ended since.
 */
export type OllamaStart = (typeof OLLAMA_STARTS)[number];

export interface OllamaWay {
  /** Path of the program, and its command line where that does not begin with it. */
  readonly program: string;
  readonly command?: string;
  /** The app that owns it. */
  readonly app?: string;
  /** Folder of its llama-server. */
  readonly library: string;
  readonly uid: number;
  /** What is found on disk where it is installed. */
  readonly installed: string;
  /** Where it logs; absent where its output goes to a window or nowhere. */
  readonly log?: string;
  readonly job?: { readonly label: string; readonly domain: "session" | "system"; readonly path: string };
}

export const APP = "/Applications/Ollama.app";
const LOG = ".ollama/logs/server.log";

/** What is true of each way; `homeFolder` is the person's. Homebrew's log can be moved below another folder. */
export function ollamaWay(start: OllamaStart, homeFolder: string, logRoot = ""): OllamaWay {
  const ofApp = (app: string, uid: number, home: string): OllamaWay => ({
    program: `${app}/Contents/Resources/ollama`,
    app,
    library: `${app}/Contents/Resources`,
    uid,
    installed: app,
    log: `${home}/${LOG}`,
  });
  const byHand: OllamaWay = {
    program: "/usr/local/bin/ollama",
    library: `${APP}/Contents/Resources`,
    uid: USER_ID,
    installed: "/usr/local/bin/ollama",
  };
  const agent = "com.sam.ollama";
  switch (start) {
    case "app":
      return ofApp(APP, USER_ID, homeFolder);
    case "user-app":
      return ofApp(`${homeFolder}/Applications/Ollama.app`, USER_ID, homeFolder);
    case "other-user":
      return ofApp("/Users/Shared/Ollama.app", 502, "/Users/kim");
    case "homebrew":
      return {
        program: "/opt/homebrew/opt/ollama/bin/ollama",
        library: "/opt/homebrew/opt/ollama/libexec/lib/ollama",
        uid: USER_ID,
        installed: "/opt/homebrew/bin/ollama",
        log: `${logRoot}/opt/homebrew/var/log/ollama.log`,
        job: {
          label: "homebrew.mxcl.ollama",
          domain: "session",
          path: `${homeFolder}/Library/LaunchAgents/homebrew.mxcl.ollama.plist`,
        },
      };
    case "launch-agent":
      return {
        ...byHand,
        log: `${homeFolder}/Library/Logs/ollama.log`,
        job: { label: agent, domain: "session", path: `${homeFolder}/Library/LaunchAgents/${agent}.plist` },
      };
    case "launch-daemon":
      return {
        ...byHand,
        log: `${homeFolder}/Library/Logs/ollama.log`,
        job: { label: agent, domain: "system", path: `/Library/LaunchDaemons/${agent}.plist` },
      };
    case "terminal":
    case "detached":
      return { ...byHand, command: "ollama serve" };
  }
}

/** A server that was started on the Mac. */
export interface MacServer {
  readonly start: OllamaStart;
  readonly way: OllamaWay;
  /** Where it listens, as lsof writes it. */
  readonly address: string;
  /** Its process; absent while it is down. */
  pid: number | undefined;
}
