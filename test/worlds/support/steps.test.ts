import { describe, expect, it } from "vitest";
import { parseRequest, wordsOf } from "./steps";

const COMMANDS = ["fit-models-to-gpu-limit", "set-gpu-limit"];

describe("the words of a preview", () => {
  it("name commands and what a person does there", () => {
    const words = ["--sample", "set-gpu-limit", "choose", "Preset=Custom", "fill", "Limit (MiB) = a=b", "submit"];
    const more = [
      "confirm",
      "yes",
      "fit-models-to-gpu-limit",
      "preference",
      "judgeContext=8192",
      "argument",
      "mib=1",
      "back",
    ];
    expect(parseRequest([...words, ...more], COMMANDS)).toEqual({
      world: "sample",
      preferences: { judgeContext: "8192" },
      visits: [
        {
          command: "set-gpu-limit",
          arguments: {},
          steps: [
            { kind: "choose", name: "Preset", value: "Custom" },
            { kind: "fill", name: "Limit (MiB)", value: "a=b" },
            { kind: "submit" },
            { kind: "confirm", answer: true },
          ],
        },
        { command: "fit-models-to-gpu-limit", arguments: { mib: "1" }, steps: [{ kind: "back" }] },
      ],
    });
  });

  it("may leave the command out", () => {
    expect(parseRequest(["pick", "set-gpu-limit"], COMMANDS).visits).toEqual([
      { command: undefined, arguments: {}, steps: [{ kind: "pick", text: "set-gpu-limit" }] },
    ]);
    expect(parseRequest([], COMMANDS).visits).toEqual([{ command: undefined, arguments: {}, steps: [] }]);
  });

  it("name a world, and how long to wait", () => {
    expect(parseRequest(["--world", "a.json", "wait", "30", "wait", "restart-mac"], COMMANDS)).toMatchObject({
      world: { file: "a.json" },
      visits: [{ steps: [{ kind: "wait", seconds: 30 }, { kind: "wait", seconds: 1 }, { kind: "restart-mac" }] }],
    });
  });

  it("say what other programs do meanwhile", () => {
    expect(
      parseRequest(["client", "qwen3:8b", "client", "qwen3:8b at 4096", "sysctl", "a.b=1"], COMMANDS).visits,
    ).toEqual([
      {
        command: undefined,
        arguments: {},
        steps: [
          { kind: "client", model: "qwen3:8b", context: undefined },
          { kind: "client", model: "qwen3:8b", context: 4096 },
          { kind: "sysctl", name: "a.b", value: "1" },
        ],
      },
    ]);
  });

  it("are told apart as in a shell", () => {
    expect(wordsOf(`fill "Limit (MiB) = 5'6"  pick qwen3:8b 'a "b"'x`)).toEqual([
      "fill",
      "Limit (MiB) = 5'6",
      "pick",
      "qwen3:8b",
      'a "b"x',
    ]);
    expect(wordsOf("")).toEqual([]);
    expect(() => wordsOf("pick 'qwen3")).toThrow("A quote does not end: pick 'qwen3");
  });

  it.each([
    [["--remote"], /There is no --remote, only/],
    [["--world"], /--world needs a word/],
    [["fly"], /"fly" is neither a command \(fit-models-to-gpu-limit, set-gpu-limit\) nor a step/],
    [["pick"], /pick needs a word/],
    [["fill", "Limit"], /fill takes NAME=VALUE/],
    [["confirm", "maybe"], /confirm takes yes or no/],
    [["client", "qwen3:8b at all"], /client takes "MODEL" or "MODEL at TOKENS"/],
  ])("are refused when they make no sense: %j", (words, reason) => {
    expect(() => parseRequest(words, COMMANDS)).toThrow(reason);
  });
});
