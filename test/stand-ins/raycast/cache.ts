import { desk, failWhereDiskIsFull } from "./desk";

interface CacheOptions {
  namespace?: string;
  directory?: string;
  capacity?: number;
}

type Subscriber = (key: string | undefined, data: string | undefined) => void;

const DEFAULT_CAPACITY = 10 * 1024 * 1024;

/**
 * Raycast's Cache without the disk: instances of one namespace share their data, the least recently used entries go
 * when the capacity (bytes) is exceeded, and subscribers hear of what their own instance sets and removes.
 */
export class Cache {
  static get STORAGE_DIRECTORY_NAME(): string {
    return "com.raycast.api.cache";
  }
  static get DEFAULT_CAPACITY(): number {
    return DEFAULT_CAPACITY;
  }

  readonly #name: string;
  readonly #capacity: number;
  readonly #subscribers = new Set<Subscriber>();

  constructor(options?: CacheOptions) {
    this.#name = [options?.directory ?? Cache.STORAGE_DIRECTORY_NAME, options?.namespace ?? ""].join("/");
    this.#capacity = options?.capacity ?? DEFAULT_CAPACITY;
  }

  // Looked up each time: an instance that a module keeps must not bring back what a reset threw away.
  get #entries(): Map<string, string> {
    const found = desk.caches.get(this.#name) ?? new Map<string, string>();
    desk.caches.set(this.#name, found);
    return found;
  }

  get storageDirectory(): string {
    return this.#name;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  get = (key: string): string | undefined => {
    const data = this.#entries.get(key);
    if (data !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, data);
    }
    return data;
  };

  has = (key: string): boolean => this.#entries.has(key);

  set = (key: string, data: string): void => {
    if (typeof data !== "string") throw new Error(`Cache takes text only, not the value of "${key}"`);
    failWhereDiskIsFull();
    this.#entries.delete(key);
    this.#entries.set(key, data);
    this.#dropOldest();
    this.#tell(key, data);
  };

  remove = (key: string): boolean => {
    const removed = this.#entries.delete(key);
    if (removed) this.#tell(key, undefined);
    return removed;
  };

  clear = (options?: { notifySubscribers: boolean }): void => {
    this.#entries.clear();
    if (options?.notifySubscribers !== false) this.#tell(undefined, undefined);
  };

  subscribe = (subscriber: Subscriber): (() => void) => {
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
    };
  };

  #tell(key: string | undefined, data: string | undefined): void {
    for (const subscriber of this.#subscribers) subscriber(key, data);
  }

  #dropOldest(): void {
    let size = 0;
    for (const data of this.#entries.values()) size += Buffer.byteLength(data);
    for (const [key, data] of this.#entries) {
      if (size <= this.#capacity) return;
      this.#entries.delete(key);
      size -= Buffer.byteLength(data);
    }
  }
}
