import { List } from "@raycast/api";
import { AppsSection } from "./memory-sections/apps-section";
import { GpuSection } from "./memory-sections/gpu-section";
import { LoadedSection } from "./memory-sections/loaded-section";
import { RamSection } from "./memory-sections/ram-section";
import { TogetherSection } from "./memory-sections/together-section";
import { useMemory } from "./use-memory";
import { getWorld } from "./world";

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
