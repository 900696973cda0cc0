import {
  Clipboard,
  Color,
  Icon,
  Keyboard,
  type LaunchProps,
  LaunchType,
  MenuBarExtra,
  showHUD,
  updateCommandMetadata,
} from "@raycast/api";
import { useEffect, useRef, useState } from "react";
import { type BarPicture, keepPicture, lastPicture } from "../../app/bar-picture";
import { putAside, watch } from "../../app/guard";
import { readLaunchContext } from "../../app/launch-context";
import { type OpenReading, readWhenOpen, withOpenReading } from "../../app/open-reading";
import { getSystem } from "../../app/system";
import { limitOf, readTick, type Tick, type TickReading, usedOf } from "../../app/tick";
import type { Notice, NoticeKind, Way } from "../../fit/guard/notice";
import type { WatchedModel } from "../../fit/guard/watched";
import { watchedKey } from "../../fit/guard/watched";
import { type BuildName, sameBuild } from "../../fit/model-builds";
import { formatBytes } from "../../fit/units";
import {
  ageText,
  barTitle,
  limitWords,
  modelText,
  noAnswerWords,
  PRESSURES,
  shareBar,
  subtitleText,
  usedText,
} from "./bar-words";
import { gaugeIcon } from "./gauge-icon";
import { openCommand } from "./launch";
import { canKeep, keepLoaded, unload } from "./loaded-work";
import { isOn, titleStyle } from "./menu-bar-preferences";

/** What the menu shows. */
interface Shown {
  readonly reading: TickReading;
  readonly notices: readonly Notice[];
  readonly open?: OpenReading;
}

/** What the command that loads a model says itself, with the way to act. */
const SAID_BY_COMMANDS: readonly NoticeKind[] = ["spilled", "unplannedContext"];

/**
 * Show GPU Memory in Menu Bar. In the background it reads what a tick reads and no more; when a person opens the menu, also
 * what takes longer. Raycast ends it once it doesn't load any more, so that everything is done before.
 */
export function MenuBar({ launchType, launchContext }: LaunchProps) {
  const [shown, setShown] = useState<Shown>();
  const [isLoading, setIsLoading] = useState(true);
  const underWay = useRef(0);
  const newestRead = useRef(0);
  const isOpen = launchType === LaunchType.UserInitiated;

  const read = async () => {
    const system = getSystem();
    newestRead.current += 1;
    const thisRead = newestRead.current;
    const show = async (next: Shown) => {
      // What was read before a model was unloaded, say, isn't shown after it.
      if (thisRead !== newestRead.current) return;
      keepPicture(pictureOf(next));
      setShown(next);
      await updateCommandMetadata({ subtitle: subtitleText(next.reading.tick) }).catch(() => undefined);
    };
    const look = async () => {
      const reading = await readTick(system);
      return { reading, ...(await watch(reading, isOn)) };
    };
    const first = await look();
    await show(first);
    const said = first.fresh.find(({ kind }) => !SAID_BY_COMMANDS.includes(kind));
    if (readLaunchContext(launchContext).cause !== undefined && said) await showHUD(`${said.title}: see the menu bar`);
    const open = isOpen ? await readWhenOpen(system, first.reading.tick) : undefined;
    if (open === undefined) return;
    // Where it turns out to run elsewhere, the tick took another limit for its own.
    const { reading, notices } = open.where === first.reading.tick.where ? first : await look();
    await show({ notices, open, reading: { ...reading, tick: withOpenReading(reading.tick, open) } });
  };
  const busy = async (work: () => Promise<unknown>) => {
    underWay.current += 1;
    setIsLoading(true);
    try {
      await work();
    } finally {
      underWay.current -= 1;
      // Something else may have been chosen in the meantime.
      setIsLoading(underWay.current > 0);
    }
  };
  useEffect(() => void busy(read), []);

  const act: Act = (work) =>
    busy(async () => {
      const words = await work();
      if (words !== undefined) await showHUD(words);
      await read();
    });
  const picture = shown ? pictureOf(shown) : (lastPicture() ?? { mood: "calm" });
  const { title, share, mood } = picture;
  return (
    <MenuBarExtra icon={gaugeIcon(share, mood)} title={title} tooltip={tooltipOf(shown)} isLoading={isLoading}>
      {shown ? <Menu shown={shown} act={act} /> : <MenuBarExtra.Item title="Reading…" />}
      <MenuBarExtra.Section>
        <MenuBarExtra.Item title="Set GPU Limit…" icon={Icon.Gauge} onAction={() => openCommand("set-gpu-limit")} />
        <MenuBarExtra.Item
          title="Fit Models…"
          icon={Icon.Wand}
          onAction={() => openCommand("fit-models-to-gpu-limit")}
        />
        <MenuBarExtra.Item
          title="Show GPU Memory…"
          icon={Icon.MemoryChip}
          onAction={() => openCommand("show-gpu-memory")}
        />
      </MenuBarExtra.Section>
      <MenuBarExtra.Section>
        {shown && <MenuBarExtra.Item title={ageText(shown.reading.tick, getSystem().now())} />}
        <MenuBarExtra.Item
          title="Refresh"
          icon={Icon.ArrowClockwise}
          shortcut={Keyboard.Shortcut.Common.Refresh}
          onAction={() => busy(read)}
        />
      </MenuBarExtra.Section>
    </MenuBarExtra>
  );
}

/** Does something that a person chose, says what came of it, and reads again. */
type Act = (work: () => Promise<string | undefined>) => Promise<void>;

interface Props {
  readonly shown: Shown;
  readonly act: Act;
}

function pictureOf({ reading: { tick }, notices }: Shown): BarPicture {
  const used = usedOf(tick);
  const limit = limitOf(tick);
  const share = used === undefined || limit === undefined ? undefined : used.bytes / limit.bytes;
  return { title: barTitle(tick, titleStyle()), share, mood: moodOf(tick, notices, share) };
}

/** The icon has a colour only where something is wrong. */
function moodOf({ kernel, limit }: Tick, notices: readonly Notice[], share = 0): BarPicture["mood"] {
  const isExceeded = share > 1 || (limit.kind === "known" && limit.excess !== undefined);
  if (kernel.pressure === "critical" || isExceeded || notices.some(({ kind }) => kind === "mlxGrows"))
    return "critical";
  const hasSpilled = notices.some(({ kind }) => kind === "spilled");
  return kernel.pressure === "warning" || hasSpilled ? "warning" : "calm";
}

function tooltipOf(shown: Shown | undefined): string {
  if (shown === undefined) return "GPU memory";
  const { tick } = shown.reading;
  return tick.server.kind === "answering" ? (subtitleText(tick) ?? "GPU memory") : tick.server.reason;
}

function Menu({ shown, act }: Props) {
  return (
    <>
      <Attention shown={shown} act={act} />
      <Limit shown={shown} />
      <Loaded shown={shown} act={act} />
      <Memory shown={shown} />
    </>
  );
}

/** What needs attention, each with the way to act. */
function Attention({ shown: { notices, reading }, act }: Props) {
  if (notices.length === 0) return null;
  return (
    <MenuBarExtra.Section title="Needs Attention">
      {notices.map((notice) => (
        <MenuBarExtra.Submenu
          key={notice.id}
          title={notice.title}
          icon={{ source: Icon.Warning, tintColor: notice.kind === "criticalPressure" ? Color.Red : Color.Yellow }}
        >
          <MenuBarExtra.Item title={notice.detail} />
          <WayItem way={notice.way} reading={reading} act={act} />
          <MenuBarExtra.Item
            title="Dismiss"
            icon={Icon.XMarkCircle}
            onAction={() =>
              act(async () => {
                await putAside(notice, reading);
                return undefined;
              })
            }
          />
        </MenuBarExtra.Submenu>
      ))}
    </MenuBarExtra.Section>
  );
}

function WayItem({ way, reading, act }: { readonly way: Way; readonly reading: TickReading; readonly act: Act }) {
  switch (way.kind) {
    case "set-limit":
      return (
        <MenuBarExtra.Item
          title="Set GPU Limit…"
          icon={Icon.Gauge}
          onAction={() => openCommand("set-gpu-limit", { mib: way.mib })}
        />
      );
    case "make-it-fit":
      return <MakeItFitItem build={way} />;
    case "show-memory":
      return (
        <MenuBarExtra.Item
          title="Show GPU Memory…"
          icon={Icon.MemoryChip}
          onAction={() => openCommand("show-gpu-memory")}
        />
      );
    case "unload": {
      const { server, url } = reading.tick;
      const model = server.kind === "answering" ? server.loaded.find((each) => sameBuild(each, way)) : undefined;
      return model && url !== undefined ? <UnloadItem model={model} url={url} act={act} /> : null;
    }
  }
}

function MakeItFitItem({ build: { name, runner } }: { readonly build: BuildName }) {
  return (
    <MenuBarExtra.Item
      title="Make It Fit…"
      icon={Icon.Wand}
      onAction={() => openCommand("fit-models-to-gpu-limit", { model: name, runner, view: "make-it-fit" })}
    />
  );
}

interface ModelProps {
  readonly model: WatchedModel;
  readonly url: string;
  readonly act: Act;
}

function UnloadItem({ model, url, act }: ModelProps) {
  return (
    <MenuBarExtra.Item title="Unload" icon={Icon.Eject} onAction={() => act(() => unload(getSystem(), url, model))} />
  );
}

/** The limit and how much of it is used. */
function Limit({ shown: { reading, open } }: Pick<Props, "shown">) {
  const { tick } = reading;
  const used = usedOf(tick);
  const limit = limitOf(tick);
  const words = limitWords(tick, open !== undefined);
  return (
    <MenuBarExtra.Section>
      <MenuBarExtra.Item title={words.title} subtitle={words.subtitle} />
      {used !== undefined && (
        <MenuBarExtra.Item
          title={`Used: ${usedText(used, limit)}`}
          subtitle={limit === undefined ? "" : shareBar(used.bytes / limit.bytes)}
        />
      )}
    </MenuBarExtra.Section>
  );
}

function Loaded({ shown: { reading }, act }: Props) {
  const { server, url, place } = reading.tick;
  const title = place === undefined ? "Loaded Models" : `Loaded Models ${place}`;
  if (server.kind !== "answering") {
    return (
      <MenuBarExtra.Section title={title}>
        <MenuBarExtra.Item {...noAnswerWords(server)} />
      </MenuBarExtra.Section>
    );
  }
  if (url === undefined) return null;
  const now = getSystem().now();
  return (
    <MenuBarExtra.Section title={title}>
      {server.loaded.length === 0 && <MenuBarExtra.Item title="No Model Loaded" />}
      {server.loaded.map((model) => (
        <MenuBarExtra.Submenu key={watchedKey(model)} title={modelText(model, now)} icon={Icon.Bolt}>
          <UnloadItem model={model} url={url} act={act} />
          {canKeep(model) && (
            <MenuBarExtra.Item
              title="Keep Loaded"
              icon={Icon.Pin}
              onAction={() => act(() => keepLoaded(getSystem(), url, model))}
            />
          )}
          <MakeItFitItem build={model} />
          <MenuBarExtra.Item
            title="Copy Name"
            icon={Icon.Clipboard}
            onAction={async () => {
              await Clipboard.copy(model.name);
              await showHUD("Copied to Clipboard");
            }}
          />
        </MenuBarExtra.Submenu>
      ))}
    </MenuBarExtra.Section>
  );
}

/** What else takes memory of this Mac. */
function Memory({ shown: { reading, open } }: Pick<Props, "shown">) {
  const { kernel, machine, where, server } = reading.tick;
  const { pressure, swapUsedBytes } = kernel;
  if (machine.kind === "not-a-mac") return null;
  const held = where === "here" && server.kind === "answering" ? heldByOthers(open, server.loaded) : undefined;
  return (
    <MenuBarExtra.Section title={where === "here" ? "Memory" : "Memory of This Mac"}>
      {held !== undefined && <MenuBarExtra.Item title={`Other Programs on the GPU: ${held}`} />}
      <MenuBarExtra.Item title={`Swap Used: ${swapUsedBytes === undefined ? "Unknown" : formatBytes(swapUsedBytes)}`} />
      <MenuBarExtra.Item title={`Memory Pressure: ${pressure === undefined ? "Unknown" : PRESSURES[pressure]}`} />
    </MenuBarExtra.Section>
  );
}

/**
 * GPU memory of other programs: at most so much where a model may take more than Ollama counts. An MLX model's cache grows
 * beyond its count, so that beside one it can't be told.
 */
function heldByOthers(open: OpenReading | undefined, loaded: readonly WatchedModel[]): string | undefined {
  const allocated = open?.gpuAllocatedBytes;
  if (allocated === undefined || loaded.some(({ engine }) => engine !== "llama")) return undefined;
  const held = Math.max(0, allocated - loaded.reduce((sum, { use }) => sum + use.gpuBytes, 0));
  return `${held > 0 && loaded.some(({ use }) => use.isLeast) ? "at most " : ""}${formatBytes(held)}`;
}
