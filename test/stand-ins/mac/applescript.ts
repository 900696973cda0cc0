/** What an administrator script would show and run. */
export interface AdminCall {
  readonly prompt: string;
  /** The shell command line that `do shell script` hands to root's /bin/sh. */
  readonly command: string;
}

/**
 * Reads the little AppleScript that our one administrator script consists of, as osascript would: `set … to`,
 * `if item N of argv is … then set …`, and `do shell script` over strings, `&` and `quoted form of`. Throws for
 * anything else, so that the script cannot grow something that no test has run.
 */
export function evaluateAdminScript(script: string, argv: readonly string[]): AdminCall {
  const variables = new Map<string, string>();
  let call: AdminCall | undefined;
  for (const raw of script.split("\n")) {
    const line = raw.trim();
    if (/^(?:on run argv|end run|end timeout|with timeout of \d+ seconds)$/.test(line)) continue;
    const set = /^(?:if item (\d) of argv is ("[^"]*") then )?set (\w+) to (".*")$/.exec(line);
    if (set) {
      const applies = set[1] === undefined || argv[Number(set[1]) - 1] === evaluate(set[2] ?? "", argv);
      if (applies) variables.set(set[3] ?? "", evaluate(set[4] ?? "", argv));
      continue;
    }
    const run = /^return do shell script (.+) with prompt (\w+) with administrator privileges$/.exec(line);
    const prompt = variables.get(run?.[2] ?? "");
    if (run?.[1] === undefined || prompt === undefined || call) throw new Error(`Not understood: ${line}`);
    call = { prompt, command: evaluate(run[1], argv) };
  }
  if (!call) throw new Error("The script asks for no administrator.");
  return call;
}

const TERM = /^(quoted form of )?(?:"((?:[^"\\]|\\["\\])*)"|\(item (\d) of argv\))(?: & |$)/;

function evaluate(expression: string, argv: readonly string[]): string {
  let rest = expression;
  let value = "";
  while (rest !== "") {
    const term = TERM.exec(rest);
    if (!term) throw new Error(`Not understood: ${rest}`);
    const text = term[3] === undefined ? (term[2] ?? "").replace(/\\(["\\])/g, "$1") : argv[Number(term[3]) - 1];
    if (text === undefined) throw new Error(`No item ${term[3]} in argv`);
    value += term[1] ? `'${text.replaceAll("'", `'\\''`)}'` : text;
    rest = rest.slice(term[0].length);
  }
  return value;
}
