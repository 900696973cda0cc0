import { type ContextNeed, contextNeedLine } from "../../fit/context-needs";
import { formatBytes, formatContext } from "../../fit/units";
import { needBytes } from "../../fit/verdict";
import { VERDICT_TITLES } from "../../fit/verdict-text";
import { type Appearance, INKS, VERDICT_INKS } from "../shared/chart/ink";
import {
  BOLD,
  type Chart,
  drawing,
  limitLine,
  LINE_HEIGHT,
  RIGHT,
  text,
  textBefore,
  tile,
} from "../shared/chart/shapes";

const TOP = 30;
const PITCH = 20;
/** Where the context ends, where the bars begin and end, where the need ends and where the verdict begins. */
const X = { context: 46, from: 54, to: 224, need: 296, verdict: 304 } as const;
/** Where the limit's text begins at the earliest, behind the title. */
const AFTER_TITLE = 66;
/** So much of what lies beyond the limit can still be seen. */
const LEAST_OVERRUN = 4;

/** What a model needs at each context against the limit. `needs` isn't empty. */
export function contextChart(needs: readonly ContextNeed[], limitBytes: number, appearance: Appearance): Chart {
  const ink = INKS[appearance];
  const longest = Math.max(limitBytes, ...needs.map(({ verdict }) => needBytes(verdict)));
  const x = (bytes: number) => X.from + (Math.min(bytes, longest) / longest) * (X.to - X.from);
  const edge = x(limitBytes);
  const limitText = `${formatBytes(limitBytes)} limit`;
  return drawing(
    TOP + needs.length * PITCH + 4,
    [limitText, ...needs.map(contextNeedLine).map((line) => `${line.title}: ${line.text}`)],
    [
      text("Context", 0, TOP - 12, ink.text, BOLD),
      ...needs.flatMap(({ numCtx, verdict, isCurrent }, index) => {
        const y = TOP + index * PITCH;
        const color = ink[VERDICT_INKS[verdict.kind]];
        const weight = isCurrent ? ` ${BOLD}` : "";
        const base = y + LINE_HEIGHT - 1;
        const need = needBytes(verdict);
        const end = Math.max(X.from + 2, x(need), need > limitBytes ? edge + LEAST_OVERRUN : 0);
        return [
          text(formatContext(numCtx), X.context, base, isCurrent ? ink.text : ink.faint, RIGHT + weight),
          tile(X.from, edge, y, LINE_HEIGHT, ink.track),
          tile(X.from, end, y, LINE_HEIGHT, color),
          text(formatBytes(need), X.need, base, ink.text, RIGHT + weight),
          text(VERDICT_TITLES[verdict.kind], X.verdict, base, color, BOLD),
        ];
      }),
      limitLine(edge, TOP - 2, (needs.length - 1) * PITCH + LINE_HEIGHT + 2, ink),
      textBefore(limitText, edge + 1, TOP - 12, ink.faint, "", AFTER_TITLE),
    ],
  );
}
