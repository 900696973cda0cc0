import type * as Api from "@raycast/api";
import type { ReactNode } from "react";
import { host, slot } from "./host";
import { Metadata } from "./metadata";

function DetailView({ actions, metadata, ...props }: Api.Detail.Props): ReactNode {
  return host("Detail", props, slot("metadata", metadata), slot("actions", actions));
}

export const Detail = Object.assign(DetailView, { Metadata });

function MenuBar({ children, ...props }: Api.MenuBarExtra.Props): ReactNode {
  return host("MenuBarExtra", props, children);
}

export const MenuBarExtra = Object.assign(MenuBar, {
  Item: ({ alternate, ...props }: Api.MenuBarExtra.Item.Props): ReactNode =>
    host("MenuBarExtra.Item", props, slot("alternate", alternate)),
  Section: ({ children, ...props }: Api.MenuBarExtra.Section.Props): ReactNode =>
    host("MenuBarExtra.Section", props, children),
  Submenu: ({ children, ...props }: Api.MenuBarExtra.Submenu.Props): ReactNode =>
    host("MenuBarExtra.Submenu", props, children),
  Separator: (): ReactNode => host("MenuBarExtra.Separator", {}),
});
