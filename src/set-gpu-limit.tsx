import type { LaunchProps } from "@raycast/api";
import { readLaunchContext } from "./app/launch-context";
import { LimitForm } from "./ui/limit/limit-form";
import { useLaunchFault } from "./ui/shared/use-launch-fault";

export default function SetGpuLimit({ launchContext }: Partial<LaunchProps>) {
  useLaunchFault(launchContext);
  return <LimitForm mib={readLaunchContext(launchContext).mib} />;
}
