import { Action } from "@raycast/api";

/** Where Ollama is installed or updated from. */
export function DownloadOllamaAction() {
  return <Action.OpenInBrowser title="Download Ollama" url="https://ollama.com/download" />;
}
