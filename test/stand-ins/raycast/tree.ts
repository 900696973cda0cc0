/** The rendered views as plain data, for reading them as text and for finding what a person would touch. */

export interface Node {
  readonly type: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly children: readonly (Node | string)[];
}

/** The nodes below this one, in the order in which they are shown, without those inside slots. */
export function shown(node: Node): Node[] {
  return node.children.flatMap((child) =>
    typeof child === "string" || child.type === "slot" ? [] : [child, ...shown(child)],
  );
}

/** The nodes of one type below this one, without those inside slots. */
export function all(node: Node | undefined, type: string): Node[] {
  return node === undefined ? [] : shown(node).filter((each) => each.type === type);
}

/** All nodes below this one, slots included. */
export function everything(node: Node): Node[] {
  return node.children.flatMap((child) => (typeof child === "string" ? [] : [child, ...everything(child)]));
}

/** The content of a slot, such as the actions of an item. */
export function slotOf(node: Node | undefined, name: string): Node | undefined {
  return node?.children.find((child): child is Node => typeof child !== "string" && isSlot(child, name));
}

function isSlot(node: Node, name: string): boolean {
  return node.type === "slot" && node.props["name"] === name;
}

/** The kinds of view that a command can show. */
export const ROOT_TYPES = ["List", "Form", "Detail", "MenuBarExtra"] as const;

/** The List, Form, Detail or MenuBarExtra of a screen. */
export function rootOf(screen: Node): Node | undefined {
  return screen.children.find(
    (child): child is Node => typeof child !== "string" && (ROOT_TYPES as readonly string[]).includes(child.type),
  );
}

/** A property as text; "" where there is none. */
export function text(node: Node, name: string): string {
  const value = node.props[name];
  if (typeof value === "string" || typeof value === "number") return String(value);
  const inner = (value as { value?: unknown } | null | undefined)?.value;
  return typeof inner === "string" || typeof inner === "number" ? String(inner) : "";
}

export interface DropdownChoice {
  readonly value: string;
  readonly title: string;
}

/** The choices of a dropdown, in order. */
export function choices(dropdown: Node): DropdownChoice[] {
  return all(dropdown, "DropdownItem").map((item) => ({ value: text(item, "value"), title: text(item, "title") }));
}

/** The values of a form as they would be submitted: by id, fields without input left out. */
export function formValues(form: Node): Record<string, unknown> {
  return Object.fromEntries(all(form, "Field").map((field) => [text(field, "id"), field.props["value"]]));
}
