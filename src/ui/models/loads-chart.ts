import { type LoadLine, loadLineText } from "../../apply/load-history";
import { type Appearance, INKS } from "../shared/chart/ink";
import { at, BOLD, type Chart, dot, drawing, path, RIGHT, text, WIDTH } from "../shared/chart/shapes";

const TOP = 46;
const PITCH = 20;
/** Where the scale begins and ends. */
const X = { from: 130, to: 270 } as const;
const MIDDLE = (X.from + X.to) / 2;
/** The scale reaches at least so far to both sides, or a good prediction would look like a bad one. */
const LEAST_SCALE = 0.02;
/** From here on a prediction is wrong enough to be seen at once. */
const FAR = 0.05;

/** How far the count of each of the last loads was off its prediction. `loads` isn't empty. */
export function loadsChart(loads: readonly LoadLine[], appearance: Appearance): Chart {
  const ink = INKS[appearance];
  const scale = Math.max(LEAST_SCALE, ...loads.map(({ error }) => Math.abs(error)));
  const x = (error: number) => MIDDLE + (error / scale) * (MIDDLE - X.from);
  const bottom = TOP + (loads.length - 1) * PITCH + 10;
  return drawing(
    bottom + 6,
    loads.map((load) => `${load.title}: ${loadLineText(load)}`),
    [
      text("Counted Against Predicted", 0, 13, ink.text, BOLD),
      text("as predicted", MIDDLE, TOP - 14, ink.faint, 'text-anchor="middle"'),
      path(`M${MIDDLE} ${TOP - 9}V${bottom}`, ink.faint, 1),
      ...loads.flatMap(({ title, error, errorText, counted }, index) => {
        const y = TOP + index * PITCH;
        const color = Math.abs(error) < FAR ? ink.good : ink.near;
        return [
          text(title, 0, y + 4, ink.faint),
          path(`M${MIDDLE} ${y}H${at(x(error))}`, color, 2),
          dot(x(error), y, color),
          text(counted, WIDTH - 58, y + 4, ink.text, RIGHT),
          text(errorText, WIDTH - 2, y + 4, color, `${RIGHT} ${BOLD}`),
        ];
      }),
    ],
  );
}
