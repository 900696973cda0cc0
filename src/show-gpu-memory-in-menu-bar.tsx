import type { LaunchProps } from "@raycast/api";
import { MenuBar } from "./ui/menu-bar/menu-bar";

export default function ShowGpuMemoryInMenuBar(props: LaunchProps) {
  return <MenuBar {...props} />;
}
