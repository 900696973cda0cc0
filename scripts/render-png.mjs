/** Draws SVG as PNG with resvg, in the fonts of this machine. */
import { Resvg } from "@resvg/resvg-js";

/** @type {import("./render-png.d.mts").renderPng} */
export function renderPng(svg, { zoom, background }) {
  // Raycast draws in the system's font, which resvg doesn't know by its name.
  const font = { loadSystemFonts: true, defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" };
  const drawn = new Resvg(svg, { fitTo: { mode: "zoom", value: zoom }, font, background });
  return drawn.render().asPng();
}
