import { lackText, roomBeside } from "../beside-loaded";
import { verdictSentence } from "../verdict-text";
import type { Proposal } from "./proposal";
import { settle } from "./settle";

/** llama.cpp doesn't see what other models take of the limit. */
export const unloadOthers: Proposal = {
  *propose(plan, before) {
    const room = before.kind === "fits" ? roomBeside(plan.input, before) : undefined;
    if (room?.lacks === undefined || room.takenBytes === 0) return [];
    const names = room.others.map(({ name }) => name);
    yield;
    const settled = settle(plan, before, { unload: names });
    if (settled === undefined) return [];
    return [
      {
        ...settled,
        title: `Unload ${names.join(", ")}`,
        sentence: `${lackText(room)} Alone: ${verdictSentence(settled.after)}`,
      },
    ];
  },
};
