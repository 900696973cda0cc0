import { VariantForm } from "./ui/variant/variant-form";

export default function CreateCappedVariant() {
  return <VariantForm />;
}
