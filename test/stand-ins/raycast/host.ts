import { createElement, type ReactNode } from "react";

/** A part of a component that Raycast shows in a place of its own: its actions, its detail, its dropdown. */
export function slot(name: string, content: ReactNode): ReactNode {
  if (content === undefined || content === null || content === false) return null;
  return createElement("slot", { name, key: `slot-${name}` }, content);
}

/** An element of the stand-in's own kind, which the screen reader turns into text. */
export function host(type: string, props: object, ...children: ReactNode[]): ReactNode {
  return createElement(type, props, ...children);
}
