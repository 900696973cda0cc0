import { MemoryView } from "./ui/memory-view";

export default function ShowGpuMemory() {
  return <MemoryView />;
}
