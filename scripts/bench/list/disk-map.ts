import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A map whose values lie in files, as those of Raycast's cache do: they outlive the process and are not in its heap. */
export class DiskMap extends Map<string, string> {
  readonly #folder: string;
  /** Raycast's cache puts what it reads back as the newest: nothing to write. */
  #lastRead: string | undefined;

  constructor(folder: string) {
    super();
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name));
      // Cut out of a string it would keep all of that in the heap.
      super.set(text.toString("utf8", 0, text.indexOf("\n")), "");
    }
  }

  override get(key: string): string | undefined {
    if (!this.has(key)) return undefined;
    const text = readFileSync(this.#path(key), "utf8");
    this.#lastRead = text.slice(text.indexOf("\n") + 1);
    return this.#lastRead;
  }

  override set(key: string, value: string): this {
    if (value !== this.#lastRead) writeFileSync(this.#path(key), `${key}\n${value}`);
    return super.set(key, "");
  }

  override delete(key: string): boolean {
    // Taken out and put back at once when it is read: the file may stay until it's overwritten.
    return super.delete(key);
  }

  override clear(): void {
    for (const key of this.keys()) rmSync(this.#path(key), { force: true });
    super.clear();
  }

  #path(key: string): string {
    return join(this.#folder, createHash("sha256").update(key).digest("hex"));
  }
}
