import { getPreferenceValues } from "@raycast/api";
import type { NoticeKind } from "../../fit/guard/notice";

/** The checkbox of each kind of notice, by the name that the manifest gives it. */
export const CHECKBOXES: Readonly<Record<NoticeKind, string>> = {
  criticalPressure: "tellCriticalPressure",
  mlxGrows: "tellMlxGrows",
  limitMoved: "tellLimitMoved",
  spilled: "tellSpilled",
  unplannedContext: "tellUnplannedContext",
  tierMoved: "tellTierMoved",
};

/** What the menu bar can show beside the icon. */
export const TITLE_STYLES = ["icon", "used", "free", "percent"] as const;

export type TitleStyle = (typeof TITLE_STYLES)[number];

const values = (): Readonly<Record<string, unknown>> => getPreferenceValues();

/** Whether the person wants to hear of such things. */
export const isOn = (kind: NoticeKind): boolean => values()[CHECKBOXES[kind]] !== false;

/** What the preferences show beside the icon; what's used where they say nothing that's known. */
export function titleStyle(): TitleStyle {
  return TITLE_STYLES.find((style) => style === values()["menuBarTitle"]) ?? "used";
}
