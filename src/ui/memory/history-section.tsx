import { Color, Icon, List } from "@raycast/api";
import { usePromise } from "@raycast/utils";
import { memoryHistory } from "../../app/guard";
import { getSystem } from "../../app/system";
import { sparkline, sumOf } from "../../fit/guard/history";
import { formatBytes } from "../../fit/units";
import type { Memory } from "./use-memory";
import { RowActions } from "./row";

/** The last 24 hours, as the menu bar has seen them; nothing while it isn't switched on. */
export function HistorySection({ memory }: { readonly memory: Memory }) {
  const { data: history = [] } = usePromise(memoryHistory, []);
  const now = getSystem().now().getTime();
  const line = sparkline(history, now);
  const sum = sumOf(history, now);
  if (line === undefined || sum === undefined) return null;
  const { peakBytes, peakAt, swapBytes, spills } = sum;
  const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(peakAt);
  return (
    <List.Section title="Last 24 Hours" subtitle="as the menu bar saw them">
      <List.Item
        id="history"
        title={`Peak ${formatBytes(peakBytes)}`}
        subtitle={`${line}  loaded models, hour by hour`}
        keywords={["history", "day", "hours", "swap", "spilled"]}
        icon={Icon.LineChart}
        accessories={[
          ...(spills === 0
            ? []
            : [
                { tag: { value: `${spills} spilled`, color: Color.Orange }, tooltip: "Models that spilled to the CPU" },
              ]),
          ...(swapBytes === undefined ? [] : [{ text: `swap ${formatBytes(swapBytes)}`, tooltip: "Most swap used" }]),
          { text: `from ${time} on`, tooltip: "When loaded models took the most GPU memory" },
        ]}
        actions={<RowActions memory={memory} copy={formatBytes(peakBytes, 2)} />}
      />
    </List.Section>
  );
}
