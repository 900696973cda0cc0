import { describe, expect, it, vi } from "vitest";
import { execaRunner } from "../../src/mac/execa-runner";

// Starting programs takes its time on a busy machine.
vi.setConfig({ testTimeout: 20_000 });

const node = (script: string, ...args: string[]) => ["-e", script, ...args] as const;
const run = (script: string, options = {}, ...args: string[]) =>
  execaRunner(process.execPath, node(script, ...args), { timeoutMs: 20_000, ...options });

describe("execaRunner", () => {
  it("gives output, errors and exit status as they are", async () => {
    const result = await run("process.stdout.write('a\\n'); process.stderr.write('b\\n'); process.exitCode = 3");
    expect(result).toEqual({ exitCode: 3, stdout: "a\n", stderr: "b\n", missing: false, timedOut: false });
  });

  it("hands arguments over literally, without a shell", async () => {
    const hostile = ["$(touch /)", "a b", "'\"`", "*", "--", "-x"];
    const result = await run("console.log(JSON.stringify(process.argv.slice(1)))", {}, "--", ...hostile);
    expect(JSON.parse(result.stdout)).toEqual(hostile);
  });

  it("names a program that is not there", async () => {
    expect(await execaRunner("/nonexistent/program", [])).toMatchObject({ missing: true, timedOut: false });
    expect(await execaRunner("/etc", [])).toMatchObject({ missing: true });
    expect((await execaRunner("/etc/passwd/x", [])).missing).toBe(true);
  });

  it("resolves for arguments that cannot be passed at all", async () => {
    const result = await execaRunner(process.execPath, ["-e", "1\0"]);
    expect(result).toMatchObject({ stdout: "", missing: false, timedOut: false });
    expect(result.exitCode).toBeUndefined();
    expect(result.stderr).not.toBe("");
  });

  it("gives standard input, and none by default", async () => {
    const echo =
      "process.stdin.on('data', (d) => process.stdout.write(d)); process.stdin.on('end', () => console.log('end'))";
    expect((await run(echo, { input: "hello " })).stdout).toBe("hello end\n");
    expect((await run(echo)).stdout).toBe("end\n");
  });

  it("ends a program that takes too long, keeping what it wrote, even if it ignores the signal", async () => {
    const deaf = "trap '' TERM; echo x; while :; do sleep 1; done";
    const result = await execaRunner("/bin/sh", ["-c", deaf], { timeoutMs: 2_000 });
    expect(result).toMatchObject({ stdout: "x\n", timedOut: true, missing: false });
    expect(result.exitCode).toBeUndefined();
  });

  it("does not wait for a grandchild that keeps the output open", async () => {
    const result = await execaRunner("/bin/sh", ["-c", "sleep 30 & exec sleep 600"], { timeoutMs: 500 });
    expect(result.timedOut).toBe(true);
  });

  it("cuts output that never ends", async () => {
    const result = await run("for (;;) require('fs').writeSync(1, 'y'.repeat(1000))", { maxBytes: 10_000 });
    expect(result.stdout).toBe("y".repeat(10_000));
    expect(result.exitCode).toBeUndefined();
    expect(result.timedOut).toBe(false);
  });

  it("stops when it is aborted", async () => {
    const controller = new AbortController();
    const running = run("setInterval(() => {}, 1000)", { timeoutMs: 0, signal: controller.signal });
    controller.abort();
    expect(await running).toMatchObject({ missing: false, timedOut: false });
  });
});
