import { LimitForm } from "./ui/limit-form";

export default function SetGpuLimit() {
  return <LimitForm />;
}
