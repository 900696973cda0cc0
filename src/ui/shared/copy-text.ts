import { Clipboard, showToast, Toast } from "@raycast/api";

/** Copies a text and says so. */
export async function copyText(text: string): Promise<void> {
  await Clipboard.copy(text);
  await showToast({ style: Toast.Style.Success, title: "Copied to Clipboard", message: text });
}
