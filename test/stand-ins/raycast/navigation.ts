import type * as Api from "@raycast/api";
import { createElement, Fragment, type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { complain, desk } from "./desk";

interface View {
  readonly key: number;
  readonly content: ReactNode;
  readonly onPop?: (() => void) | undefined;
}

/** The views of one command, the last on top. All stay mounted, as in Raycast; after popToRoot none is left. */
export function NavigationStack({ root }: { readonly root: ReactNode }): ReactNode {
  const [views, setViews] = useState<readonly View[]>([{ key: 0, content: root }]);
  const latest = useRef(views);
  const nextKey = useRef(1);

  useLayoutEffect(() => {
    const show = (next: readonly View[]) => {
      latest.current = next;
      setViews(next);
    };
    desk.navigation = {
      push: (content, onPop) => show([...latest.current, { key: nextKey.current++, content, onPop }]),
      pop: () => {
        const top = latest.current.at(-1);
        show(latest.current.slice(0, -1));
        top?.onPop?.();
      },
      popToRoot: () => show([]),
    };
  }, []);

  return createElement(
    Fragment,
    null,
    views.map((view, depth) => createElement("Screen", { key: view.key, depth }, view.content)),
  );
}

const navigation: Api.Navigation = {
  push: (view, onPop) => {
    if (desk.navigation === undefined) complain("push() without a view to push onto");
    desk.navigation?.push(view, onPop);
  },
  pop: () => desk.navigation?.pop(),
};

export const useNavigation: typeof Api.useNavigation = () => navigation;
