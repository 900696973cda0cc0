import { LimitForm } from "./ui/limit/limit-form";

export default function SetGpuLimit() {
  return <LimitForm />;
}
