import { type LimitAdvice, parseMib } from "../../fit/limit-policy";

/** What a person chose and typed in the form. */
export interface LimitValues {
  preset: string;
  mebibytes: string;
  keep: string;
}

/** The limit in MiB that the form stands at; 0 = macOS default, undefined where what is typed is no limit. */
export function presetMib(values: LimitValues, advice: LimitAdvice): number | undefined {
  switch (values.preset) {
    case "default":
      return 0;
    case "recommended":
      return advice.recommendedMib;
    case "highest":
      return advice.highestMib;
    default:
      return parseMib(values.mebibytes);
  }
}
