import * as Api from "@raycast/api";
import {
  Action,
  ActionPanel,
  Alert,
  Cache,
  Clipboard,
  closeMainWindow,
  Color,
  confirmAlert,
  Detail,
  environment,
  Form,
  getPreferenceValues,
  Icon,
  Keyboard,
  launchCommand,
  LaunchType,
  List,
  LocalStorage,
  MenuBarExtra,
  openExtensionPreferences,
  popToRoot,
  PopToRootType,
  showHUD,
  showToast,
  Toast,
  updateCommandMetadata,
  useNavigation,
} from "@raycast/api";
import {
  createDeeplink,
  FormValidation,
  showFailureToast,
  useCachedPromise,
  useForm,
  useLocalStorage,
  withCache,
} from "@raycast/utils";
import { existsSync } from "node:fs";
import { type ReactNode, useEffect, useState } from "react";
import { describe, expect, it } from "vitest";
import { getSystem } from "../../src/app/system";
import { desk, renderCommand, runNoView, setPreferences } from "../support";
import { closeScreens } from "../support/screen";
import { exportedValueNames } from "./raycast/names";

const panel = (...actions: ReactNode[]) => <ActionPanel>{actions}</ActionPanel>;

function Models({ load }: { readonly load: () => Promise<string[]> }) {
  const { data = [], isLoading } = useCachedPromise(load, [], { onError: () => undefined });
  const [showsDetail, setShowsDetail] = useState(false);
  return (
    <List
      isLoading={isLoading}
      isShowingDetail={showsDetail}
      searchBarPlaceholder="Search models"
      searchBarAccessory={
        <List.Dropdown tooltip="Context" storeValue>
          <List.Dropdown.Item title="4K" value="4096" />
          <List.Dropdown.Section title="Large">
            <List.Dropdown.Item title="128K" value="131072" />
          </List.Dropdown.Section>
        </List.Dropdown>
      }
    >
      <List.EmptyView title="No Models" description="Pull one first" actions={panel(<Action key="a" title="Pull" />)} />
      <List.Section title="Fits" subtitle={String(data.length)}>
        {data.map((name) => (
          <List.Item
            key={name}
            id={name}
            title={name}
            subtitle="8B"
            keywords={["llama"]}
            accessories={[
              { icon: Icon.Bolt, tooltip: "Loaded now" },
              { text: "5.2 GB" },
              { tag: { value: "Fits · 4K", color: Color.Green }, tooltip: "5 + 1 GiB" },
            ]}
            detail={
              <List.Item.Detail
                markdown="**Sum**"
                metadata={
                  <List.Item.Detail.Metadata>
                    <List.Item.Detail.Metadata.Label title="Weights" text={`${name} 4.9 GiB`} />
                    <List.Item.Detail.Metadata.Separator />
                    <List.Item.Detail.Metadata.TagList title="Server">
                      <List.Item.Detail.Metadata.TagList.Item text="f16" color={Color.Blue} />
                      <List.Item.Detail.Metadata.TagList.Item text="1 slot" />
                    </List.Item.Detail.Metadata.TagList>
                    <List.Item.Detail.Metadata.Link title="More" text="Docs" target="https://example.com" />
                  </List.Item.Detail.Metadata>
                }
              />
            }
            actions={panel(
              <Action key="d" title="Toggle Detail" onAction={() => setShowsDetail((shown) => !shown)} />,
              <Action.CopyToClipboard key="c" title="Copy Name" content={name} />,
              <Action.Push
                key="p"
                title="Show Card"
                shortcut={Api.Keyboard.Shortcut.Common.Open}
                target={<Card name={name} />}
              />,
              <ActionPanel.Submenu key="s" title="Load…">
                <Action
                  title="Forever"
                  shortcut={{ modifiers: ["cmd"], key: "f" }}
                  onAction={() => showHUD(`Loaded ${name}`)}
                />
              </ActionPanel.Submenu>,
            )}
          />
        ))}
      </List.Section>
    </List>
  );
}

function Card({ name }: { readonly name: string }) {
  const { pop } = useNavigation();
  return (
    <Detail
      navigationTitle={`Card ${name}`}
      markdown={`# ${name}`}
      actions={panel(<Action key="b" title="Leave" onAction={pop} />)}
    />
  );
}

const two = async () => ["qwen3:8b", "gemma3:4b"];

describe("a list", () => {
  it("shows its sections, accessories and tooltips as fixed text", async () => {
    const screen = await renderCommand(<Models load={two} />, { command: "fit-models-to-gpu-limit" });
    expect(screen.text({ width: 64 }).split("\n")).toEqual([
      "Fit Models to GPU Limit                            Context: 4K ▾",
      "⌕ Search models",
      "",
      "Fits  2",
      "▸ qwen3:8b  8B                 (Loaded now)  5.2 GB  [Fits · 4K]",
      "      ↳ Fits · 4K: 5 + 1 GiB",
      "  gemma3:4b  8B                (Loaded now)  5.2 GB  [Fits · 4K]",
      "      ↳ Fits · 4K: 5 + 1 GiB",
    ]);
  });

  it("is searched by title and keyword, and says what is empty", async () => {
    const screen = await renderCommand(<Models load={two} />);
    await screen.search("gemma LLAMA");
    expect(screen.items().map((item) => item.title)).toEqual(["gemma3:4b"]);
    await screen.search("mistral");
    expect(screen.text()).toContain("No Models\n  Pull one first");
    expect(screen.actions()).toEqual(["Pull"]);
  });

  it("runs the actions of the item that is picked, submenus included", async () => {
    const screen = await renderCommand(<Models load={two} />);
    await screen.pick("gemma3:4b");
    expect(screen.actions()).toEqual(["Toggle Detail", "Copy Name", "Show Card", "Load… › Forever"]);
    await screen.action("Copy Name");
    expect(screen.clipboard()).toBe("gemma3:4b");
    await screen.action("Forever");
    expect(screen.huds()).toEqual(["Copied to Clipboard", "Loaded gemma3:4b"]);
    await expect(screen.action("Remove")).rejects.toThrow(/No action "Remove"; there are: "Toggle Detail"/);
  });

  it("shows the detail of the item that is picked", async () => {
    const screen = await renderCommand(<Models load={two} />);
    await screen.action("Toggle Detail");
    await screen.pick("gemma3:4b");
    expect(screen.metadata()).toEqual([
      { title: "Weights", value: "gemma3:4b 4.9 GiB" },
      { title: "", value: "" },
      { title: "Server", value: "[f16] [1 slot]" },
      { title: "More", value: "Docs <https://example.com>" },
    ]);
    expect(screen.text()).toMatch(/── gemma3:4b ─+\n\*\*Sum\*\*\n {2}Weights {2}gemma3:4b 4\.9 GiB/);
  });

  it("shows an image of its markdown by what it says", async () => {
    const image = "data:image/svg+xml;base64,PHN2Zy8+?raycast-width=400&raycast-height=9";
    const markdown = `# Card\n\n![1.0 GiB of 2.0 GiB.](${image})\n\n![](${image})\n\n[Docs](https://example.com)`;
    const screen = await renderCommand(<Detail markdown={markdown} />);
    expect(screen.text().split("\n").slice(2)).toEqual([
      ...["# Card", "", "[picture: 1.0 GiB of 2.0 GiB.]", "", "[picture]", "", "[Docs](https://example.com)"],
    ]);
  });

  it("pushes a view and comes back to the same place", async () => {
    const screen = await renderCommand(<Models load={two} />);
    await screen.pick("gemma3:4b");
    await screen.action("Show Card");
    expect(screen.text()).toBe("Card gemma3:4b\n\n# gemma3:4b");
    await screen.action("Leave");
    expect(screen.text()).toContain("▸ gemma3:4b");
    await screen.back();
    expect(screen.text()).toContain("root search");
    await expect(screen.pick("gemma3:4b")).rejects.toThrow("The command is closed");
  });

  it("keeps the choice of its dropdown for the next launch", async () => {
    const screen = await renderCommand(<Models load={two} />);
    expect(screen.choices()).toEqual(["4K", "128K"]);
    await screen.dropdown("128K");
    await screen.close();
    const again = await renderCommand(<Models load={two} />);
    expect(again.text()).toContain("Context: 128K ▾");
  });

  it("shows cached rows at once while it reads them anew", async () => {
    const first = await renderCommand(<Models load={two} />);
    await first.close();
    let finish: (names: string[]) => void = () => undefined;
    const screen = await renderCommand(
      <Models load={() => new Promise<string[]>((resolve) => (finish = resolve)).then((names) => names)} />,
      { settle: false },
    );
    finish(["new:1b"]);
    await screen.settle();
    expect(screen.items().map((item) => item.title)).toEqual(["new:1b"]);
  });

  it("gives up on a view that never stops loading, and says so", async () => {
    const never = () => new Promise<string[]>(() => undefined);
    await expect(renderCommand(<Models load={never} />, { boundMs: 50 })).rejects.toThrow(/the view is loading/);
  });
});

interface LimitValues {
  limit: string;
  preset: string;
  persist: boolean;
}

function LimitForm({ onSubmit }: { readonly onSubmit: (values: LimitValues) => void }) {
  const { itemProps, handleSubmit, reset, setValue } = useForm<LimitValues>({
    initialValues: { limit: "57344" },
    validation: {
      limit: (value) => (/^\d+$/.test(value ?? "") ? undefined : "Whole MiB only"),
      preset: FormValidation.Required,
    },
    onSubmit,
  });
  return (
    <Form
      actions={panel(
        <Action.SubmitForm key="s" title="Set Limit" onSubmit={handleSubmit} />,
        <Action key="r" title="Start over" onAction={() => reset({ limit: "1" })} />,
        <Action
          key="v"
          title="Use Safe"
          shortcut={{ modifiers: ["cmd"], key: "u" }}
          onAction={() => setValue("limit", "61440")}
        />,
      )}
    >
      <Form.Description title="RAM" text="64 GiB" />
      <Form.TextField title="Limit" placeholder="MiB" info="Whole MiB" {...itemProps.limit} />
      <Form.Separator />
      <Form.Dropdown title="Preset" {...itemProps.preset}>
        <Form.Dropdown.Item title="Recommended" value="recommended" />
        <Form.Dropdown.Item title="Custom" value="custom" />
      </Form.Dropdown>
      <Form.Checkbox label="After Restart Too" storeValue {...itemProps.persist} />
    </Form>
  );
}

describe("a form", () => {
  it("shows its items with values, hints and errors", async () => {
    const screen = await renderCommand(<LimitForm onSubmit={() => undefined} />, { command: "set-gpu-limit" });
    await screen.fill("Limit", "5.5");
    expect(screen.text({ width: 40 })).toBe(
      [
        "Set GPU Limit",
        "",
        "  RAM     64 GiB",
        "  Limit   [5.5]",
        "          ! Whole MiB only",
        "          ⓘ Whole MiB",
        "─".repeat(40),
        "  Preset  Recommended ▾",
        "          ☐ After Restart Too",
      ].join("\n"),
    );
    expect(screen.field("Limit").error).toBe("Whole MiB only");
  });

  it("submits what is shown, and only when it is valid", async () => {
    const submitted: LimitValues[] = [];
    const screen = await renderCommand(<LimitForm onSubmit={(values) => void submitted.push(values)} />);
    await screen.fill("Limit", "");
    await screen.submit();
    expect(submitted).toEqual([]);
    await screen.fill("Limit", "60000");
    await screen.choose("Preset", "Custom");
    await screen.fill("After Restart Too", "yes");
    await screen.submit();
    expect(submitted).toEqual([{ limit: "60000", preset: "custom", persist: true }]);
  });

  it("is set and reset by the command", async () => {
    const screen = await renderCommand(<LimitForm onSubmit={() => undefined} />);
    await screen.action("Use Safe");
    expect(screen.field("Limit").value).toBe("61440");
    await screen.action("Start over");
    expect(screen.field("Limit").value).toBe("1");
  });

  it("stores values that ask for it once they are submitted", async () => {
    const first = await renderCommand(<LimitForm onSubmit={() => undefined} />);
    await first.fill("After Restart Too", true);
    await first.close();
    const second = await renderCommand(<LimitForm onSubmit={() => undefined} />);
    expect(second.field("After Restart Too").value).toBe(false);
    await second.fill("After Restart Too", true);
    await second.submit();
    await second.close();
    const third = await renderCommand(<LimitForm onSubmit={() => undefined} />);
    expect(third.field("After Restart Too").value).toBe(true);
  });

  it("takes no first value that comes after the form was shown", async () => {
    function Late() {
      const [name, setName] = useState("");
      useEffect(() => void setTimeout(() => setName("qwen3")), []);
      return (
        <Form>
          <Form.TextField id="name" title="Name" value={name} onChange={setName} />
        </Form>
      );
    }
    const screen = await renderCommand(<Late />, { settle: false });
    await expect(screen.settle()).rejects.toThrow('Form item "name" got its first value after it was shown');
    expect(screen.field("Name").value).toBe("");
  });

  it("keeps the values of items that the command does not control", async () => {
    let submitted: unknown;
    const screen = await renderCommand(
      <Form actions={panel(<Action.SubmitForm key="s" onSubmit={(values) => void (submitted = values)} />)}>
        <Form.TextField id="name" title="Name" defaultValue="qwen3" />
        <Form.TextArea id="system" title="System" />
        <Form.Dropdown id="size" title="Size" defaultValue="b">
          <Form.Dropdown.Item title="A" value="a" />
          <Form.Dropdown.Item title="B" value="b" />
        </Form.Dropdown>
        <Form.TagPicker id="tags" title="Tags">
          <Form.TagPicker.Item title="T" value="t" />
        </Form.TagPicker>
      </Form>,
    );
    await screen.fill("System", "Be brief");
    await screen.submit();
    expect(submitted).toEqual({ name: "qwen3", system: "Be brief", size: "b", tags: [] });
  });
});

describe("what lies outside the view", () => {
  const asking = (
    <Detail
      markdown="x"
      actions={panel(
        <Action
          key="d"
          title="Delete"
          onAction={async () => {
            const sure = await confirmAlert({
              title: "Delete it?",
              message: "It is gone then",
              primaryAction: { title: "Delete", style: Alert.ActionStyle.Destructive },
            });
            await showToast({ style: sure ? Toast.Style.Success : Toast.Style.Failure, title: sure ? "Gone" : "Kept" });
          }}
        />,
      )}
    />
  );

  it("waits with an alert for the person's answer", async () => {
    const screen = await renderCommand(asking);
    await screen.action("Delete");
    expect(screen.text()).toContain("┌ Delete it?\n│ It is gone then\n└ [Cancel]  [Delete] (destructive)");
    await expect(screen.action("Delete")).rejects.toThrow("waits for an answer");
    await expect(screen.agree("Remove")).rejects.toThrow('has no "Remove"; there are "Delete" and "Cancel"');
    await screen.agree("Delete");
    expect(screen.toast("SUCCESS", "gone").actions).toEqual([]);
    expect(() => screen.toast("FAILURE", "gone")).toThrow("No FAILURE toast");
    screen.alert("delete it?", "then");
    await screen.agree("Cancel");
    await screen.action("Delete");
    expect(screen.text()).toContain("✗ Kept");
    expect(screen.alerts().map((alert) => alert.answer)).toEqual([true, false]);
  });

  it("fails a test that leaves an alert unanswered, or answers one that does not come", async () => {
    const screen = await renderCommand(asking);
    await screen.action("Delete");
    await expect(screen.close()).rejects.toThrow('Nobody answered the alert "Delete it?"');
    desk.openAlert = undefined;
    const other = await renderCommand(asking);
    await other.confirm(true);
    await expect(other.close()).rejects.toThrow("1 answers were given that nobody asked for");
  });

  it("shows toasts that change, with buttons that work", async () => {
    const pressed: string[] = [];
    const screen = await renderCommand(
      <Detail
        markdown="x"
        actions={panel(
          <Action
            key="w"
            title="Work"
            onAction={async () => {
              const toast = await showToast({ style: Toast.Style.Animated, title: "Working" });
              await new Promise((resolve) => setTimeout(resolve, 20));
              toast.style = Toast.Style.Success;
              toast.title = "Done";
              toast.message = "in 20 ms";
              toast.primaryAction = { title: "Undo", onAction: (shown) => void (pressed.push("undo"), shown.hide()) };
            }}
          />,
        )}
      />,
    );
    await screen.press("Work");
    await screen.until("… Working");
    await screen.settle();
    expect(screen.text()).toContain("✓ Done: in 20 ms  [Undo]");
    await screen.toastAction("Undo");
    expect(pressed).toEqual(["undo"]);
    expect(screen.toasts()).toEqual([]);
  });

  it("reports failures through the real showFailureToast", async () => {
    const screen = await renderCommand(
      <Detail
        markdown="x"
        actions={panel(
          <Action
            key="f"
            title="Fail"
            onAction={() => showFailureToast(new Error("no server"), { title: "Failed" })}
          />,
        )}
      />,
    );
    await screen.action("Fail");
    expect(screen.toasts()).toEqual([
      { style: "FAILURE", title: "Failed", message: "no server", actions: ["Report Error"] },
    ]);
    await screen.toastAction("Report Error");
    expect(screen.opened()[0]).toContain("github.com/raycast/extensions/issues/new");
  });

  it("turns a toast into a HUD while the window is closed, and reopens where it was", async () => {
    const screen = await renderCommand(
      <Detail
        markdown="body"
        actions={panel(
          <Action
            key="p"
            title="Prompt"
            onAction={async () => {
              await closeMainWindow({ popToRootType: PopToRootType.Suspended });
              await showToast({ title: "In force", message: "57344 MiB" });
            }}
          />,
          <Action key="e" title="End" onAction={() => popToRoot()} />,
        )}
      />,
    );
    await screen.action("Prompt");
    expect(screen.huds()).toEqual(["In force 57344 MiB"]);
    expect(screen.text()).toMatch(/^\(Raycast's window is closed\)\n.*\n\nbody/);
    await screen.action("End");
    expect(screen.text()).toMatch(/^\(Raycast's root search\)/);
  });

  it("fails a test whose action throws", async () => {
    const screen = await renderCommand(
      <Detail
        markdown="x"
        actions={panel(<Action key="t" title="Throw" onAction={() => Promise.reject(new Error("unhandled"))} />)}
      />,
    );
    await expect(screen.action("Throw")).rejects.toThrow("unhandled");
  });
});

describe("what Raycast would not take", () => {
  const item = (title: string, id: string, key: string) => <List.Item key={key} id={id} title={title} />;
  const withShortcut = (...shortcuts: Keyboard.Shortcut[]) => (
    <Detail
      markdown="x"
      actions={panel(...shortcuts.map((shortcut, at) => <Action key={at} title={`A${at}`} shortcut={shortcut} />))}
    />
  );
  const cases: [string, ReactNode, RegExp][] = [
    ["an item outside a list", <Form key="x">{item("A", "a", "a")}</Form>, /List\.Item does not belong in Form/],
    ["an item as the whole view", item("A", "a", "a"), /List\.Item does not belong in Screen/],
    [
      "two ids alike",
      <List key="x">{[item("A", "a", "1"), item("B", "a", "2")]}</List>,
      /Two times the List\.Item id "a"/,
    ],
    ["two keys alike", <List key="x">{[item("A", "a", "1"), item("B", "b", "1")]}</List>, /same key/],
    ["an item without a title", <List key="x">{item("", "a", "1")}</List>, /without a title/],
    ["bare text", <List key="x">words</List>, /Bare text "words" in List/],
    ["two views at once", [<List key="a" />, <Detail key="b" markdown="x" />], /shows 2 of List/],
    ["nothing at all", null, /shows 0 of List/],
    ["a reserved shortcut", withShortcut({ modifiers: ["cmd"], key: "k" }), /cmd\+k, which Raycast keeps/],
    [
      "a shortcut used twice",
      withShortcut(Keyboard.Shortcut.Common.Refresh, { modifiers: ["cmd"], key: "r" }),
      /Two times the shortcut "cmd\+r"/,
    ],
    [
      "an action outside a panel",
      <Detail key="x" markdown="x" actions={<Action title="A" />} />,
      /Action does not belong/,
    ],
    [
      "an icon that is not there",
      <List key="x">
        <List.Item title="A" icon="missing.png" />
      </List>,
      /no icon assets\/missing\.png/,
    ],
    [
      "a colour of no theme",
      <List key="x">
        <List.Item title="A" accessories={[{ tag: { value: "T", color: "greenish" } }]} />
      </List>,
      /"greenish" is no colour/,
    ],
    [
      "a dropdown without its value",
      <Form key="x">
        <Form.Dropdown id="d" title="D" value="z">
          <Form.Dropdown.Item title="A" value="a" />
        </Form.Dropdown>
      </Form>,
      /no item for its value "z"/,
    ],
    [
      "form ids alike",
      <Form key="x">
        <Form.TextField id="a" />
        <Form.TextArea id="a" />
      </Form>,
      /Two times the form item id/,
    ],
  ];
  it.each(cases)("%s", async (_, view, complaint) => {
    await expect(renderCommand(view)).rejects.toThrow(complaint);
  });

  it("names that do not exist", () => {
    const pick = (names: object, name: string) => () => (names as Record<string, unknown>)[name];
    expect(pick(Icon, "NoSuchIcon")).toThrow("Icon.NoSuchIcon does not exist");
    expect(pick(Color, "Mauve")).toThrow("Color.Mauve does not exist");
    expect(pick(Keyboard.Shortcut.Common, "Fly")).toThrow("does not exist");
    expect(Icon.ComputerChip).toBe("computer-chip-16");
    expect(Color.Green).toBe("raycast-green");
  });

  it("preferences and commands that the manifest does not have", async () => {
    expect(() => setPreferences({ colour: "red" })).toThrow("declares no preference colour");
    await expect(launchCommand({ name: "nothing", type: LaunchType.UserInitiated })).rejects.toThrow(
      "no command nothing",
    );
  });
});

describe("storage", () => {
  it("shares a cache by namespace and tells subscribers of their own instance", () => {
    const [one, two, other] = [new Cache(), new Cache(), new Cache({ namespace: "other" })];
    const heard: unknown[] = [];
    const stop = one.subscribe((key, data) => heard.push([key, data]));
    one.set("a", "1");
    two.set("b", "2");
    one.remove("a");
    one.clear();
    stop();
    one.set("c", "3");
    expect(heard).toEqual([
      ["a", "1"],
      ["a", undefined],
      [undefined, undefined],
    ]);
    expect([two.get("c"), other.isEmpty]).toEqual(["3", true]);
  });

  it("drops what was used longest ago when the capacity is full", () => {
    const cache = new Cache({ capacity: 6 });
    for (const key of ["a", "b", "c"]) cache.set(key, "xx");
    cache.get("a");
    cache.set("d", "xx");
    expect(["a", "b", "c", "d"].filter((key) => cache.has(key))).toEqual(["a", "c", "d"]);
  });

  it("runs withCache and useLocalStorage of the real utils", async () => {
    let reads = 0;
    const read = withCache(async (name: string) => `${name} ${++reads}`);
    expect([await read("a"), await read("a"), await read("b")]).toEqual(["a 1", "a 1", "b 2"]);

    function Counter() {
      const { value, setValue, isLoading } = useLocalStorage<number>("count", 1);
      return (
        <Detail
          isLoading={isLoading}
          markdown={`count ${value}`}
          actions={panel(<Action key="a" title="Add" onAction={() => setValue((value ?? 0) + 1)} />)}
        />
      );
    }
    const screen = await renderCommand(<Counter />);
    await screen.action("Add");
    expect(screen.text()).toContain("count 2");
    expect(await LocalStorage.allItems()).toEqual({ count: "2" });
  });
});

describe("no-view commands", () => {
  it("see their arguments and leave their marks", async () => {
    const outcome = await runNoView(
      async (props: { arguments: { mebibytes?: string } }) => {
        await Clipboard.copy(`limit ${props.arguments.mebibytes}`);
        await updateCommandMetadata({ subtitle: "56 GiB" });
        await openExtensionPreferences();
        if (await confirmAlert({ title: "Sure?" })) await showHUD("Copied");
      },
      { command: "copy-gpu-limit-command", arguments: { mebibytes: "1" }, answers: [true] },
    );
    expect([outcome.clipboard(), outcome.huds(), outcome.subtitle]).toEqual(["limit 1", ["Copied"], "56 GiB"]);
    expect(desk.openedPreferences).toEqual(["extension"]);
    expect(environment.commandName).toBe("copy-gpu-limit-command");
  });

  it("fail when they ask what the test did not foresee, even if they swallow it", async () => {
    const asking = () => confirmAlert({ title: "Sure?" }).catch(() => false);
    await expect(runNoView(asking)).rejects.toThrow('Nobody said how to answer "Sure?"');
    await expect(runNoView(() => undefined, { answers: [true] })).rejects.toThrow("nobody asked for");
  });
});

describe("the environment", () => {
  it("comes from the manifest", () => {
    expect(getPreferenceValues<{ ollamaHost: string }>().ollamaHost).toBe("http://127.0.0.1:11434");
    setPreferences({ ollamaHost: "http://10.0.0.5:11434" });
    expect(getPreferenceValues<{ ollamaHost: string }>().ollamaHost).toBe("http://10.0.0.5:11434");
    expect(createDeeplink({ command: "fit-models-to-gpu-limit" })).toBe(
      "raycast://extensions/gpu-limit/gpu-limit/fit-models-to-gpu-limit",
    );
    expect(existsSync(environment.supportPath)).toBe(true);
  });

  it("starts every test anew", () => {
    // The test before this one set the preference and made a folder.
    expect(getPreferenceValues<{ ollamaHost: string }>().ollamaHost).toBe("http://127.0.0.1:11434");
    expect([desk.huds, desk.localStorage.size, desk.caches.size]).toEqual([[], 0, 0]);
  });

  it("has every export of the real API but those that the extension has no use for", () => {
    // Tool holds types only.
    const unused = [
      "Tool",
      "BrowserExtension",
      "getApplications",
      "getDefaultApplication",
      "getFrontmostApplication",
      "getSelectedFinderItems",
      "getSelectedText",
      "Grid",
      "openCommandPreferences",
      "WindowManagement",
      "preferences",
      "randomId",
      "render",
      "specialKeys",
    ];
    const missing = exportedValueNames().filter((name) => !(name in Api) && !unused.includes(name));
    expect(missing).toEqual([]);
  });

  it("draws a menu bar extra", async () => {
    const screen = await renderCommand(
      <MenuBarExtra title="56 GiB">
        <MenuBarExtra.Section title="Loaded">
          <MenuBarExtra.Item title="qwen3:8b" subtitle="5.2 GB" onAction={() => undefined} />
        </MenuBarExtra.Section>
      </MenuBarExtra>,
    );
    expect(screen.text()).toBe("GPU Limit\n◔ 56 GiB\n  ── Loaded\n  › qwen3:8b  5.2 GB");
  });

  it("refuses a menu with two equal items, a label with a shortcut, or an item without a title", async () => {
    const menu = (items: ReactNode) =>
      renderCommand(<MenuBarExtra>{items}</MenuBarExtra>).then((screen) => screen.close());
    await expect(
      menu([<MenuBarExtra.Item key="a" title="One" />, <MenuBarExtra.Item key="b" title="One" />]),
    ).rejects.toThrow('Two times the menu item "One"');
    await closeScreens().catch(() => undefined);
    await expect(menu(<MenuBarExtra.Item title="One" shortcut={Keyboard.Shortcut.Common.Refresh} />)).rejects.toThrow(
      "has a shortcut and does nothing",
    );
    await closeScreens().catch(() => undefined);
    await expect(menu(<MenuBarExtra.Item title="" />)).rejects.toThrow("without a title");
    await closeScreens().catch(() => undefined);
  });

  it("ends a menu bar command in the background once it loads no more", async () => {
    const Late = () => {
      useEffect(
        () =>
          void getSystem()
            .fetch("http://127.0.0.1:9/")
            .catch(() => undefined),
        [],
      );
      return <MenuBarExtra title="56 GiB" isLoading={false} />;
    };
    const system = { ...getSystem(), fetch: (() => new Promise(() => undefined)) as typeof fetch };
    await expect(renderCommand(<Late />, { system, launchType: "background" })).rejects.toThrow("isLoading ended");
  });

  it("launches no command that's disabled, and none with a view in the background", async () => {
    const name = "show-gpu-memory-in-menu-bar";
    const launch = () => launchCommand({ name, type: LaunchType.Background });
    await expect(launch()).rejects.toThrow("disabled");
    desk.enabledCommands.add(name);
    await launch();
    expect(desk.launched).toEqual([{ name, type: "background" }]);
    await expect(launchCommand({ name: "show-gpu-memory", type: LaunchType.Background })).rejects.toThrow("background");
    expect(desk.complaints.splice(0)).toHaveLength(1);
  });

  it("takes text or null as a subtitle", async () => {
    await expect(updateCommandMetadata({ subtitle: 5 as never })).rejects.toThrow("subtitle");
    expect(desk.complaints.splice(0)).toHaveLength(1);
  });
});
