import { Color, Icon, List } from "@raycast/api";
import type { ReactNode } from "react";
import { heldByOthers } from "../../app/judge-rows";
import type { AppleSiliconMac } from "../../fit/facts";
import { isHeldByModels, likelyHolder } from "../../fit/gpu-held";
import { defaultLimit, inForceBytes, limitInForce } from "../../fit/limit-policy";
import { lowWaterText } from "../../fit/limit-preview";
import { formatBytes, formatPercent, MIB } from "../../fit/units";
import { ResetLimitAction } from "../limit/reset-limit-action";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import type { Memory } from "./use-memory";
import { FigureRow, RowActions, shareIcon } from "./row";

interface Props {
  readonly memory: Memory;
  readonly snapshot: Snapshot;
}

/** The limit of this Mac's GPU, also where Ollama runs elsewhere. */
export function GpuSection({ memory, snapshot }: Props) {
  const { machine, isLocal } = snapshot;
  const mac = appleSilicon(machine);
  return (
    <List.Section title={isLocal ? "GPU" : "GPU of This Mac"}>
      {mac ? (
        <Figures mac={mac} memory={memory} snapshot={snapshot} />
      ) : (
        <List.Item
          id="no-gpu-limit"
          title="No GPU Limit Here"
          subtitle={machine.kind === "apple-silicon" ? "" : machine.reason}
          icon={Icon.Info}
          actions={<RowActions memory={memory} />}
        />
      )}
    </List.Section>
  );
}

function Figures({ mac, memory, snapshot }: Props & { readonly mac: AppleSiliconMac }) {
  const { status } = memory;
  const limit = limitInForce(mac, snapshot.isLocal ? snapshot.server.startupTotalBytes?.value : undefined);
  const standard = defaultLimit(mac);
  const inUse = status?.gpuAllocatedBytes;
  const share = inUse !== undefined && limit.kind === "known" ? inUse / limit.bytes : undefined;
  const inForce = limit.kind === "known" ? inForceBytes(limit) : 0;
  const actions = (bytes: number | undefined, toReset?: AppleSiliconMac) => (
    <RowActions memory={memory} copy={bytes === undefined ? undefined : formatBytes(bytes)} limitFirst>
      {toReset && <ResetLimitAction mac={toReset} before={snapshot.limit} onChanged={memory.refresh} />}
    </RowActions>
  );
  return (
    <>
      {limit.kind === "known" && (
        <FigureRow
          id="limit"
          title="Limit in Force"
          note={limit.excess ? "more than is safe: this Mac may freeze" : (limit.disagreement ?? limit.sourceText)}
          icon={share === undefined ? Icon.Gauge : shareIcon(share)}
          value={formatBytes(inForce)}
          source="sysctl"
          color={limit.excess && Color.Red}
          tooltip={
            limit.excess?.warning ??
            `${formatPercent(inForce / mac.ramBytes)} of the ${formatBytes(mac.ramBytes)} of this Mac`
          }
          actions={actions(inForce, limit.excess && mac)}
        />
      )}
      <FigureRow
        id="default-limit"
        title="macOS Default"
        note={standard.estimated ? "estimated" : "what macOS allows on its own"}
        icon={Icon.Undo}
        value={formatBytes(standard.bytes)}
        source="Metal"
        actions={actions(standard.bytes)}
      />
      {mac.lowWaterMib !== undefined && (
        <FigureRow
          id="low-water"
          title="Low-Water Mark"
          note="stays wired while the GPU is idle; set by another tool"
          icon={Icon.Droplets}
          value={formatBytes(mac.lowWaterMib * MIB)}
          source="sysctl"
          tooltip={lowWaterText(mac.lowWaterMib)}
          actions={actions(mac.lowWaterMib * MIB)}
        />
      )}
      {status && (
        <FigureRow
          id="gpu-in-use"
          title="In Use by the GPU"
          note="allocated for models and windows"
          icon={Icon.MemoryChip}
          value={
            inUse === undefined
              ? undefined
              : `${formatBytes(inUse)}${share === undefined ? "" : ` · ${formatPercent(share)} of the limit`}`
          }
          source="ioreg gave no figure."
          tooltip={
            status.gpuInUseBytes === undefined
              ? undefined
              : `In use right now: ${formatBytes(status.gpuInUseBytes)}. This figure jumps around.`
          }
          actions={actions(inUse)}
        />
      )}
      {snapshot.isLocal && <HeldRow memory={memory} actions={actions} />}
    </>
  );
}

/** What other programs hold, as far as it can be told; nothing where only windows are there. */
function HeldRow({
  memory: { status, loaded, apps = [], list },
  actions,
}: Pick<Props, "memory"> & { readonly actions: (bytes: number) => ReactNode }) {
  const gpuAllocatedBytes = status?.gpuAllocatedBytes;
  if (loaded?.kind !== "read") return null;
  const held = heldByOthers({ gpuAllocatedBytes, models: list.snapshot?.models ?? [] }, loaded.models);
  if (!isHeldByModels(held)) return null;
  const others = apps.filter(({ name }) => name !== "Ollama");
  const holder = likelyHolder(held, others);
  return (
    <FigureRow
      id="held-by-programs"
      title="Held by Other Programs"
      note={holder === undefined ? "not by Ollama's models" : `likely ${holder}`}
      icon={Icon.AppWindowList}
      value={formatBytes(held)}
      source="ioreg"
      tooltip="What's allocated for the GPU beyond Ollama's loaded models. All programs share one limit, so models get that much less now."
      actions={actions(held)}
    />
  );
}
