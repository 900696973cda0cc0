import { desk } from "../../stand-ins/raycast/desk";
import { deskView } from "../../support/desk-view";
import type { Screen } from "../../support/screen";
import { alertLines, hudLines, toastLines } from "../../support/screen-text";
import type { Onlooker } from "./play";
import type { Step } from "./steps";

/** Everything that a person has seen, collected while a world is played. */
export interface Seen {
  /** What was on screen after each step, in order. */
  readonly views: { readonly command: string; readonly step: Step | undefined; readonly text: string }[];
  /** List items as they were last seen, by title: all their words, tooltips included. */
  readonly rows: Map<string, string>;
  readonly alerts: Set<string>;
  readonly toasts: Set<string>;
  readonly huds: string[];
  readonly opened: string[];
  clipboard: string;
  actions: readonly string[];
}

export function nothingSeen(): Seen {
  return {
    views: [],
    rows: new Map(),
    alerts: new Set(),
    toasts: new Set(),
    huds: [],
    opened: [],
    clipboard: "",
    actions: [],
  };
}

/** Looks on and notes what is to be seen. */
export function watcher(seen: Seen): Onlooker {
  let step: Step | undefined;
  let noted = { huds: 0, opened: 0 };
  const noteDesk = () => {
    for (const alert of deskView.alerts()) seen.alerts.add(alertLines(alert).join("\n"));
    for (const toast of desk.toasts) seen.toasts.add(toastLines(toast).join("\n"));
    seen.huds.push(...desk.huds.slice(noted.huds));
    seen.opened.push(...deskView.opened().slice(noted.opened));
    noted = { huds: desk.huds.length, opened: desk.opened.length };
    seen.clipboard = deskView.clipboard() ?? seen.clipboard;
  };
  return {
    opens: () => {
      step = undefined;
      noted = { huds: 0, opened: 0 };
    },
    does: (next) => {
      step = next;
    },
    sees: (command, screen) => {
      noteDesk();
      seen.views.push({ command, step, text: screen.text() });
      if (desk.openAlert !== undefined || screen.closed()) return;
      for (const [title, words] of rowsOf(screen)) {
        // Beside a detail a row has room for its title only.
        if (words !== title || !seen.rows.has(title)) seen.rows.set(title, words);
      }
      seen.actions = screen.actions();
    },
    hears: (command) => {
      noteDesk();
      const lines = [
        ...desk.alerts.flatMap((alert) => alertLines(alert)),
        ...desk.toasts.flatMap((toast) => toastLines(toast)),
        ...desk.huds.flatMap((hud) => hudLines(hud)),
      ];
      seen.views.push({ command, step, text: lines.join("\n") });
    },
  };
}

function rowsOf(screen: Screen): readonly (readonly [string, string])[] {
  if (!screen.isList()) return [];
  const items = screen.items();
  return items.map(({ title, subtitle, accessories, tooltips }) => {
    const shown = accessories.map((accessory) => accessory.shown);
    // Two builds of one name differ in their first tag.
    const isShared = items.filter((other) => other.title === title).length > 1;
    return [
      isShared ? `${title} (${shown[0]?.replace(/^\[|\]$/g, "")})` : title,
      [title, subtitle, ...shown, ...tooltips].filter((part) => part !== "").join("  "),
    ];
  });
}
