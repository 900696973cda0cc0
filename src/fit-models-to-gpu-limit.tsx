import type { LaunchProps } from "@raycast/api";
import { readLaunchContext } from "./app/launch-context";
import { FitList } from "./ui/models/model-list";

export default function FitModelsToGpuLimit({ launchContext }: Partial<LaunchProps>) {
  return <FitList linked={readLaunchContext(launchContext)} />;
}
