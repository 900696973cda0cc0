import { expect, it } from "vitest";
import { COMMANDS } from "./play";
import { everyScreen } from "./every-screen";

it("every screen of a world: its steps, and each command as it opens there", async () => {
  const found = [];
  for await (const screens of everyScreen(["A4-two-servers"])) found.push(screens);
  expect(found.map(({ name }) => name)).toEqual(["A4-two-servers"]);
  const text = found[0]?.text ?? "";
  for (const { title, mode } of COMMANDS) if (mode === "view") expect(text).toContain(title);
  expect(text).toContain("Fits · 40K");
  expect(text).not.toContain("gpu-limit-world-");
});
