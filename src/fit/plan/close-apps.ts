import type { ClosableApp } from "../facts";
import { besidePrograms, besideProgramsText } from "../gpu-held";
import { balanceRam, type RamBalance, shortageText } from "../ram";
import { formatBytes } from "../units";
import { fitsLimit, type KnownVerdict, swaps } from "../verdict";
import { verdictSentence } from "../verdict-text";
import type { AppsToClose } from "./changes";
import { higherLimit } from "./higher-limit";
import type { PlanInput } from "./plan-input";
import type { Proposal, Proposed } from "./proposal";
import { safeContext } from "./safe-context";
import { settle } from "./settle";
import { smallerContext } from "./smaller-context";

/** What would fit the limit, but not the RAM: a change, or none. */
type Way = Pick<Proposed, "changes" | "after" | "isPoor"> & Partial<Pick<Proposed, "title">>;

/**
 * Room in the RAM for what would only fit the limit: by quitting apps, alone or together with another change. Where the
 * RAM is enough, room on the GPU: by quitting the app that likely holds its memory.
 */
export const closeApps: Proposal = {
  *propose(plan, before) {
    if (fitsLimit(before) && !swaps(before)) {
      yield;
      return withoutHolder(plan, before);
    }
    const ways: readonly Way[] = fitsLimit(before)
      ? [{ changes: {}, after: before }]
      : [
          ...(yield* higherLimit.propose(plan, before)),
          ...(yield* smallerContext.propose(plan, before)),
          ...(yield* safeContext.propose(plan, before)),
        ];
    return ways.flatMap((way) => withRoom(plan, before, way));
  },
};

function withRoom(plan: PlanInput, before: KnownVerdict, way: Way): readonly Proposed[] {
  const { title, changes, isPoor } = way;
  const { ram } = way.after;
  const chosen = ram?.kind === "swaps" ? appsToClose(ram, plan.apps) : undefined;
  if (ram === undefined || chosen === undefined) return [];
  const closing = { ...chosen, gpuBytes: heldBy(plan, chosen.apps) };
  const settled = settle(plan, before, { ...changes, closeApps: closing });
  if (settled === undefined || swaps(settled.after)) return [];
  return [
    {
      ...settled,
      title: [closingTitle(closing), ...(title === undefined ? [] : [title])].join(", "),
      isPoor,
      sentence: [`${shortageText(ram)}.`, ...held(plan, way.after), onceClosed(closing, settled.after)].join(" "),
    },
  ];
}

/** Without the app that likely holds the GPU memory that the model would need. */
function withoutHolder(plan: PlanInput, before: KnownVerdict): readonly Proposed[] {
  const app = plan.apps?.find(({ name }) => name === plan.gpuHolder);
  if (app === undefined || besidePrograms(plan.input, before)?.isEnough !== false) return [];
  const closing = { bytes: app.bytes, gpuBytes: heldBy(plan, [app]), apps: [app] };
  const settled = settle(plan, before, { closeApps: closing });
  if (settled === undefined) return [];
  const sentence = [...held(plan, before), onceClosed(closing, settled.after)].join(" ");
  return [{ ...settled, title: closingTitle(closing), sentence }];
}

/** Of the GPU memory that other programs hold, what likely goes with these apps, in bytes; undefined for none. */
function heldBy({ input, gpuHolder }: PlanInput, apps: readonly ClosableApp[]): number | undefined {
  const app = apps.find(({ name }) => name === gpuHolder);
  return app && Math.min(app.bytes, input.programsGpuBytes ?? 0);
}

/** Who holds how much of the GPU's memory now, as a sentence; none where there's room beside them. */
function held({ input, gpuHolder }: PlanInput, verdict: KnownVerdict): readonly string[] {
  const now = besidePrograms(input, verdict);
  return now === undefined || now.isEnough ? [] : [besideProgramsText(now, gpuHolder)];
}

const onceClosed = ({ apps }: AppsToClose, after: KnownVerdict): string =>
  `With ${apps.length === 1 ? "it" : "the apps"} closed: ${verdictSentence(after)}`;

function closingTitle({ bytes, apps }: AppsToClose): string {
  const [first, second, ...more] = apps.map(({ name }) => name);
  if (first === undefined) return `Close Apps That Use ${formatBytes(bytes)}`;
  if (second === undefined) return `Close ${first}`;
  return more.length === 0 ? `Close ${first} and ${second}` : `Close ${first}, ${second} and ${more.length} More`;
}

/**
 * The fewest apps whose end leaves enough RAM for a need, or as much as the reserve allows. Undefined where that's not
 * enough. Where it isn't known which apps run, it's the amount alone.
 */
function appsToClose(ram: RamBalance, apps: readonly ClosableApp[] | undefined): AppsToClose | undefined {
  const { ramBytes, needBytes, reserveBytes, othersBytes = 0 } = ram;
  const bytes = othersBytes - Math.max(reserveBytes, ramBytes - needBytes);
  if (bytes <= 0 || balanceRam({ ramBytes, reserveBytes }, needBytes).kind === "swaps") return undefined;
  if (apps === undefined) return { bytes, apps: [] };
  const chosen = fewest(apps, bytes);
  return chosen && { bytes: sizeOf(chosen), apps: chosen };
}

/** The largest apps, the last of them the smallest that does; undefined where all together aren't enough. */
function fewest(apps: readonly ClosableApp[], bytes: number): readonly ClosableApp[] | undefined {
  const left = apps.toSorted((a, b) => b.bytes - a.bytes);
  const chosen: ClosableApp[] = [];
  for (let missing = bytes; missing > 0;) {
    const enough = left.findLastIndex((app) => app.bytes >= missing);
    const [app] = left.splice(Math.max(0, enough), 1);
    if (app === undefined) return undefined;
    chosen.push(app);
    missing -= app.bytes;
  }
  return chosen;
}

function sizeOf(apps: readonly ClosableApp[]): number {
  return apps.reduce((sum, { bytes }) => sum + bytes, 0);
}
