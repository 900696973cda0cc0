/**
 * Runs a view command on the stand-in and uses it as a person does: by the words on screen. Free of the test runner,
 * so that the preview drives the same commands.
 */
import { createElement, Profiler, type ReactNode } from "react";
import { create, type ReactTestRenderer } from "react-test-renderer";
import { getSystem, setSystem, type System } from "../../src/app/system";
import { answerOf, desk } from "../stand-ins/raycast/desk";
import { storageKey } from "../stand-ins/raycast/dropdown-value";
import { start } from "../stand-ins/raycast/functions";
import { NavigationStack } from "../stand-ins/raycast/navigation";
import { all, choices, formValues, type Node, rootOf, slotOf, text } from "../stand-ins/raycast/tree";
import { faultsOf } from "../stand-ins/raycast/validate";
import { deskView } from "./desk-view";
import { doesNotSay, type Part, says } from "./meaning";
import { counted, type PendingWork } from "./pending";
import { acting, now, turn, watchReactWarnings } from "./react-work";
import {
  accessoriesOf,
  type AccessoryText,
  alertLines,
  fieldValue,
  metadataRows,
  type TextOptions,
  toastLines,
  tooltipsOf,
  viewLines,
} from "./screen-text";

export interface RenderOptions {
  /** Name of the command in the manifest: its title and its preferences. */
  readonly command?: string;
  /** Default: the system that is set. */
  readonly system?: System;
  readonly launchType?: "userInitiated" | "background";
  readonly launchContext?: Record<string, unknown>;
  /** How long {@link Screen.settle} waits at most. Default 10 s. */
  readonly boundMs?: number;
  /** Do not wait for the first data. */
  readonly settle?: boolean;
}

export interface ItemText {
  readonly title: string;
  readonly subtitle: string;
  /** Title of the section; "" outside one. */
  readonly section: string;
  readonly accessories: readonly AccessoryText[];
  /** All that the row says when the pointer rests on its parts. */
  readonly tooltips: readonly string[];
  readonly keywords: readonly string[];
}

export interface FieldText {
  readonly title: string;
  readonly kind: string;
  readonly value: unknown;
  /** As it is shown: the title of the chosen item, the placeholder of an empty field. */
  readonly shown: string;
  readonly error?: string;
  readonly info?: string;
}

/** Turns in a row without work or change after which a screen counts as settled. */
const QUIET_TURNS = 4;

const open = new Set<Screen>();

/** Launches a view command and waits until it shows its data. */
export async function renderCommand(element: ReactNode, options: RenderOptions = {}): Promise<Screen> {
  desk.commandName = options.command ?? "";
  desk.launchType = options.launchType ?? "userInitiated";
  desk.launchContext = options.launchContext;
  desk.windowOpen = true;
  const screen = new Screen(options);
  open.add(screen);
  await screen.mount(element);
  if (options.settle !== false) await screen.settle();
  return screen;
}

/** Closes every screen that is still open. @throws what {@link Screen.close} finds. */
export async function closeScreens(): Promise<void> {
  const errors: unknown[] = [];
  for (const screen of open) await screen.close().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

export class Screen {
  readonly toasts = deskView.toasts;
  readonly toast = deskView.toast;
  readonly huds = deskView.huds;
  readonly clipboard = deskView.clipboard;
  readonly opened = deskView.opened;
  readonly launched = deskView.launched;
  readonly alerts = deskView.alerts;
  readonly alert = deskView.alert;

  readonly #boundMs: number;
  readonly #work: PendingWork = { count: 0 };
  readonly #selected = new Map<unknown, string>();
  readonly #systemBefore: System;
  readonly #stopWatching: () => void;
  #renderer: ReactTestRenderer | undefined;
  /** The tree as it was read since React last changed it: reading takes longer than drawing. */
  #drawn: Node[] | undefined;
  /** The view on top as it was last written. */
  #written: { readonly top: Node; readonly selected: Node | undefined; readonly lines: string[] } | undefined;

  constructor(options: RenderOptions) {
    this.#boundMs = options.boundMs ?? 10_000;
    this.#systemBefore = getSystem();
    setSystem(counted(options.system ?? this.#systemBefore, this.#work));
    this.#stopWatching = watchReactWarnings();
  }

  async mount(element: ReactNode): Promise<void> {
    const onRender = () => {
      this.#drawn = undefined;
    };
    await acting(() => {
      const stack = createElement(NavigationStack, { root: element });
      this.#renderer = create(createElement(Profiler, { id: "views", onRender }, stack));
    });
  }

  /** Waits until nothing loads and no work is under way, or an alert asks. @throws after the bound, saying what is. */
  async settle(): Promise<void> {
    const deadline = now() + this.#boundMs;
    let before = "";
    for (let quiet = 0; quiet < QUIET_TURNS;) {
      await turn();
      const busy = this.#busyWith();
      const seen = this.text();
      quiet = busy === undefined && seen === before ? quiet + 1 : 0;
      before = seen;
      if (now() > deadline) {
        throw new Error(`Not settled after ${this.#boundMs} ms: ${busy ?? "the view keeps changing"}\n\n${seen}`);
      }
    }
    this.check();
  }

  /** Waits for something to be seen while work goes on, such as a prompt that hangs. */
  async until(seen: string | RegExp | (() => boolean)): Promise<void> {
    const deadline = now() + this.#boundMs;
    const holds = () => {
      if (typeof seen === "function") return seen();
      const view = this.text();
      return typeof seen === "string" ? view.includes(seen) : seen.test(view);
    };
    while (!holds()) {
      if (now() > deadline)
        throw new Error(`${String(seen)} did not appear within ${this.#boundMs} ms\n\n${this.text()}`);
      await turn();
    }
  }

  #busyWith(): string | undefined {
    if (desk.openAlert !== undefined) return undefined;
    this.#checkUnloading();
    if (this.#work.count > 0) return `${this.#work.count} programs or requests have not ended`;
    if (desk.pending.size > 0) return "an action has not ended";
    const top = this.#top();
    // A menu bar command has no window that could show a toast.
    if (desk.toasts.some((toast) => toast.style === "ANIMATED")) return "a toast shows progress";
    const root = top && rootOf(top);
    if (root?.props["isLoading"] === true) return "the view is loading";
    return undefined;
  }

  /** Raycast ends a menu bar command in the background once it loads no more: whatever is under way then is lost. */
  #checkUnloading(): void {
    const top = this.#top();
    const root = top && rootOf(top);
    if (root?.type !== "MenuBarExtra" || root.props["isLoading"] === true || desk.launchType !== "background") return;
    if (this.#work.count > 0)
      throw new Error(`isLoading ended while ${this.#work.count} programs or requests were under way`);
  }

  /** @throws for whatever Raycast would reject or ignore, and for what an action threw. */
  check(): void {
    const failure = desk.failures.shift();
    if (failure !== undefined) throw failure;
    const top = this.#top();
    const faults = [...desk.complaints, ...(top === undefined ? [] : faultsOf(top))];
    desk.complaints = [];
    if (faults.length > 0) throw new Error(`Raycast would not take this:\n- ${faults.join("\n- ")}`);
  }

  /** Whether the command ended and Raycast shows its root search. */
  closed(): boolean {
    return this.#top() === undefined;
  }

  #screens(): Node[] {
    return (this.#drawn ??= this.#read());
  }

  #read(): Node[] {
    const tree = this.#renderer?.toJSON();
    const nodes = tree === null || tree === undefined ? [] : Array.isArray(tree) ? tree : [tree];
    return nodes.map(toNode).filter((node): node is Node => typeof node !== "string");
  }

  #top(): Node | undefined {
    return this.#screens().at(-1);
  }

  #root(): Node {
    const top = this.#top();
    if (top === undefined) throw new Error("The command is closed: Raycast shows its root search");
    const root = rootOf(top);
    if (root === undefined) throw new Error("The command shows nothing");
    return root;
  }

  #visible(root: Node): Node[] {
    const items = all(root, "List.Item");
    const words = text(root, "searchText").toLowerCase().split(/\s+/).filter(Boolean);
    if (root.props["filtering"] !== true || words.length === 0) return items;
    return items.filter((item) => {
      const indexed = [text(item, "title"), ...keywordsOf(item)].map((each) => each.toLowerCase());
      return words.every((word) => indexed.some((each) => each.includes(word)));
    });
  }

  #selectedItem(root: Node): Node | undefined {
    const visible = this.#visible(root);
    const wanted = this.#selected.get(this.#top()?.props["depth"]) ?? root.props["selectedItemId"];
    return visible.find((item) => identity(item) === wanted) ?? visible[0];
  }

  /** Everything on screen as text. */
  text(options?: TextOptions): string {
    const top = this.#top();
    const root = top && rootOf(top);
    const lines: string[] = [];
    if (!desk.windowOpen) lines.push("(Raycast's window is closed)");
    if (top === undefined && desk.windowOpen) lines.push("(Raycast's root search)");
    if (top !== undefined) {
      lines.push(...this.#view(top, root, options));
    }
    if (desk.openAlert !== undefined) lines.push("", ...alertLines(desk.openAlert, options));
    if (desk.toasts.length > 0) lines.push("", ...desk.toasts.flatMap((toast) => toastLines(toast, options)));
    return lines.join("\n");
  }

  #view(top: Node, root: Node | undefined, options: TextOptions | undefined): string[] {
    const visible = root === undefined ? [] : this.#visible(root);
    const selected = root === undefined ? undefined : this.#selectedItem(root);
    const write = () => viewLines(top, { commandTitle: commandTitle(), visible, selected }, options);
    if (options !== undefined) return write();
    if (this.#written?.top !== top || this.#written.selected !== selected) {
      this.#written = { top, selected, lines: write() };
    }
    return this.#written.lines;
  }

  /** How many views lie on one another. */
  depth(): number {
    return this.#screens().length;
  }

  /** Whether a list is on screen. */
  isList(): boolean {
    const top = this.#top();
    return top !== undefined && rootOf(top)?.type === "List";
  }

  /** The list items that are visible, in order. */
  items(): ItemText[] {
    const root = this.#root();
    const visible = this.#visible(root);
    const sections = all(root, "List.Section");
    return visible.map((item) => {
      const section = sections.find((each) => all(each, "List.Item").includes(item));
      return {
        title: text(item, "title"),
        subtitle: text(item, "subtitle"),
        section: section === undefined ? "" : text(section, "title"),
        accessories: accessoriesOf(item),
        tooltips: tooltipsOf(item).map(({ tooltip }) => tooltip),
        keywords: keywordsOf(item),
      };
    });
  }

  /** One visible list item, by its title. */
  item(title: string): ItemText {
    const items = this.items();
    return one(items, title, (item) => item.title, "list item");
  }

  /** Selects a list item, as the arrow keys do; of two with one title by a tag behind it, in brackets. */
  async pick(title: string): Promise<void> {
    await this.#use(() => {
      const root = this.#root();
      const tagged = this.#visible(root).find((each) =>
        accessoriesOf(each).some(({ shown }) => `${text(each, "title")} (${shown.replace(/^\[|\]$/g, "")})` === title),
      );
      const item = tagged ?? one(this.#visible(root), title, (each) => text(each, "title"), "list item");
      this.#selected.set(this.#top()?.props["depth"], identity(item));
      call(root, "onSelectionChange", text(item, "id") || null);
    });
  }

  /** Metadata of the detail on screen: of the selected item, or of the Detail view. */
  metadata(): { title: string; value: string }[] {
    const root = this.#root();
    const item = root.type === "List" ? this.#selectedItem(root) : undefined;
    const detail = item === undefined ? root : childOf(slotOf(item, "detail"));
    const metadata = childOf(slotOf(detail, "metadata"));
    return metadata === undefined ? [] : metadataRows(metadata).map(({ title, value }) => ({ title, value }));
  }

  /** The drawings on screen, as SVG: those of the selected item's detail, or of the Detail view. */
  pictures(): string[] {
    const root = this.#root();
    const item = root.type === "List" ? this.#selectedItem(root) : undefined;
    const detail = item === undefined ? root : childOf(slotOf(item, "detail"));
    const markdown = detail === undefined ? "" : text(detail, "markdown");
    return [...markdown.matchAll(/\(data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)/g)].map(([, data = ""]) =>
      Buffer.from(data, "base64").toString(),
    );
  }

  /** Titles of the actions at hand, in order; those of a submenu as "Menu › Title". */
  actions(): string[] {
    return this.#actionNodes().map((action) => action.path);
  }

  #actionNodes(): { path: string; title: string; menus: Node[]; node: Node }[] {
    const root = this.#root();
    if (root.type === "MenuBarExtra") return menuItems(root, []);
    const item = root.type === "List" ? this.#selectedItem(root) : undefined;
    const empty = root.type === "List" && item === undefined && root.props["isLoading"] !== true;
    const owner = item ?? (empty ? all(root, "List.EmptyView")[0] : undefined);
    const panel = childOf(slotOf(owner, "actions")) ?? childOf(slotOf(root, "actions"));
    return panel === undefined ? [] : flatActions(panel, []);
  }

  /** Runs an action and waits for its end. */
  async action(title: string): Promise<void> {
    await this.press(title);
    await this.settle();
  }

  /** Presses Enter, which runs the first action at hand, and waits for its end. */
  async enter(): Promise<void> {
    const [first] = this.#actionNodes();
    if (first === undefined) throw new Error("Enter does nothing here");
    await this.action(first.path);
  }

  /** Runs an action without waiting for its end. */
  async press(title: string): Promise<void> {
    await this.#touch(async () => {
      const actions = this.#actionNodes();
      const exact = actions.filter((action) => action.path === title || action.title === title);
      const { node, menus } = one(exact.length > 0 ? exact : actions, title, (action) => action.path, "action");
      for (const menu of menus) call(menu, "open");
      this.#perform(node);
    });
  }

  #perform(node: Node): void {
    const root = this.#root();
    const values = root.type === "Form" ? formValues(root) : {};
    start(async () => {
      const result = await (node.props["perform"] as (values: Record<string, unknown>) => unknown)(values);
      if (node.props["kind"] !== "SubmitForm" || result === false) return;
      for (const field of all(root, "Field")) {
        if (field.props["storeValue"] !== true) continue;
        desk.storedValues.set(storageKey(text(field, "id")), field.props["value"]);
      }
    });
  }

  /** Submits the form and waits for the outcome. */
  async submit(): Promise<void> {
    await this.#touch(() => {
      const submit = this.#actionNodes().find(({ node }) => node.props["kind"] === "SubmitForm");
      if (submit === undefined) throw new Error(`Nothing submits here; actions: ${this.actions().join(", ")}`);
      this.#perform(submit.node);
    });
    await this.settle();
  }

  /** Presses a button of the newest toast that has it and waits for the outcome. */
  async toastAction(title: string): Promise<void> {
    await this.pressToast(title);
    await this.settle();
  }

  /** As {@link toastAction}, without waiting. */
  async pressToast(title: string): Promise<void> {
    await this.#touch(() => {
      for (const toast of [...desk.toasts].reverse()) {
        const action = [toast.primaryAction, toast.secondaryAction].find((each) => each?.title === title);
        if (action !== undefined) return start(() => action.onAction(toast));
      }
      throw new Error(`No toast has "${title}"\n\n${this.text()}`);
    });
  }

  /** The items of the form that hold a value. */
  fields(): FieldText[] {
    return all(this.#root(), "Field").map((field) => ({
      title: fieldTitle(field),
      kind: text(field, "kind"),
      value: field.props["value"],
      shown: fieldValue(field),
      ...(text(field, "error") === "" ? {} : { error: text(field, "error") }),
      ...(text(field, "info") === "" ? {} : { info: text(field, "info") }),
    }));
  }

  /** One form item, by its title (a checkbox: its label). */
  field(title: string): FieldText {
    return one(this.fields(), title, (field) => field.title, "form item");
  }

  #fieldNode(title: string): Node {
    return one(all(this.#root(), "Field"), title, fieldTitle, "form item");
  }

  /** Types into a form item, or ticks a checkbox ("yes" and "no" do too), and leaves it. */
  async fill(title: string, value: string | boolean | string[] | Date | null): Promise<void> {
    const kind = text(this.#fieldNode(title), "kind");
    if (kind === "Dropdown") throw new Error(`"${title}" is a dropdown: use choose`);
    await this.#enter(title, kind === "Checkbox" && typeof value === "string" ? isYes(value) : value);
  }

  /** Chooses from a dropdown of the form, by the title of the choice. */
  async choose(title: string, choice: string): Promise<void> {
    await this.#enter(title, pickChoice(this.#fieldNode(title), choice));
  }

  async #enter(title: string, value: unknown): Promise<void> {
    await this.#touch(() => call(this.#fieldNode(title), "focus"));
    await this.#touch(() => call(this.#fieldNode(title), "set", value));
    await this.#use(() => {
      if (this.#top() !== undefined) call(this.#fieldNode(title), "blur");
    });
  }

  /** The choices of a dropdown of the form, or without a title of the search bar. */
  choices(title?: string): string[] {
    const dropdown = title === undefined ? this.#searchBarDropdown() : this.#fieldNode(title);
    return choices(dropdown).map((choice) => choice.title);
  }

  #searchBarDropdown(): Node {
    const dropdown = childOf(slotOf(this.#root(), "searchBarAccessory"));
    if (dropdown?.type !== "List.Dropdown") throw new Error("The search bar has no dropdown");
    return dropdown;
  }

  /** Chooses from the dropdown of the search bar, by the title of the choice. */
  async dropdown(choice: string): Promise<void> {
    await this.#use(() => call(this.#searchBarDropdown(), "set", pickChoice(this.#searchBarDropdown(), choice)));
  }

  /** Types into the search bar; "" empties it. */
  async search(words: string): Promise<void> {
    await this.#use(() => {
      if (this.#root().type !== "List") throw new Error("There is no search bar here");
      this.#selected.delete(this.#top()?.props["depth"]);
      call(this.#root(), "search", words);
    });
  }

  /** Goes back with Escape; from the first view this leaves the command. */
  async back(): Promise<void> {
    await this.#use(() => {
      this.#root();
      this.#selected.delete(this.#top()?.props["depth"]);
      if (this.#screens().length > 1) desk.navigation?.pop();
      else desk.navigation?.popToRoot();
    });
  }

  /** Answers the alert on screen; further answers, or all where none is open, wait for the alerts to come. */
  async confirm(...answers: (boolean | string)[]): Promise<void> {
    const waiting = desk.openAlert;
    const [first, ...rest] = answers;
    desk.answers.push(...(waiting === undefined ? answers : rest));
    if (waiting === undefined || first === undefined) return;
    const answer = answerOf(waiting, first);
    await acting(() => {
      desk.openAlert = undefined;
      waiting.reply(answer);
    });
    await this.settle();
  }

  /** Answers alerts by their buttons, as {@link confirm} does. */
  agree(...buttons: readonly [string, ...string[]]): Promise<void> {
    return this.confirm(...buttons);
  }

  /** @throws unless a person reads all of this in the view, a toast, the open alert or a HUD. */
  says(...parts: readonly Part[]): void {
    says(this.#everything(), ...parts);
  }

  /** @throws where a person reads any of this. */
  doesNotSay(...parts: readonly Part[]): void {
    doesNotSay(this.#everything(), ...parts);
  }

  #everything(): string {
    // So wide that no line is broken.
    return [this.text({ width: 5_000 }), ...desk.huds].join("\n");
  }

  /** Closes the command. @throws if an alert was left unanswered, an answer unused, or a fault unseen. */
  async close(): Promise<void> {
    if (!open.delete(this)) return;
    this.#stopWatching();
    setSystem(this.#systemBefore);
    await acting(() => this.#renderer?.unmount());
    this.#drawn = undefined;
    desk.pending = new Set();
    if (desk.openAlert !== undefined) throw new Error(`Nobody answered the alert "${desk.openAlert.title}"`);
    if (desk.answers.length > 0) throw new Error(`${desk.answers.length} answers were given that nobody asked for`);
    this.check();
  }

  /** Something a person does in the window, without waiting for what follows. */
  async #touch(work: () => unknown): Promise<void> {
    if (desk.openAlert !== undefined) throw new Error(`The alert "${desk.openAlert.title}" waits for an answer first`);
    desk.windowOpen = true;
    desk.acts++;
    await acting(work);
  }

  async #use(work: () => unknown): Promise<void> {
    await this.#touch(work);
    await this.settle();
  }
}

function commandTitle(): string {
  return desk.manifest.commands.find((command) => command.name === desk.commandName)?.title ?? desk.manifest.title;
}

interface RenderedNode {
  readonly type: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly children: readonly (RenderedNode | string)[] | null;
}

function toNode(rendered: RenderedNode | string): Node | string {
  if (typeof rendered === "string") return rendered;
  return { type: rendered.type, props: rendered.props, children: (rendered.children ?? []).map(toNode) };
}

function childOf(slot: Node | undefined): Node | undefined {
  return slot?.children.find((child): child is Node => typeof child !== "string");
}

function identity(item: Node): string {
  return text(item, "id") || text(item, "title");
}

function keywordsOf(item: Node): string[] {
  const keywords = item.props["keywords"];
  return Array.isArray(keywords) ? keywords.map(String) : [];
}

function fieldTitle(field: Node): string {
  return text(field, "title") || text(field, "label") || text(field, "id");
}

function call(node: Node, name: string, ...args: unknown[]): unknown {
  const handler = node.props[name];
  return typeof handler === "function" ? (handler as (...args: unknown[]) => unknown)(...args) : undefined;
}

/** The one thing with this name; without an exact match, the only one whose name contains it. */
function one<T>(things: readonly T[], name: string, nameOf: (thing: T) => string, what: string): T {
  const exact = things.filter((thing) => nameOf(thing) === name);
  const found = exact.length > 0 ? exact : things.filter((thing) => nameOf(thing).includes(name));
  const first = found[0];
  if (first === undefined || (found.length > 1 && nameOf(first) !== name)) {
    const names = things.map((thing) => `"${nameOf(thing)}"`).join(", ") || "none";
    throw new Error(`${found.length === 0 ? "No" : "More than one"} ${what} "${name}"; there are: ${names}`);
  }
  return first;
}

function pickChoice(dropdown: Node, choice: string): string {
  const all = choices(dropdown);
  const byValue = all.find((each) => each.value === choice);
  return (byValue ?? one(all, choice, (each) => each.title, "choice")).value;
}

function isYes(value: string): boolean {
  if (!/^(yes|no|true|false)$/.test(value)) throw new Error(`A checkbox takes yes or no, not "${value}"`);
  return value === "yes" || value === "true";
}

/** What of a menu does something, with those in submenus as "Menu › Title"; the rest are labels. */
function menuItems(node: Node, menus: Node[]): { path: string; title: string; menus: Node[]; node: Node }[] {
  return node.children.flatMap((child) => {
    if (typeof child === "string" || child.type === "slot") return [];
    if (child.type !== "MenuBarExtra.Item") {
      return menuItems(child, child.type === "MenuBarExtra.Submenu" ? [...menus, child] : menus);
    }
    const onAction = child.props["onAction"];
    if (typeof onAction !== "function") return [];
    const title = text(child, "title");
    const perform = () => (onAction as (event: { type: string }) => unknown)({ type: "left-click" });
    const path = [...menus.map((menu) => text(menu, "title")), title].join(" › ");
    return [{ path, title, menus, node: { ...child, props: { ...child.props, perform } } }];
  });
}

function flatActions(node: Node, menus: Node[]): { path: string; title: string; menus: Node[]; node: Node }[] {
  return node.children.flatMap((child) => {
    if (typeof child === "string") return [];
    if (child.type === "Action") {
      const title = text(child, "title");
      return [{ path: [...menus.map((menu) => text(menu, "title")), title].join(" › "), title, menus, node: child }];
    }
    return flatActions(child, child.type === "ActionPanel.Submenu" ? [...menus, child] : menus);
  });
}
