import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aligned, Arena } from "../../../src/memory/compute/arena";

describe("the arena", () => {
  it("fills the smallest hole that fits, and grows only when none does", () => {
    const arena = new Arena();
    const [large, , small] = [320, 32, 64, 32].map((bytes) => arena.take(bytes));
    arena.give(large ?? -1, 320);
    arena.give(small ?? -1, 64);
    expect(arena.take(60)).toBe(small);
    expect(arena.take(65)).toBe(large);
    expect(arena.peak).toBe(448);
    expect(arena.take(300)).toBe(448);
    expect(arena.peak).toBe(448 + 320);
  });

  it("takes the higher of two equal holes", () => {
    const arena = new Arena();
    const offsets = [64, 32, 64, 32].map((bytes) => arena.take(bytes));
    arena.give(offsets[0] ?? -1, 64);
    arena.give(offsets[2] ?? -1, 64);
    expect(arena.take(64)).toBe(offsets[2]);
  });

  it("never hands out overlapping ranges, and is empty again when all came back", () => {
    const step = fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), release: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const arena = new Arena();
        const held: { offset: number; bytes: number }[] = [];
        for (const { bytes, release } of steps) {
          const offset = arena.take(bytes);
          for (const other of held) {
            const apart = offset + aligned(bytes) <= other.offset || other.offset + aligned(other.bytes) <= offset;
            expect(apart).toBe(true);
          }
          held.push({ offset, bytes });
          expect(arena.peak).toBeGreaterThanOrEqual(offset + aligned(bytes));
          if (release % 2 === 0) {
            const [freed] = held.splice(release % held.length, 1);
            if (freed) arena.give(freed.offset, freed.bytes);
          }
        }
        for (const { offset, bytes } of held) arena.give(offset, bytes);
        const { peak } = arena;
        if (peak > 0) expect(arena.take(peak)).toBe(0);
        expect(arena.peak).toBe(peak);
      }),
    );
  });
});
