import type { LaunchProps } from "@raycast/api";
import { readLaunchContext } from "./app/launch-context";
import { FitList } from "./ui/models/model-list";
import { useLaunchFault } from "./ui/shared/use-launch-fault";

export default function FitModelsToGpuLimit({ launchContext }: Partial<LaunchProps>) {
  useLaunchFault(launchContext);
  return <FitList linked={readLaunchContext(launchContext)} />;
}
