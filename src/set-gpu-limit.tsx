import type { LaunchProps } from "@raycast/api";
import { readLaunchContext } from "./app/launch-context";
import { LimitForm } from "./ui/limit/limit-form";

export default function SetGpuLimit({ launchContext }: Partial<LaunchProps>) {
  return <LimitForm mib={readLaunchContext(launchContext).mib} />;
}
