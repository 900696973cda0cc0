import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT } from "./names";

export interface ManifestPreference {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly type: string;
  readonly required: boolean;
  readonly placeholder?: string;
  readonly label?: string;
  readonly default?: unknown;
  readonly data?: readonly { readonly title: string; readonly value: string }[];
}

export interface ManifestArgument {
  readonly name: string;
  readonly placeholder: string;
  readonly type: string;
  readonly required?: boolean;
  readonly data?: readonly { readonly title: string; readonly value: string }[];
}

export interface ManifestCommand {
  readonly name: string;
  readonly title: string;
  readonly subtitle?: string;
  readonly description: string;
  readonly mode: "view" | "no-view" | "menu-bar";
  readonly icon?: string;
  readonly interval?: string;
  readonly disabledByDefault?: boolean;
  readonly keywords?: readonly string[];
  readonly arguments?: readonly ManifestArgument[];
  readonly preferences?: readonly ManifestPreference[];
}

export interface ManifestTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly icon?: string;
}

/** The part of package.json that Raycast reads. */
export interface Manifest {
  readonly $schema?: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly icon: string;
  readonly author: string;
  readonly owner?: string;
  readonly platforms?: readonly string[];
  readonly categories: readonly string[];
  readonly license: string;
  readonly keywords?: readonly string[];
  readonly commands: readonly ManifestCommand[];
  readonly tools?: readonly ManifestTool[];
  readonly preferences?: readonly ManifestPreference[];
}

/** The manifest of this checkout. */
export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(PROJECT_ROOT, "package.json"), "utf8")) as Manifest;
}
