import { List } from "@raycast/api";
import { AppsSection } from "./apps-section";
import { ComfortableSection } from "./comfortable-section";
import { GpuSection } from "./gpu-section";
import { HistorySection } from "./history-section";
import { KeptSection, useKept } from "./kept-section";
import { LoadedSection } from "./loaded-section";
import { RamSection } from "./ram-section";
import { TogetherSection } from "./together-section";
import { useMemory } from "./use-memory";
import { getSystem } from "../../app/system";
import { loadedSubtitle, useSubtitle } from "../shared/subtitle";

/** Show GPU Memory: the limit and what counts against it, read again while it is open. */
export function MemoryView() {
  const memory = useMemory();
  const { snapshot } = memory.list;
  const kept = useKept(snapshot);
  const { loaded } = memory;
  const models = loaded?.kind === "read" ? loaded.models : undefined;
  useSubtitle("show-gpu-memory", snapshot && loaded && loadedSubtitle(snapshot, models));
  return (
    <List
      isLoading={memory.isLoading || kept.isLoading}
      searchBarPlaceholder="Search memory, models and apps"
      filtering={{ keepSectionOrder: true }}
    >
      {snapshot && (
        <>
          <GpuSection memory={memory} snapshot={snapshot} />
          <KeptSection memory={memory} snapshot={snapshot} kept={kept} />
          <LoadedSection memory={memory} snapshot={snapshot} memoryView={<MemoryView />} />
        </>
      )}
      {/* These wait for no server. */}
      {getSystem().platform === "darwin" && (
        <>
          <RamSection memory={memory} />
          <HistorySection memory={memory} />
          <AppsSection memory={memory} />
        </>
      )}
      {snapshot && <TogetherSection memory={memory} snapshot={snapshot} />}
      {snapshot && <ComfortableSection memory={memory} snapshot={snapshot} />}
    </List>
  );
}
