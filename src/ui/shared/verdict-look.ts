import { Color, Icon } from "@raycast/api";
import type { VerdictKind } from "../../fit/verdict";

export const VERDICT_COLORS: Readonly<Record<VerdictKind, Color>> = {
  fits: Color.Green,
  tight: Color.Yellow,
  spills: Color.Orange,
  over: Color.Red,
  fails: Color.Red,
  "wont-load": Color.Red,
  "too-big": Color.Red,
  unknown: Color.SecondaryText,
};

export const VERDICT_ICONS: Readonly<Record<VerdictKind, Icon>> = {
  fits: Icon.CheckCircle,
  tight: Icon.ExclamationMark,
  spills: Icon.Warning,
  over: Icon.XMarkCircle,
  fails: Icon.XMarkCircle,
  "wont-load": Icon.XMarkCircle,
  "too-big": Icon.XMarkCircle,
  unknown: Icon.QuestionMarkCircle,
};
