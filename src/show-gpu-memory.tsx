import { MemoryView } from "./ui/memory/memory-view";

export default function ShowGpuMemory() {
  return <MemoryView />;
}
