/**
 * Writes every picture that the commands draw as PNG, in both appearances: `npm run pictures -- [FOLDER] [WORLD...]`.
 * With `--keep` it writes what the repository holds instead: the icons in assets/ and the pictures of the README in media/.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment } from "../test/stand-ins/raycast/functions";
import { type Appearance, INKS } from "../src/ui/shared/chart/ink";
import { allPictures, type Picture } from "../test/worlds/support/all-pictures";
import { renderPng } from "./render-png.mjs";

/** What Raycast's window comes to over a plain desktop. */
const WINDOWS: Readonly<Record<Appearance, string>> = { light: "#f6f6f7", dark: "#232326" };
const APPEARANCES = Object.keys(INKS) as Appearance[];
const WORLDS = [
  "sample",
  "G1-five-keys",
  "C33-other-programs-on-the-gpu",
  "C54-experts-and-dense",
  "D9-limit-is-all-of-ram",
  "mlx-fresh-16",
  "mlx-fresh-64",
];

const ICONS = ["icon", "icon@dark"];
/** The pictures in the README, by their names in the sample. */
const KEPT: Readonly<Record<string, string>> = {
  "sample-qwen3-coder-next-q4_K_M-make-it-fit-1": "make-it-fit",
  "sample-qwen3-coder-next-q4_K_M-details-1": "contexts",
  "sample-show-gpu-memory-1": "this-mac",
};

const words = process.argv.slice(2);
if (words[0] === "--keep") await keep();
else await writeAll(words[0] ?? "dist/pictures", words.length > 1 ? words.slice(1) : WORLDS);

async function writeAll(folder: string, worlds: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  let count = 0;
  for (const appearance of APPEARANCES) {
    for await (const picture of inAppearance(appearance, worlds)) {
      writePicture(join(folder, `${picture.name}-${appearance}.png`), picture, appearance);
      count += 1;
    }
  }
  for (const icon of ICONS) {
    const svg = readFileSync(join("media", `${icon}.svg`), "utf8");
    for (const size of [32, 64, 512]) {
      writeFileSync(join(folder, `${icon}-${size}.png`), renderPng(svg, { zoom: size / 512 }));
    }
  }
  process.stdout.write(`${count} pictures in ${folder}\n`);
}

async function keep(): Promise<void> {
  for (const icon of ICONS) {
    const svg = readFileSync(join("media", `${icon}.svg`), "utf8");
    writeFileSync(join("assets", `${icon}.png`), renderPng(svg, { zoom: 1 }));
  }
  for (const appearance of APPEARANCES) {
    const missing = new Map(Object.entries(KEPT));
    for await (const picture of inAppearance(appearance, ["sample"])) {
      const name = missing.get(picture.name);
      if (name === undefined) continue;
      missing.delete(picture.name);
      writePicture(join("media", `${name}-${appearance}.png`), picture, appearance);
    }
    if (missing.size > 0) throw new Error(`The sample has no picture named ${[...missing.keys()].join(", ")}`);
  }
  process.stdout.write(`The icons and ${Object.keys(KEPT).length} pictures were written\n`);
}

function inAppearance(appearance: Appearance, worlds: readonly string[]): AsyncGenerator<Picture> {
  environment.appearance = appearance;
  return allPictures(worlds);
}

function writePicture(path: string, { svg }: Picture, appearance: Appearance): void {
  writeFileSync(path, renderPng(withMargin(svg), { zoom: 2, background: WINDOWS[appearance] }));
}

/** A drawing with the room around it that Raycast's pane leaves. */
function withMargin(svg: string): string {
  return svg.replace(/width="(\d+)" height="(\d+)" viewBox="0 0 \d+ \d+"/, (_, width: string, height: string) => {
    const [wide, high] = [Number(width) + 2 * 16, Number(height) + 2 * 16];
    return `width="${wide}" height="${high}" viewBox="-16 -16 ${wide} ${high}"`;
  });
}
