import { open, type Toast } from "@raycast/api";

/** Where macOS lets a person allow Raycast to control other apps. */
const AUTOMATION = "x-apple.systempreferences:com.apple.preference.security?Privacy_Automation";

/** The way out where macOS refused to let Raycast control an app. */
export const openAutomationSettings: Toast.ActionOptions = {
  title: "Open System Settings",
  onAction: () => void open(AUTOMATION),
};

/** Where macOS 15 and newer let a person allow Raycast to reach machines of their own network. */
export function openLocalNetworkSettings(): void {
  void open("x-apple.systempreferences:com.apple.preference.security?Privacy_LocalNetwork");
}

/** Where macOS lets a person allow Raycast to read files on other disks and in Documents. */
export function openFilesSettings(): void {
  void open("x-apple.systempreferences:com.apple.preference.security?Privacy_FilesAndFolders");
}

/** Where macOS lists what runs at login, and lets a person switch it off and on. */
export function openLoginItems(): void {
  void open("x-apple.systempreferences:com.apple.LoginItems-Settings.extension");
}
