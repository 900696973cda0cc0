import { describe, expect, it } from "vitest";
import { sideBySide } from "../../src/memory/side-by-side";

describe("work side by side", () => {
  it("comes back in order, however long each takes, and never more of it runs at once than may", async () => {
    const all = [30, 1, 20, 5, 10, 0];
    let [running, most] = [0, 0];
    const results = await sideBySide(
      all,
      async (ms) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, ms));
        running -= 1;
        return `${ms} ms`;
      },
      2,
    );
    expect(results).toEqual(all.map((ms) => `${ms} ms`));
    expect(most).toBe(2);
  });

  it("fails as its first failure does", async () => {
    await expect(sideBySide([1, 2], (each) => Promise.reject(new Error(`${each}`)))).rejects.toThrow("1");
  });
});
