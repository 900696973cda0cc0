import { VariantForm } from "./ui/variant-form";

export default function CreateCappedVariant() {
  return <VariantForm />;
}
