/** Writes a view as text: what a person sees of it in Raycast, in a fixed layout. */
import type { AlertRecord } from "../stand-ins/raycast/desk";
import type { Toast } from "@raycast/api";
import { all, choices, type Node, rootOf, slotOf, text } from "../stand-ins/raycast/tree";
import { type Paint, plain, type Run, spread, widthOf, wrap } from "./layout";

export interface TextOptions {
  readonly width?: number;
  readonly paint?: Paint;
  /** Whose tooltips are written out. Default: every item's. */
  readonly tooltips?: "all" | "selected";
}

interface Pen {
  readonly width: number;
  readonly paint: Paint;
  readonly tooltips: "all" | "selected";
}

/** What of a view lies outside its tree. */
export interface ViewState {
  readonly commandTitle: string;
  /** The list items that the search leaves. */
  readonly visible: readonly Node[];
  readonly selected: Node | undefined;
}

const INDENT = "  ";

/** The lines of one view. */
export function viewLines(screen: Node, state: ViewState, options: TextOptions = {}): string[] {
  const pen: Pen = {
    width: options.width ?? 100,
    paint: options.paint ?? plain,
    tooltips: options.tooltips ?? "all",
  };
  const root = rootOf(screen);
  if (root === undefined) return ["(empty view)"];
  const title = text(root, "navigationTitle") || state.commandTitle;
  const loading = root.props["isLoading"] === true ? "  Loading…" : "";
  const head = { text: title + loading, painted: pen.paint(title, "heading") + pen.paint(loading, "faint") };
  const lines = spread(head, accessoryOfSearchBar(root), pen.width);
  switch (root.type) {
    case "List":
      return [...lines, ...listLines(root, state, pen)];
    case "Form":
      return [...lines, ...formLines(root, pen)];
    case "Detail":
      return [...lines, "", ...detailLines(root, pen)];
    default:
      return [...lines, ...menuBarLines(root, pen)];
  }
}

function accessoryOfSearchBar(root: Node): Run {
  const accessory = slotOf(root, "searchBarAccessory")?.children[0];
  if (accessory === undefined || typeof accessory === "string") return { text: "", painted: "" };
  if (accessory.type !== "List.Dropdown") return run(`${text(accessory, "text")} <${text(accessory, "target")}>`);
  const chosen = choices(accessory).find((choice) => choice.value === accessory.props["value"]);
  return run(`${text(accessory, "tooltip")}: ${chosen?.title ?? "…"} ▾`);
}

function run(value: string): Run {
  return { text: value, painted: value };
}

function listLines(list: Node, state: ViewState, pen: Pen): string[] {
  const searched = text(list, "searchText");
  const lines = [
    searched === "" ? pen.paint(`⌕ ${text(list, "searchBarPlaceholder") || "Search…"}`, "faint") : `⌕ ${searched}`,
  ];
  if (state.visible.length === 0) return [...lines, ...emptyLines(list, pen)];
  for (const child of list.children) {
    if (typeof child === "string") continue;
    if (child.type === "List.Item" && state.visible.includes(child)) lines.push(...itemLines(child, state, pen));
    if (child.type !== "List.Section") continue;
    const items = all(child, "List.Item").filter((item) => state.visible.includes(item));
    if (items.length === 0) continue;
    const subtitle = text(child, "subtitle");
    lines.push("", pen.paint(text(child, "title"), "heading") + pen.paint(subtitle && `  ${subtitle}`, "faint"));
    lines.push(...items.flatMap((item) => itemLines(item, state, pen)));
  }
  if (list.props["isShowingDetail"] === true && state.selected !== undefined) {
    const detail = slotOf(state.selected, "detail")?.children[0];
    lines.push("", pen.paint(rule(text(state.selected, "title"), pen.width), "faint"));
    if (detail !== undefined && typeof detail !== "string") lines.push(...detailLines(detail, pen));
  }
  return lines;
}

function rule(title: string, width: number): string {
  const start = title === "" ? "" : `── ${title} `;
  return start + "─".repeat(Math.max(2, width - widthOf(start)));
}

function emptyLines(list: Node, pen: Pen): string[] {
  if (list.props["isLoading"] === true) return [];
  const view = all(list, "List.EmptyView")[0];
  if (view === undefined) return ["", `${INDENT}No Results`];
  return [
    "",
    INDENT + pen.paint(text(view, "title") || "No Results", "heading"),
    ...indented(text(view, "description"), pen),
  ];
}

function indented(value: string, pen: Pen, indent = INDENT): string[] {
  if (value === "") return [];
  return wrap(value, pen.width - indent.length).map((line) => (line === "" ? "" : indent + line));
}

function itemLines(item: Node, state: ViewState, pen: Pen): string[] {
  const chosen = item === state.selected;
  const title = text(item, "title");
  const subtitle = text(item, "subtitle");
  const left = {
    text: `${INDENT}${title}${subtitle && `  ${subtitle}`}`,
    painted:
      (chosen ? pen.paint("▸ ", "selected") + pen.paint(title, "selected") : INDENT + title) +
      pen.paint(subtitle && `  ${subtitle}`, "faint"),
  };
  const parts = accessoriesOf(item);
  const right = {
    text: parts.map((part) => part.shown).join("  "),
    painted: parts
      .map((part) => pen.paint(part.shown, part.color === undefined ? "faint" : { color: part.color }))
      .join("  "),
  };
  const lines = spread(left, right, pen.width);
  if (pen.tooltips === "selected" && !chosen) return lines;
  for (const { label, tooltip } of tooltipsOf(item)) {
    const [first = "", ...more] = wrap(`${label}: ${tooltip}`, pen.width - 8);
    lines.push(pen.paint(`      ↳ ${first}`, "faint"), ...more.map((line) => pen.paint(`        ${line}`, "faint")));
  }
  return lines;
}

/** An accessory of a list item as a person sees it. */
export interface AccessoryText {
  readonly kind: "text" | "tag" | "date" | "icon";
  readonly text: string;
  readonly shown: string;
  readonly color?: unknown;
  readonly tooltip?: string;
}

/** The accessories of a list item; tags in square brackets, an icon that stands alone by its tooltip. */
export function accessoriesOf(item: Node): AccessoryText[] {
  const listed = item.props["accessories"];
  if (!Array.isArray(listed)) return [];
  return (listed as Record<string, unknown>[]).flatMap((accessory): AccessoryText[] => {
    const tooltip = typeof accessory["tooltip"] === "string" ? { tooltip: accessory["tooltip"] } : {};
    for (const kind of ["tag", "text", "date"] as const) {
      const part = accessory[kind];
      if (part === undefined || part === null) continue;
      const { value, color } = (typeof part === "object" && !(part instanceof Date) ? part : { value: part }) as {
        value?: unknown;
        color?: unknown;
      };
      if (value === undefined || value === null || value === "") continue;
      const words = value instanceof Date ? value.toISOString().slice(0, 10) : String(value);
      const shown = kind === "tag" ? `[${words}]` : words;
      return [{ kind, text: words, shown, ...(color === undefined ? {} : { color }), ...tooltip }];
    }
    if (accessory["icon"] === undefined || accessory["icon"] === null) return [];
    const words = tooltip.tooltip ?? "icon";
    return [{ kind: "icon", text: words, shown: `(${words})`, ...tooltip }];
  });
}

/** The tooltips of a list item, each with what it belongs to. */
export function tooltipsOf(item: Node): { label: string; tooltip: string }[] {
  const named = (["title", "subtitle"] as const).flatMap((name) => {
    const tooltip = (item.props[name] as { tooltip?: unknown } | undefined)?.tooltip;
    return typeof tooltip === "string" && tooltip !== "" ? [{ label: text(item, name), tooltip }] : [];
  });
  const accessories = accessoriesOf(item).flatMap(({ kind, text: label, tooltip }) =>
    tooltip === undefined || kind === "icon" ? [] : [{ label, tooltip }],
  );
  return [...named, ...accessories];
}

function detailLines(detail: Node, pen: Pen): string[] {
  const markdown = text(detail, "markdown");
  const loading = detail.type === "List.Item.Detail" && detail.props["isLoading"] === true;
  const metadata = slotOf(detail, "metadata")?.children[0];
  return [
    ...(loading ? [pen.paint("Loading…", "faint")] : []),
    ...(markdown === "" ? [] : wrap(withoutPictures(markdown).trimEnd(), pen.width)),
    ...(metadata === undefined || typeof metadata === "string" ? [] : metadataLines(metadata, pen)),
  ];
}

/** Markdown in which each image is replaced by what it says to who can't see it. */
function withoutPictures(markdown: string): string {
  return markdown
    .replace(/!\[([^\]]*)\]\(([^)\s]*)\)/g, (_, alt: string, source: string) =>
      [alt ? `[picture: ${alt}]` : "[picture]", ...descriptionOf(source)].join("\n"),
    )
    .replace(/&#(\d{1,6});/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("\u2060", "");
}

/** The description that a drawing carries in itself, as lines. */
function descriptionOf(source: string): readonly string[] {
  const data = /^data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)/.exec(source)?.[1] ?? "";
  const text = /<desc>([^<]*)<\/desc>/.exec(Buffer.from(data, "base64").toString())?.[1] ?? "";
  return text === "" ? [] : text.split("\n");
}

/** Title and value of each line of metadata; a separator has neither. */
export function metadataRows(
  metadata: Node,
): { title: string; value: string; parts: { text: string; color?: unknown }[] }[] {
  return metadata.children.flatMap((row) => {
    if (typeof row === "string") return [];
    const title = text(row, "title");
    if (row.type === "Metadata.Separator") return [{ title: "", value: "", parts: [] }];
    if (row.type === "Metadata.Link") {
      const value = `${text(row, "text")} <${text(row, "target")}>`;
      return [{ title, value, parts: [{ text: value }] }];
    }
    if (row.type === "Metadata.TagList") {
      const parts = all(row, "Metadata.Tag").map((tag) => ({
        text: `[${text(tag, "text")}]`,
        color: tag.props["color"],
      }));
      return [{ title, value: parts.map((part) => part.text).join(" "), parts }];
    }
    const color = (row.props["text"] as { color?: unknown } | undefined)?.color;
    return [{ title, value: text(row, "text"), parts: [{ text: text(row, "text"), color }] }];
  });
}

function metadataLines(metadata: Node, pen: Pen): string[] {
  const rows = metadataRows(metadata);
  const column = Math.min(34, Math.max(0, ...rows.map((row) => widthOf(row.title)))) + 2;
  return rows.flatMap(({ title, value, parts }) => {
    if (title === "" && value === "") return [INDENT + pen.paint("─".repeat(column), "faint")];
    if (value === "") return [INDENT + pen.paint(title, "heading")];
    const label = INDENT + title.padEnd(column);
    const lines = wrap(value, pen.width - widthOf(label));
    if (lines.length === 1) return [label + parts.map((part) => paintPart(part, pen)).join(" ")];
    return lines.map((line, index) => (index === 0 ? label : " ".repeat(widthOf(label))) + line);
  });
}

function paintPart(part: { text: string; color?: unknown }, pen: Pen): string {
  return part.color === undefined || part.color === null ? part.text : pen.paint(part.text, { color: part.color });
}

function formLines(form: Node, pen: Pen): string[] {
  const rows = form.children.filter((child): child is Node => typeof child !== "string" && child.type !== "slot");
  const column = Math.min(30, Math.max(0, ...rows.map((row) => widthOf(text(row, "title"))))) + 2;
  const lines = [""];
  for (const row of rows) {
    if (row.type === "Form.Separator") {
      lines.push(pen.paint("─".repeat(pen.width), "faint"));
      continue;
    }
    const label = INDENT + text(row, "title").padEnd(column);
    const margin = " ".repeat(widthOf(label));
    const shown = row.type === "Form.Description" ? text(row, "text") : fieldValue(row);
    wrap(shown, pen.width - widthOf(label)).forEach((line, index) =>
      lines.push(((index === 0 ? label : margin) + line).trimEnd()),
    );
    const error = text(row, "error");
    if (error !== "")
      lines.push(...wrap(`! ${error}`, pen.width - widthOf(label)).map((line) => margin + pen.paint(line, "error")));
    if (pen.tooltips === "all") {
      const info = text(row, "info");
      if (info !== "")
        lines.push(...wrap(`ⓘ ${info}`, pen.width - widthOf(label)).map((line) => margin + pen.paint(line, "faint")));
    }
  }
  return lines;
}

/** What a form item shows as its value: a dropdown the chosen title, an empty text field its placeholder. */
export function fieldValue(field: Node): string {
  const value = field.props["value"];
  switch (text(field, "kind")) {
    case "Dropdown": {
      const chosen = choices(field).find((choice) => choice.value === value);
      return `${chosen?.title ?? (text(field, "placeholder") || "…")} ▾`;
    }
    case "Checkbox":
      return `${value === true ? "☑" : "☐"} ${text(field, "label")}`;
    case "PasswordField":
      return "•".repeat(String(value).length);
    case "TagPicker":
    case "FilePicker":
      return (value as readonly string[]).join(", ") || "…";
    case "DatePicker":
      return value instanceof Date ? value.toISOString() : "No date";
    default:
      return value === "" ? `‹${text(field, "placeholder")}›` : `[${String(value)}]`;
  }
}

/** A menu bar item with its menu open: what does something has a "›" or "▸", the rest are labels. */
function menuBarLines(menu: Node, pen: Pen): string[] {
  const tint = (menu.props["icon"] as { tintColor?: unknown } | undefined)?.tintColor;
  const icon = typeof tint === "string" ? `◔ (${tint.replace("raycast-", "")})` : "◔";
  const loading = menu.props["isLoading"] === true ? "  Loading…" : "";
  const tooltip =
    pen.tooltips === "all" && text(menu, "tooltip") !== "" ? [pen.paint(`ⓘ ${text(menu, "tooltip")}`, "faint")] : [];
  return [`${icon} ${text(menu, "title")}`.trimEnd() + loading, ...tooltip, ...menuLines(menu, INDENT)];
}

function menuLines(menu: Node, indent: string): string[] {
  return menu.children.flatMap((child) => {
    if (typeof child === "string" || child.type === "slot") return [];
    const words = [text(child, "title"), text(child, "subtitle")].filter((part) => part !== "").join("  ");
    switch (child.type) {
      case "MenuBarExtra.Section":
        return [`${indent}──${words === "" ? "" : ` ${words}`}`, ...menuLines(child, indent)];
      case "MenuBarExtra.Submenu":
        return [`${indent}▸ ${words}`, ...menuLines(child, indent + INDENT)];
      default:
        return [`${indent}${typeof child.props["onAction"] === "function" ? "› " : ""}${words}`];
    }
  });
}

/**
 * Characters that Raycast has room for: a toast shows its title and message on one line, a HUD its title, and an alert
 * grows only so far (about what was seen, rather less than more).
 */
const SHOWN = { toast: 100, hud: 100, alert: 800 } as const;

/** A text as far as there is room for it; the mark says that a person does not see the rest. */
function cut(value: string, most: number): string {
  const characters = [...value];
  if (characters.length <= most) return value;
  return `${characters.slice(0, most).join("").trimEnd()}… ✂ ${characters.length - most} more`;
}

/** An alert that waits for an answer. */
export function alertLines(alert: AlertRecord, options: TextOptions = {}): string[] {
  const paint = options.paint ?? plain;
  const message = cut(alert.message ?? "", SHOWN.alert);
  const body = message === "" ? [] : wrap(message, (options.width ?? 100) - 4);
  const buttons = `[${alert.dismiss}]  [${alert.primary}]${alert.destructive ? " (destructive)" : ""}`;
  return [`┌ ${paint(alert.title, "heading")}`, ...body.map((line) => `│ ${line}`), `└ ${buttons}`];
}

/** A toast with its actions. */
export function toastLines(toast: Toast, options: TextOptions = {}): string[] {
  const paint = options.paint ?? plain;
  const signs: Readonly<Record<string, string>> = { SUCCESS: "✓", FAILURE: "✗", ANIMATED: "…" };
  const colors: Readonly<Record<string, string>> = { SUCCESS: "raycast-green", FAILURE: "raycast-red" };
  const actions = [toast.primaryAction, toast.secondaryAction].flatMap((action) =>
    action ? [`[${action.title}]`] : [],
  );
  const whole = [toast.title, toast.message].filter((part) => part !== undefined && part !== "").join(": ");
  const words = cut(whole, SHOWN.toast);
  const [first = "", ...more] = wrap([words, ...actions].join("  "), (options.width ?? 100) - 2);
  return [
    `${paint(signs[toast.style] ?? "?", { color: colors[toast.style] })} ${first}`,
    ...more.map((line) => INDENT + line),
  ];
}

/** A HUD. */
export function hudLines(hud: string, options: TextOptions = {}): string[] {
  return wrap(`HUD: ${cut(hud, SHOWN.hud)}`, options.width ?? 100);
}
