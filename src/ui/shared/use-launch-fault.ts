import { showToast, Toast } from "@raycast/api";
import { useEffect } from "react";
import { launchFault } from "../../app/launch-context";

/** Says once what of the link that opened a command isn't understood: the command opens as without it. */
export function useLaunchFault(launchContext: unknown): void {
  const fault = launchFault(launchContext);
  useEffect(() => {
    if (fault === undefined) return;
    void showToast({ style: Toast.Style.Failure, title: "Link Not Understood", message: `${fault} Nothing changed.` });
  }, [fault]);
}
