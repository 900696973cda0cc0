import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJobList, parseSystemDomain } from "../../src/mac/launchd-jobs";

describe("parseJobList", () => {
  it("takes what runs, by its label", () => {
    const output =
      "PID\tStatus\tLabel\n-\t0\tcom.apple.SafariHistoryServiceAgent\n655\t0\thomebrew.mxcl.ollama\n81\t-9\tcom.example.my ollama\n";
    expect(parseJobList(output)).toEqual([{ pid: 655, label: "homebrew.mxcl.ollama", domain: "session" }]);
  });
});

describe("parseSystemDomain", () => {
  it("takes the running ones of its services and no other block", () => {
    const output = [
      "com.apple.xpc.launchd.domain.system = {",
      "\ttype = system",
      "\tservices = {",
      "\t\t       0      - \tcom.apple.lskdd",
      "\t\t     655      - \torg.example.ollama",
      "\t\t     123   (pe) \tcom.apple.powerd",
      "\t}",
      "\tunmanaged processes = {",
      "\t\t     777      - \tsomebody.else",
      "\t}",
      "}",
    ].join("\n");
    expect(parseSystemDomain(output)).toEqual([
      { pid: 655, label: "org.example.ollama", domain: "system" },
      { pid: 123, label: "com.apple.powerd", domain: "system" },
    ]);
    expect(parseSystemDomain("Could not print domain: 1: Operation not permitted\n")).toEqual([]);
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const { pid, label } of [...parseJobList(text), ...parseSystemDomain(`services = {\n${text}`)]) {
          expect(pid).toBeGreaterThan(0);
          expect(label).not.toBe("");
        }
      }),
    );
  });
});
