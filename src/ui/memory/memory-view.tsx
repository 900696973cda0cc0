import { List } from "@raycast/api";
import { AppsSection } from "./apps-section";
import { GpuSection } from "./gpu-section";
import { LoadedSection } from "./loaded-section";
import { RamSection } from "./ram-section";
import { TogetherSection } from "./together-section";
import { useMemory } from "./use-memory";
import { getWorld } from "../../app/system";

/** Show GPU Memory: the limit and what stands against it, read again while it is open. */
export function MemoryView() {
  const memory = useMemory();
  const { situation } = memory.list;
  return (
    <List
      isLoading={memory.isLoading}
      searchBarPlaceholder="Search memory, models and apps"
      filtering={{ keepSectionOrder: true }}
    >
      {situation && (
        <>
          <GpuSection memory={memory} situation={situation} />
          <LoadedSection memory={memory} situation={situation} />
        </>
      )}
      {/* These wait for no server. */}
      {getWorld().platform === "darwin" && (
        <>
          <RamSection memory={memory} />
          <AppsSection memory={memory} />
        </>
      )}
      {situation && <TogetherSection memory={memory} situation={situation} />}
    </List>
  );
}
