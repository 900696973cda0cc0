import { FitList } from "./ui/fit-list";

export default function CheckModelFit() {
  return <FitList />;
}
