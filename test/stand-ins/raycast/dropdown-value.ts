import { createContext, useContext, useEffect, useRef, useState } from "react";
import { desk } from "./desk";

/** Lets the items of a dropdown tell it their values, wherever in its subtree they are rendered. */
export const DropdownValues = createContext<Set<string> | undefined>(undefined);

export function useDropdownItem(value: string): void {
  const values = useContext(DropdownValues);
  useEffect(() => {
    values?.add(value);
    return () => {
      values?.delete(value);
    };
  }, [values, value]);
}

export interface DropdownOptions {
  readonly id?: string | undefined;
  readonly value?: string | null | undefined;
  readonly defaultValue?: string | undefined;
  readonly storeValue?: boolean | undefined;
  readonly onChange?: ((value: string) => void) | undefined;
}

export function storageKey(id: string | undefined): string {
  return `${desk.commandName}/${id ?? "dropdown"}`;
}

/**
 * The value of a dropdown. One that nobody gave starts at the stored value, else the default, else the first item, and
 * Raycast then calls `onChange` with it.
 */
export function useDropdownValue(options: DropdownOptions) {
  const values = useRef(new Set<string>()).current;
  const [chosen, setChosen] = useState<string>();
  const given = options.value ?? undefined;

  useEffect(() => {
    if (given !== undefined || chosen !== undefined || values.size === 0) return;
    const stored = options.storeValue === true ? desk.storedValues.get(storageKey(options.id)) : undefined;
    const first = [...values][0] ?? "";
    const initial = typeof stored === "string" && values.has(stored) ? stored : (options.defaultValue ?? first);
    setChosen(initial);
    options.onChange?.(initial);
  });

  const set = (value: string) => {
    setChosen(value);
    options.onChange?.(value);
  };
  return { values, value: given ?? chosen, chosen, set };
}
