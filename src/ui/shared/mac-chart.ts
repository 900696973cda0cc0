import { MAC_PARTS, type MacBar, macBarParts, macBarRows } from "../../fit/mac-bar";
import { formatBytes } from "../../fit/units";
import { type Appearance, FILLS, INKS } from "./chart/ink";
import {
  BAR_HEIGHT,
  BOLD,
  type Chart,
  drawing,
  INSET,
  legendKey,
  limitLine,
  overrun,
  RIGHT,
  text,
  textBefore,
  tile,
  WIDTH,
} from "./chart/shapes";

const BAR_TOP = 24;
const LEGEND = { top: 82, pitch: 18 } as const;
/** So thin a part can still be seen. */
const LEAST = 3;

/** The memory of this Mac: models from the left, macOS and the apps from the right, the limit as a line. */
export function macChart(bar: MacBar, appearance: Appearance): Chart {
  const { ramBytes, limitBytes, modelsBytes, othersBytes = 0 } = bar;
  const ink = INKS[appearance];
  const end = WIDTH - INSET;
  const width = (bytes: number) => (bytes > 0 ? Math.max(LEAST, Math.min(1, bytes / ramBytes) * end) : 0);
  const models = width(modelsBytes);
  const others = end - width(othersBytes);
  const limit = (Math.min(limitBytes, ramBytes) / ramBytes) * end;
  const parts = macBarParts(bar);
  return drawing(
    LEGEND.top + parts.length * LEGEND.pitch - 8,
    macBarRows(bar).map((row) => `${row.title}: ${row.text}`),
    [
      text("RAM", 0, BAR_TOP - 10, ink.text, BOLD),
      text(formatBytes(ramBytes), end, BAR_TOP - 10, ink.faint, RIGHT),
      tile(0, end, BAR_TOP, BAR_HEIGHT, ink.track),
      tile(Math.max(others, 0), end, BAR_TOP, BAR_HEIGHT, FILLS[MAC_PARTS.others]),
      tile(0, Math.min(models, others), BAR_TOP, BAR_HEIGHT, FILLS[MAC_PARTS.models]),
      // More is in use than there is: macOS compresses it or has moved it to the disk.
      ...(models > others ? overrun(Math.max(0, others), models, BAR_TOP, ink.over) : []),
      limitLine(limit, BAR_TOP, BAR_HEIGHT, ink),
      textBefore(`${formatBytes(limitBytes)} limit`, limit + 1, BAR_TOP + BAR_HEIGHT + 17, ink.faint),
      ...parts.flatMap((part, index) => {
        const y = LEGEND.top + index * LEGEND.pitch;
        const fill = part.title === MAC_PARTS.free ? undefined : FILLS[part.title];
        return [...legendKey(part.title, fill, y, ink), text(part.text, end, y, ink.text, RIGHT)];
      }),
    ],
  );
}
