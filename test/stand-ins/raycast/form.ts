import type * as Api from "@raycast/api";
import { createElement, type ReactNode, type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import { complain, desk } from "./desk";
import { DropdownValues, storageKey, useDropdownValue } from "./dropdown-value";
import { host, slot } from "./host";
import { DropdownItem, DropdownSection } from "./list";

type Value = Api.Form.Value;

interface FieldProps<T extends Value> extends Omit<Api.Form.ItemProps<T>, "value"> {
  readonly value?: T | null | undefined;
  readonly ref?: Ref<Api.Form.ItemReference>;
  readonly children?: ReactNode;
}

interface FieldState<T> {
  readonly value: T;
  readonly set: (value: T) => void;
}

/** What every field has: reset and focus through its ref, and the events that a person sets off. */
function useField<T extends Value>(kind: string, props: FieldProps<T>, empty: T, state: FieldState<T>): ReactNode {
  const { ref, children, onBlur, onFocus, ...shown } = props;
  const event = (type: "focus" | "blur") => ({ target: { id: props.id, value: state.value }, type });
  useImperativeHandle(ref, () => ({
    focus: () => onFocus?.(event("focus")),
    reset: () => state.set(props.defaultValue ?? empty),
  }));
  return host(
    "Field",
    {
      ...shown,
      kind,
      value: state.value,
      set: state.set,
      focus: () => onFocus?.(event("focus")),
      blur: () => onBlur?.(event("blur")),
    },
    children,
  );
}

/**
 * The value that a command gives a field; `own` is what the field holds itself. An independent runtime of the API showed
 * a form as it opened and took no notice of first values that came later: only what follows from something that the
 * person did is taken.
 */
function useGiven<T extends Value>({ id, value }: FieldProps<T>, own: T | undefined): T | null | undefined {
  const opened = useRef({ value, acts: desk.acts }).current;
  if (value === opened.value || value === own || desk.acts !== opened.acts) return value;
  complain(`Form item "${id}" got its first value after it was shown; a form is rendered once its values are known`);
  return opened.value;
}

/** A field component. `null` as value means: controlled, but empty (the real useForm passes it). */
function field<T extends Value>(kind: string, empty: T) {
  return function Field(props: FieldProps<T>): ReactNode {
    const [local, setLocal] = useState<T>();
    const set = (value: T) => {
      setLocal(() => value);
      props.onChange?.(value);
    };
    useEffect(() => {
      const stored = props.storeValue === true ? desk.storedValues.get(storageKey(props.id)) : undefined;
      if (stored !== undefined && (props.value === undefined || props.value === null)) set(stored as T);
      // Only when the form opens: later changes are the person's.
    }, []);
    const given = useGiven(props, local);
    const own = local ?? props.defaultValue ?? empty;
    return useField(kind, props, empty, { value: given === undefined ? own : (given ?? empty), set });
  };
}

function FormDropdown(props: FieldProps<string>): ReactNode {
  const { chosen, set, values } = useDropdownValue(props);
  const value = useGiven(props, chosen) ?? chosen;
  return createElement(
    DropdownValues.Provider,
    { value: values },
    useField("Dropdown", props, props.defaultValue ?? "", { value: value ?? "", set }),
  );
}

function FormView({ actions, children, searchBarAccessory, ...props }: Api.Form.Props): ReactNode {
  return host("Form", props, slot("searchBarAccessory", searchBarAccessory), children, slot("actions", actions));
}

const TagPicker = Object.assign(field<string[]>("TagPicker", []), {
  Item: (props: Api.Form.TagPicker.Item.Props): ReactNode => host("TagItem", props),
});

const DatePicker = Object.assign(field<Date | null>("DatePicker", null), {
  Type: { Date: "date", DateTime: "date_time" },
  isFullDay: (date: Date | null | undefined): boolean =>
    date instanceof Date && date.getHours() + date.getMinutes() + date.getSeconds() + date.getMilliseconds() === 0,
});

export const Form = Object.assign(FormView, {
  TextField: field<string>("TextField", ""),
  PasswordField: field<string>("PasswordField", ""),
  TextArea: field<string>("TextArea", ""),
  Checkbox: field<boolean>("Checkbox", false),
  FilePicker: field<string[]>("FilePicker", []),
  DatePicker,
  TagPicker,
  Dropdown: Object.assign(FormDropdown, { Item: DropdownItem, Section: DropdownSection }),
  Description: (props: Api.Form.Description.Props): ReactNode => host("Form.Description", props),
  Separator: (): ReactNode => host("Form.Separator", {}),
  LinkAccessory: (props: Api.Form.LinkAccessory.Props): ReactNode => host("Form.LinkAccessory", props),
});
