import { beforeAll, describe, expect, it } from "vitest";
import { allPictures, type Picture } from "../worlds/support/all-pictures";
import { expectSound, figuresIn, wordsOf } from "./drawings";

describe("the pictures that the commands show", { timeout: 120_000 }, () => {
  const pictures: Picture[] = [];
  beforeAll(async () => {
    for await (const picture of allPictures(["G1-five-keys"])) pictures.push(picture);
  }, 120_000);

  it("are of this Mac, of a plan, of the contexts and of the last loads", () => {
    const names = pictures.map(({ name }) => name).join("\n");
    for (const name of ["set-gpu-limit-1", "show-gpu-memory-1", "make-it-fit-1", "details-1", "details-2"]) {
      expect(names).toContain(name);
    }
    for (const { svg } of pictures) {
      const [, width = "", height = ""] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
      expectSound({ svg, width: Number(width), height: Number(height) });
    }
  });

  it("have no figure that isn't in a line beside them: of this Mac and in a model's detail", () => {
    const withLines = pictures.filter(({ name }) => /details|set-gpu-limit|show-gpu-memory/.test(name));
    for (const { name, svg, beside } of withLines) {
      const told = beside.flatMap(figuresIn);
      for (const figure of wordsOf(svg).flatMap(figuresIn)) expect(told, name).toContain(figure);
    }
  });
});
