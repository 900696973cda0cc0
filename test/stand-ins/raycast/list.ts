import type * as Api from "@raycast/api";
import { createElement, type ReactNode, useState } from "react";
import { desk } from "./desk";
import { DropdownValues, storageKey, useDropdownItem, useDropdownValue } from "./dropdown-value";
import { host, slot } from "./host";
import { Metadata } from "./metadata";

function ListView({ actions, children, searchBarAccessory, ...props }: Api.List.Props): ReactNode {
  const [typed, setTyped] = useState("");
  const search = (text: string) => {
    setTyped(text);
    props.onSearchTextChange?.(text);
  };
  const filtering = Boolean(props.filtering ?? props.enableFiltering ?? props.onSearchTextChange === undefined);
  return host(
    "List",
    { ...props, filtering, searchText: props.searchText ?? typed, search },
    slot("searchBarAccessory", searchBarAccessory),
    children,
    slot("actions", actions),
  );
}

function ListItem({ actions, detail, ...props }: Api.List.Item.Props): ReactNode {
  return host("List.Item", props, slot("actions", actions), slot("detail", detail));
}

function ItemDetail({ metadata, ...props }: Api.List.Item.Detail.Props): ReactNode {
  return host("List.Item.Detail", props, slot("metadata", metadata));
}

function ListSection({ children, ...props }: Api.List.Section.Props): ReactNode {
  return host("List.Section", props, children);
}

function EmptyView({ actions, ...props }: Api.List.EmptyView.Props): ReactNode {
  return host("List.EmptyView", props, slot("actions", actions));
}

function ListDropdown({ children, value, ...props }: Api.List.Dropdown.Props): ReactNode {
  const state = useDropdownValue({ ...props, value });
  const set = (next: string) => {
    // A search-bar dropdown keeps what is chosen at once; a form keeps it when it is submitted.
    if (props.storeValue === true) desk.storedValues.set(storageKey(props.id), next);
    state.set(next);
  };
  return createElement(
    DropdownValues.Provider,
    { value: state.values },
    host("List.Dropdown", { ...props, value: state.value, set }, children),
  );
}

export function DropdownItem(props: Api.List.Dropdown.Item.Props): ReactNode {
  useDropdownItem(props.value);
  return host("DropdownItem", props);
}

export function DropdownSection({ children, ...props }: Api.List.Dropdown.Section.Props): ReactNode {
  return host("DropdownSection", props, children);
}

export const List = Object.assign(ListView, {
  Item: Object.assign(ListItem, { Detail: Object.assign(ItemDetail, { Metadata }) }),
  Section: ListSection,
  EmptyView,
  Dropdown: Object.assign(ListDropdown, { Item: DropdownItem, Section: DropdownSection }),
});
