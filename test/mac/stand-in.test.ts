import { describe, expect, it } from "vitest";
import { PRIVILEGED_SCRIPT } from "../../src/mac/privileged";
import { createSampleMac } from "../stand-ins/mac";
import { evaluateAdminScript } from "../stand-ins/mac/applescript";

describe("the stand-in Mac", () => {
  it.each([
    ["/usr/bin/osascript", ["-e", `${PRIVILEGED_SCRIPT} `, "0", "1", "0"]],
    ["/usr/bin/osascript", ["-e", 'do shell script "id" with administrator privileges']],
    ["/usr/bin/open", ["-a", "Terminal"]],
    ["/bin/launchctl", ["setenv", "A", "b"]],
    ["/bin/rm", ["-rf", "/"]],
  ])("knows no %s %j", async (file, args) => {
    const mac = createSampleMac();
    await expect(mac.run(file, args)).rejects.toThrow(`does not know this command line: ${[file, ...args].join(" ")}`);
    expect(mac.unknownCommands).toHaveLength(1);
  });

  it("answers for programs that a test adds", async () => {
    const mac = createSampleMac({ programs: { "/bin/date": () => ({ stdout: "now" }) } });
    expect(await mac.run("/bin/date", [])).toMatchObject({ exitCode: 0, stdout: "now" });
  });

  it("understands no AppleScript but ours", () => {
    expect(() => evaluateAdminScript('do shell script "x"', [])).toThrow("Not understood");
    expect(() => evaluateAdminScript("on run argv\nend run", [])).toThrow("no administrator");
    expect(() => evaluateAdminScript(PRIVILEGED_SCRIPT, ["0", "1"])).toThrow("No item 3");
  });
});
