import type * as Api from "@raycast/api";
import type { ReactNode } from "react";
import { host } from "./host";

function TagList({ children, ...props }: Api.Detail.Metadata.TagList.Props): ReactNode {
  return host("Metadata.TagList", props, children);
}

export const Metadata = Object.assign(
  ({ children }: Api.Detail.Metadata.Props): ReactNode => host("Metadata", {}, children),
  {
    Label: (props: Api.Detail.Metadata.Label.Props): ReactNode => host("Metadata.Label", props),
    Link: (props: Api.Detail.Metadata.Link.Props): ReactNode => host("Metadata.Link", props),
    Separator: (): ReactNode => host("Metadata.Separator", {}),
    TagList: Object.assign(TagList, {
      Item: (props: Api.Detail.Metadata.TagList.Item.Props): ReactNode => host("Metadata.Tag", props),
    }),
  },
);
