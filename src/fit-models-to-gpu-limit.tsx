import { FitList } from "./ui/models/model-list";

export default function FitModelsToGpuLimit() {
  return <FitList />;
}
