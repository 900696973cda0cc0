/** Where texts are kept over restarts of the command; Raycast's LocalStorage, or a map in tests. */
export interface Storage {
  readonly get: (key: string) => Promise<string | undefined>;
  readonly set: (key: string, text: string) => Promise<void>;
  readonly remove: (key: string) => Promise<void>;
}
