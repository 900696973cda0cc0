import { describe, expect, it } from "vitest";
import { roomBeside } from "../../../src/fit/beside-loaded";
import { applyChanges, type Changes, commandsOf, costOf, costWords } from "../../../src/fit/plan/changes";
import { dominates, joinCosts } from "../../../src/fit/plan/cost";
import { rulesOf } from "../../../src/fit/runners";
import { GIB } from "../../../src/fit/units";
import { judge, type JudgeInput } from "../../../src/fit/verdict";
import { lacking, planFor, withUsedRam } from "../inputs";
import { mlxPlanFor } from "../mlx-plan";
import { SAMPLES } from "./sample-changes";

const big = { name: "big:latest", digest: "big", sizeBytes: 40 * GIB, vramBytes: 40 * GIB };
const plan = withUsedRam(planFor("qwen3-coder-next", 64, 26, { loaded: [big] }), 70 * GIB);

function judged(state: JudgeInput) {
  const verdict = judge(state);
  if (verdict.kind === "unknown") throw new Error(verdict.reason);
  return { verdict, beside: roomBeside(state, verdict) };
}

const before = judged(plan.input);
const settingOf = (changes: Changes) => ({ plan, before: before.verdict, changes });
/** A plan of the first model whose runner the lever works with. */
const planWith = (lever: keyof Changes) => (rulesOf(plan.input.model).levers[lever] ? plan : mlxPlanFor(64));

describe.each(Object.keys(SAMPLES) as (keyof Changes)[])("a change of %s", (key) => {
  const changes: Changes = { [key]: SAMPLES[key] };

  it("is seen by a verdict", () => {
    const { input } = planWith(key);
    expect(judged(applyChanges(input, changes))).not.toEqual(judged(input));
  });

  it("costs something, and says what", () => {
    expect(dominates(joinCosts([]), costOf(settingOf(changes)))).toBe(true);
    expect(costWords(settingOf(changes)).join()).not.toBe("");
  });
});

describe("several changes", () => {
  // Of another engine's build none of the others would be seen.
  // Of what restarts Ollama one is enough.
  const ALL = lacking(lacking(lacking(lacking(SAMPLES, "otherBuild"), "pullBuild"), "keepAlive"), "parallel");

  it("are all in the state, the cost and the words", () => {
    const state = applyChanges(plan.input, ALL);
    expect(state).toMatchObject({
      limit: { bytes: 56 * GIB },
      model: { sizeBytes: 36 * GIB, quantization: "Q3_K_M" },
      description: { weightBytes: 36 * GIB, parameters: { numCtx: 32_768 } },
      loaded: [],
      ram: { othersBytes: 26 * GIB },
      options: { kvCacheType: "q8_0" },
      server: { startupTotalBytes: { value: 56 * GIB } },
    });
    const words = costWords(settingOf(ALL));
    for (const key of Object.keys(ALL) as (keyof typeof ALL)[]) {
      for (const line of costWords(settingOf({ build: SAMPLES.build, [key]: SAMPLES[key] })))
        expect(words).toContain(line);
    }
    expect(costOf(settingOf(ALL))).toMatchObject({ password: 1, serverWide: 1, disturbance: 1, qualitySteps: 2 });
  });

  it("are made by hand in an order that works: a server in a terminal comes last", () => {
    expect(commandsOf(settingOf(ALL))).toEqual([
      "ollama pull qwen3-coder-next:q3_K_M",
      "sudo /usr/sbin/sysctl iogpu.wired_limit_mb=57344",
      `f=$(mktemp) && printf '%s\\n' 'FROM qwen3-coder-next:q3_K_M' 'PARAMETER num_ctx 32768' > "$f" && ollama create qwen3-coder-next:q3_K_M-32k -f "$f"`,
      "ollama stop big:latest",
      "launchctl setenv OLLAMA_KV_CACHE_TYPE q8_0",
      `/usr/bin/pkill -TERM -U "$(id -u)" -f '^/Applications/Ollama.app/Contents/MacOS/Ollama'`,
      `for s in $(seq 40); do /usr/bin/pgrep -U "$(id -u)" -f '^/Applications/Ollama.app/Contents/MacOS/Ollama' > /dev/null || break; sleep 1; done`,
      "open -g -j -a /Applications/Ollama.app",
    ]);
  });

  it("have no commands while nobody has confirmed their build", () => {
    const build = lacking(SAMPLES.build, "name");
    expect(commandsOf(settingOf({ ...ALL, build }))).toEqual([]);
  });
});
