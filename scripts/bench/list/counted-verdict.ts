/** Takes the place of `fit/verdict.ts` for the module that judges the list: counts. */
import { judge as realJudge, type JudgeInput } from "../../../src/fit/verdict";

export * from "../../../src/fit/verdict";

export const counted = { judgings: 0 };

export function judge(input: JudgeInput) {
  counted.judgings += 1;
  return realJudge(input);
}
