import { gpuBytesOf } from "../loaded-size";
import { lackText, roomBeside } from "../beside-loaded";
import type { LoadedModel } from "../facts";
import type { BesideLoaded } from "../own-runners";
import type { KnownVerdict } from "../verdict";
import { verdictSentence } from "../verdict-text";
import type { Proposal } from "./proposal";
import { settle } from "./settle";

/** llama.cpp doesn't see what other models take of the limit. No more of them are unloaded than is needed. */
export const unloadOthers: Proposal = {
  *propose(plan, before) {
    const room = before.kind === "fits" ? roomBeside(plan.input, before) : undefined;
    if (room?.lacks === undefined || room.takenBytes === 0) return [];
    yield;
    const leaving = fewest(plan.input, before, room.others);
    const names = [...new Set(leaving.map(({ name }) => name))];
    const settled = settle(plan, before, { unload: names });
    if (settled === undefined) return [];
    const staying = room.others.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
    const beside = staying.length === 0 ? "" : `Next to ${staying.join(", ")} it still fits. `;
    return [
      {
        ...settled,
        title: `Unload ${names.join(", ")}`,
        sentence: `${lackText(room)} ${beside}Alone: ${verdictSentence(settled.after)}`,
      },
    ];
  },
};

/** The largest of them, the last the smallest whose end leaves room; all where less isn't enough. */
function fewest(input: BesideLoaded, before: KnownVerdict, others: readonly LoadedModel[]): readonly LoadedModel[] {
  const left = others.toSorted((a, b) => gpuBytesOf(b) - gpuBytesOf(a));
  const leaving: LoadedModel[] = [];
  const isEnough = (gone: readonly LoadedModel[]) =>
    roomBeside({ ...input, loaded: input.loaded.filter((model) => !gone.includes(model)) }, before)?.lacks ===
    undefined;
  while (left.length > 0 && !isEnough(leaving)) {
    const last = left.findLastIndex((model) => isEnough([...leaving, model]));
    leaving.push(...left.splice(Math.max(0, last), 1));
  }
  return leaving;
}
