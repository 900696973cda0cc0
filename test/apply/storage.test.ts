import { describe, expect, it } from "vitest";
import { readStored, readStoredLists } from "../../src/apply/storage";
import { isText, isWhole } from "../../src/apply/stored-fields";
import { keptIn } from "./kept";

const keptAs = (text: string) => keptIn(new Map([["key", text]]));

describe("what is kept under a key", () => {
  it("comes back where it's what was asked for, and is nothing where it isn't", async () => {
    expect(await readStored(keptAs('"a"'), "key", isText)).toBe("a");
    for (const text of ["5", '"a', "", "null"]) expect(await readStored(keptAs(text), "key", isText)).toBeUndefined();
    expect(await readStored(keptIn(), "key", isText)).toBeUndefined();
  });

  it("is nothing where it can't be read", async () => {
    const locked = { ...keptAs('"a"'), get: () => Promise.reject(new Error("The database is locked.")) };
    expect(await readStored(locked, "key", isText)).toBeUndefined();
    expect(await readStoredLists(locked, "key", isText)).toEqual(new Map());
  });
});

describe("lists that are kept under a key", () => {
  it("come back by their names, without what isn't whole of them", async () => {
    const kept = keptAs('[["one",[1,-1,2]],["none",["x"]],[3,[3]],["four",4],null,["five",[5],"more"]]');
    expect([...(await readStoredLists(kept, "key", isWhole))]).toEqual([
      ["one", [1, 2]],
      ["five", [5]],
    ]);
  });

  it("are none where something else is in their place", async () => {
    for (const text of ["{}", "5", '"x"', "[[", "null"]) {
      expect(await readStoredLists(keptAs(text), "key", isWhole), text).toEqual(new Map());
    }
  });
});
