import { existsSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT, readEnum, RESERVED_SHORTCUTS, type Shortcut } from "./names";
import { all, choices, everything, type Node, ROOT_TYPES, rootOf, slotOf, text } from "./tree";

const ICONS = new Set(Object.values(readEnum("Icon")));
const COLORS = new Set(Object.values(readEnum("Color")));

/** The types of node that may directly hold a node of this type. */
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  List: ["Screen"],
  Form: ["Screen"],
  Detail: ["Screen"],
  MenuBarExtra: ["Screen"],
  "List.Item": ["List", "List.Section"],
  "List.Section": ["List"],
  "List.EmptyView": ["List"],
  "List.Dropdown": ["slot:searchBarAccessory"],
  "List.Item.Detail": ["slot:detail"],
  Metadata: ["slot:metadata"],
  "Metadata.Label": ["Metadata"],
  "Metadata.Link": ["Metadata"],
  "Metadata.Separator": ["Metadata"],
  "Metadata.TagList": ["Metadata"],
  "Metadata.Tag": ["Metadata.TagList"],
  Field: ["Form"],
  "Form.Description": ["Form"],
  "Form.Separator": ["Form"],
  "Form.LinkAccessory": ["slot:searchBarAccessory"],
  DropdownItem: ["List.Dropdown", "Field", "DropdownSection"],
  DropdownSection: ["List.Dropdown", "Field"],
  TagItem: ["Field"],
  ActionPanel: ["slot:actions"],
  "ActionPanel.Section": ["ActionPanel", "slot:submenu"],
  "ActionPanel.Submenu": ["ActionPanel", "ActionPanel.Section", "slot:submenu"],
  Action: ["ActionPanel", "ActionPanel.Section", "slot:submenu"],
  "MenuBarExtra.Item": ["MenuBarExtra", "MenuBarExtra.Section", "MenuBarExtra.Submenu", "slot:alternate"],
  "MenuBarExtra.Section": ["MenuBarExtra", "MenuBarExtra.Submenu"],
  "MenuBarExtra.Submenu": ["MenuBarExtra", "MenuBarExtra.Section", "MenuBarExtra.Submenu"],
  "MenuBarExtra.Separator": ["MenuBarExtra", "MenuBarExtra.Submenu"],
};

/** Everything on a screen that Raycast would reject, ignore or show wrongly, as sentences. */
export function faultsOf(screen: Node): string[] {
  const faults: string[] = [];
  checkPlaces(screen, faults);
  const roots = screen.children.filter((child) => typeof child !== "string" && isRoot(child.type));
  if (roots.length !== 1) faults.push(`A view shows ${roots.length} of List, Form, Detail and MenuBarExtra, not 1`);
  const root = rootOf(screen);
  if (root === undefined) return faults;

  duplicates(idsOf(all(root, "List.Item")), "List.Item id", faults);
  duplicates(idsOf(all(root, "Field")), "form item id", faults);
  for (const item of all(root, "List.Item")) if (text(item, "title") === "") faults.push("A List.Item without a title");
  for (const field of all(root, "Field")) checkField(field, root, faults);
  const dropdown = slotOf(root, "searchBarAccessory")?.children[0];
  if (dropdown !== undefined && typeof dropdown !== "string") checkDropdown(dropdown, root, faults);
  if (root.props["enableDrafts"] === true && screen.props["depth"] !== 0) {
    faults.push("enableDrafts works only in the first view of a command");
  }
  checkMenu(root, faults);
  for (const node of everything(screen)) checkLook(node, faults);
  for (const panel of everything(screen).filter((node) => node.type === "ActionPanel")) checkPanel(panel, faults);
  return faults;
}

/** The items of a menu: each has a title, no two of a level are equal, and only what does something has a shortcut. */
function checkMenu(root: Node, faults: string[]): void {
  const nodes = root.type === "MenuBarExtra" ? [root, ...everything(root)] : [];
  for (const node of nodes) {
    const { type, props } = node;
    if (!type.startsWith("MenuBarExtra")) continue;
    if (type === "MenuBarExtra.Separator") faults.push("MenuBarExtra.Separator is deprecated: use sections");
    for (const name of ["title", "subtitle", "tooltip"]) {
      const value = props[name];
      if (value !== undefined && value !== null && typeof value !== "string")
        faults.push(`The ${name} of a ${type} is a ${typeof value}`);
    }
    if ((type === "MenuBarExtra.Item" || type === "MenuBarExtra.Submenu") && text(node, "title") === "")
      faults.push(`A ${type} without a title`);
    if (type === "MenuBarExtra.Item" && props["shortcut"] !== undefined && props["onAction"] === undefined)
      faults.push(`"${text(node, "title")}" has a shortcut and does nothing`);
    const alternate = slotOf(node, "alternate")?.children[0];
    if (typeof alternate === "object" && alternate.props["shortcut"] !== undefined)
      faults.push(`The alternate "${text(alternate, "title")}" has a shortcut of its own`);
    const level = ["MenuBarExtra", "MenuBarExtra.Section", "MenuBarExtra.Submenu"].includes(type) ? items(node) : [];
    duplicates(
      level.map((item) => `${text(item, "title")} ${text(item, "subtitle")}`.trim()),
      "menu item",
      faults,
    );
  }
  const shortcuts = nodes.flatMap(({ props }) => (props["shortcut"] ? [keys(shortcutOf(props["shortcut"]))] : []));
  duplicates(shortcuts, "shortcut", faults);
  for (const shortcut of shortcuts) if (RESERVED.has(shortcut)) faults.push(`Raycast keeps ${shortcut} for itself`);
}

const items = (level: Node): Node[] =>
  level.children.filter(
    (child): child is Node =>
      typeof child !== "string" && (child.type === "MenuBarExtra.Item" || child.type === "MenuBarExtra.Submenu"),
  );

const shortcutOf = (declared: unknown): Shortcut =>
  "macOS" in (declared as object) ? (declared as { macOS: Shortcut }).macOS : (declared as Shortcut);

function isRoot(type: string): boolean {
  return (ROOT_TYPES as readonly string[]).includes(type);
}

function checkPlaces(node: Node, faults: string[]): void {
  const place = node.type === "slot" ? `slot:${text(node, "name")}` : node.type;
  for (const child of node.children) {
    if (typeof child === "string") {
      faults.push(`Bare text "${child}" in ${place}`);
      continue;
    }
    const allowed = PARENTS[child.type];
    if (child.type !== "slot" && allowed !== undefined && !allowed.includes(place)) {
      faults.push(`${child.type} does not belong in ${place}`);
    }
    if (allowed === undefined && child.type !== "slot") faults.push(`Raycast has no <${child.type}>`);
    checkPlaces(child, faults);
  }
}

function idsOf(nodes: readonly Node[]): string[] {
  return nodes.map((node) => text(node, "id")).filter((id) => id !== "");
}

function duplicates(values: readonly string[], what: string, faults: string[]): void {
  values.forEach((value, index) => {
    if (values.indexOf(value) !== index) faults.push(`Two times the ${what} "${value}"`);
  });
}

function checkField(field: Node, form: Node, faults: string[]): void {
  if (text(field, "id") === "") faults.push("A form item without an id");
  const kind = text(field, "kind");
  const value = field.props["value"];
  const type = { Checkbox: "boolean", FilePicker: "object", TagPicker: "object", DatePicker: "object" }[kind];
  if (typeof value !== (type ?? "string")) faults.push(`${kind} "${text(field, "id")}" has a ${typeof value} as value`);
  if (kind === "Dropdown") checkDropdown(field, form, faults);
}

function checkDropdown(dropdown: Node, root: Node, faults: string[]): void {
  const values = choices(dropdown).map((choice) => choice.value);
  duplicates(values, "dropdown value", faults);
  const value = dropdown.props["value"];
  const loading = dropdown.props["isLoading"] === true || root.props["isLoading"] === true;
  if (typeof value === "string" && value !== "" && values.length > 0 && !loading && !values.includes(value)) {
    faults.push(`Dropdown "${text(dropdown, "id")}" has no item for its value "${value}"`);
  }
}

function keys(shortcut: Shortcut): string {
  return [...shortcut.modifiers].sort().concat(shortcut.key).join("+");
}

const RESERVED = new Set(RESERVED_SHORTCUTS.map(keys));

function checkPanel(panel: Node, faults: string[]): void {
  const used: string[] = [];
  const within = everything(panel);
  for (const node of within.filter((each) => each.type === "Action" || each.type === "ActionPanel.Submenu")) {
    if (text(node, "title") === "") faults.push("An action without a title");
    const declared = node.props["shortcut"] as Shortcut | { macOS: Shortcut } | null | undefined;
    if (declared === undefined || declared === null) continue;
    const shortcut = keys("macOS" in declared ? declared.macOS : declared);
    if (RESERVED.has(shortcut))
      faults.push(`"${text(node, "title")}" uses ${shortcut}, which Raycast keeps for itself`);
    used.push(shortcut);
  }
  duplicates(used, "shortcut", faults);
  checkKeys(panel, faults);
}

/** A rule of ours: Raycast gives ↵ and ⌘↵ to the first two actions, and every other has a key of its own. */
function checkKeys(panel: Node, faults: string[]): void {
  const actions = everything(panel).filter((each) => each.type === "Action");
  for (const action of actions.slice(2)) {
    const { shortcut } = action.props;
    if (shortcut === undefined || shortcut === null) faults.push(`"${text(action, "title")}" has no shortcut`);
  }
}

function checkLook(node: Node, faults: string[]): void {
  checkIcon(node.props["icon"], faults);
  checkColor(node.props["color"], faults);
  const accessories = node.props["accessories"];
  if (!Array.isArray(accessories)) return;
  for (const accessory of accessories as Record<string, unknown>[]) {
    checkIcon(accessory["icon"], faults);
    for (const part of ["text", "tag", "date"]) {
      checkColor((accessory[part] as { color?: unknown } | null | undefined)?.color, faults);
    }
  }
}

function checkIcon(icon: unknown, faults: string[]): void {
  if (icon === undefined || icon === null) return;
  if (typeof icon === "object") {
    const { source, value, tintColor, light, dark } = icon as Record<string, unknown>;
    for (const inner of [source, value, light, dark]) checkIcon(inner, faults);
    checkColor(tintColor, faults);
    return;
  }
  if (typeof icon !== "string") return void faults.push(`An icon cannot be a ${typeof icon}`);
  // Emoji and addresses (https, data) are fine as they are; any other name is a file in assets/.
  if (ICONS.has(icon) || /^(https?|data|file):/.test(icon) || icon.startsWith("/") || !/^[\w.@-]+$/.test(icon)) return;
  if (!existsSync(join(PROJECT_ROOT, "assets", icon))) faults.push(`There is no icon assets/${icon}`);
}

function checkColor(color: unknown, faults: string[]): void {
  if (typeof color !== "string" || COLORS.has(color) || /^(#|rgb|hsl)/.test(color)) return;
  faults.push(`"${color}" is no colour of Raycast's`);
}
