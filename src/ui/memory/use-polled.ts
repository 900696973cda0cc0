import { useCallback, useEffect, useRef, useState } from "react";
import { getSystem, later } from "../../app/system";

export interface Polled<T> {
  /** The last answer; absent only until the first one is there. */
  readonly data?: T;
  /** Reads at once; while it reads, once more after that. */
  readonly refresh: () => void;
}

/**
 * Reads something over and over while the view is open: the next time `everyMs` after the last answer, so never twice at
 * once. What is known stays until the next answer. `read` must not throw.
 */
export function usePolled<T>(read: () => Promise<T>, everyMs: number): Polled<T> {
  const [data, setData] = useState<T>();
  const newest = useRef(read);
  newest.current = read;
  const start = useRef(() => {});
  useEffect(() => {
    let isOpen = true;
    let isReading = false;
    let again = false;
    let cancel = () => {};
    const round = async () => {
      cancel();
      again = true;
      if (isReading || !isOpen) return;
      isReading = true;
      while (again) {
        again = false;
        const answer = await newest.current();
        if (!isOpen) return;
        setData(answer);
      }
      isReading = false;
      cancel = later(getSystem(), everyMs, round);
    };
    start.current = () => void round();
    void round();
    return () => {
      isOpen = false;
      cancel();
    };
  }, [everyMs]);
  const refresh = useCallback(() => start.current(), []);
  return { data, refresh };
}
