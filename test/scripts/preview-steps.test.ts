import { describe, expect, it } from "vitest";
import { parseRequest } from "../../scripts/preview/steps";

const COMMANDS = ["check-model-fit", "set-gpu-limit"];

describe("the words of a preview", () => {
  it("name commands and what a person does there", () => {
    const words = ["--sample", "set-gpu-limit", "choose", "Preset=Custom", "fill", "Limit (MiB) = a=b", "submit"];
    const more = ["confirm", "yes", "check-model-fit", "preference", "judgeContext=8192", "argument", "mib=1", "back"];
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
        { command: "check-model-fit", arguments: { mib: "1" }, steps: [{ kind: "back" }] },
      ],
    });
  });

  it("may leave the command out", () => {
    expect(parseRequest(["pick", "set-gpu-limit"], COMMANDS).visits).toEqual([
      { command: undefined, arguments: {}, steps: [{ kind: "pick", text: "set-gpu-limit" }] },
    ]);
    expect(parseRequest([], COMMANDS).visits).toEqual([{ command: undefined, arguments: {}, steps: [] }]);
  });

  it.each([
    [["fly"], /"fly" is neither a command \(check-model-fit, set-gpu-limit\) nor a step/],
    [["pick"], /pick needs a word/],
    [["fill", "Limit"], /fill takes NAME=VALUE/],
    [["confirm", "maybe"], /confirm takes yes or no/],
  ])("are refused when they make no sense: %j", (words, reason) => {
    expect(() => parseRequest(words, COMMANDS)).toThrow(reason);
  });
});
