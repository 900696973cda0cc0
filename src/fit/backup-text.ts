import { ollamaRemoveCommand } from "./commands";
import type { ModelBackup } from "./facts";
import { formatBytes } from "./units";

const SHOWN_DIGITS = 12;

/** What Ollama keeps of a model that it converted, and how to get the space back. */
export function backupText(backup: ModelBackup, url?: string): string {
  const size = backup.sizeBytes === undefined ? "" : ` of ${formatBytes(backup.sizeBytes)}`;
  const file = backup.blob === undefined ? "" : ` (${backup.blob.slice(0, "sha256-".length + SHOWN_DIGITS)}…)`;
  return `Ollama converted it and keeps the old file${size}${file}, which nothing runs. To delete that: ${removeBackupCommand(backup, url)}`;
}

/**
 * Deletes the file that a model was converted from: a digest behind its runner names one build, and what only that one
 * uses goes with it (server/model_resolver.go, manifest/manifest.go RemoveNamed).
 */
export function removeBackupCommand({ digest }: ModelBackup, url?: string): string {
  return ollamaRemoveCommand(`ggml:${digest.slice(0, SHOWN_DIGITS)}`, url);
}
