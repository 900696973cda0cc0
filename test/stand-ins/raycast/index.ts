/**
 * Stands in for `@raycast/api`, which has types but no code outside Raycast. The commands and the real
 * `@raycast/utils` run on it in tests and in the preview; what they do is noted on the desk.
 */
import { COMMON_SHORTCUTS, readEnum, strict } from "./names";

export { Action, ActionPanel } from "./actions";
export { Cache } from "./cache";
export { Detail, MenuBarExtra } from "./detail";
export { Form } from "./form";
export {
  Alert,
  captureException,
  clearSearchBar,
  Clipboard,
  closeMainWindow,
  confirmAlert,
  environment,
  getPreferenceValues,
  launchCommand,
  LaunchType,
  LocalStorage,
  open,
  openExtensionPreferences,
  popToRoot,
  PopToRootType,
  showHUD,
  showInFinder,
  showToast,
  Toast,
  trash,
  updateCommandMetadata,
} from "./functions";
export { List } from "./list";
export { useNavigation } from "./navigation";

export const Icon = strict("Icon", readEnum("Icon"));
export const Color = strict("Color", readEnum("Color"));
export const Image = { Mask: strict("Image.Mask", { Circle: "circle", RoundedRectangle: "roundedRectangle" }) };
export const Keyboard = { Shortcut: { Common: strict("Keyboard.Shortcut.Common", { ...COMMON_SHORTCUTS }) } };

/** `@raycast/utils` names them; nothing here may use them. */
export const AI = strict("AI", {});
export const OAuth = strict("OAuth", {});
