import { FitList } from "./ui/models/model-list";

export default function CheckModelFit() {
  return <FitList />;
}
