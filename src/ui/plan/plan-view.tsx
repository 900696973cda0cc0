import { Action, Detail, Icon, List, useNavigation } from "@raycast/api";
import { isApplicable } from "../../apply/is-applicable";
import { comfortable, comfortableText, pickFor } from "../../fit/picks/comfortable";
import { changesSomething, headline, type PlanOption } from "../../fit/plan/options";
import type { PlanKind } from "../../fit/plan/proposals";
import { MakeItFitView } from "./make-it-fit-view";
import { PlanActions } from "./plan-actions";
import { planMarkdown, waysOutMarkdown } from "./plan-markdown";
import { PlanMetadata } from "./plan-metadata";
import { planText } from "./plan-text";
import { useApply } from "./use-apply";
import { type PlanProps, usePlanWork } from "./use-plan-work";
import { VERDICT_ICONS } from "../shared/verdict-look";

const OPTION_ICONS: Readonly<Record<PlanKind, Icon>> = {
  "already-fits": Icon.CheckCircle,
  "reload-model": Icon.ArrowClockwise,
  "unload-others": Icon.Eject,
  "client-context": Icon.Plug,
  "safe-context": Icon.Plug,
  "other-build": Icon.Switch,
  "gguf-build": Icon.Download,
  "short-keep-alive": Icon.Clock,
  "higher-limit": Icon.Gauge,
  "smaller-context": Icon.Minimize,
  "raise-and-cap": Icon.Gauge,
  "one-request": Icon.Person,
  "quantized-kv-cache": Icon.Compass,
  "smaller-mlx-build": Icon.Download,
  "smaller-build": Icon.Download,
  "smaller-build-and-more": Icon.Download,
  "beyond-reserve": Icon.Warning,
  "close-apps": Icon.AppWindow,
};

/** Every way to make one model fit: the least change first, with before and after. */
export function PlanView(props: PlanProps) {
  const { push } = useNavigation();
  const { title, state, isLoading, work } = usePlanWork(props);
  const page = { ...props, ...work, found: state?.found };
  const apply = useApply(work, { makeItFit: (failed) => push(<MakeItFitView {...page} failed={failed} />) });
  if (state === undefined) return <List isLoading navigationTitle={title} />;
  const { plan, checkBuilds } = state;
  const mac = pickFor(state.planned.input, state.planned);
  const picks = mac === undefined ? [] : comfortableText(mac);
  const pull = mac && comfortable(mac).find(({ isInstalled }) => !isInstalled);
  if (plan.kind === "impossible") {
    return (
      <Detail
        isLoading={isLoading}
        navigationTitle={title}
        markdown={waysOutMarkdown("# It Doesn't Fit", plan.before, plan.impossible)}
        actions={<PlanActions {...work} pull={pull} checkBuilds={checkBuilds} />}
      />
    );
  }
  if (plan.kind === "unknown") {
    return (
      <List isLoading={isLoading} navigationTitle={title}>
        <List.EmptyView
          icon={VERDICT_ICONS.unknown}
          title="No Plan Available"
          description={plan.reason}
          actions={<PlanActions {...work} />}
        />
      </List>
    );
  }
  const { options, instead } = plan;
  const item = (option: PlanOption) => (
    <List.Item
      key={option.title}
      title={option.title}
      icon={OPTION_ICONS[option.kind]}
      detail={
        <List.Item.Detail
          markdown={planMarkdown(plan.before, option)}
          metadata={<PlanMetadata plan={plan} option={option} picks={picks} />}
        />
      }
      actions={
        <PlanActions
          {...work}
          option={option}
          choose={
            changesSomething(option) &&
            isApplicable(option, work.snapshot.server) && (
              <Action.Push
                title="Make It Fit This Way"
                icon={Icon.Wand}
                target={<MakeItFitView {...page} way={option} />}
              />
            )
          }
          apply={changesSomething(option) ? undefined : apply}
          text={planText(title, plan.before, options, option)}
          checkBuilds={(option.changes.build ?? option.changes.pullBuild) && checkBuilds}
        />
      }
    />
  );
  const items = options.map(item);
  const first = instead ? (
    <List.Item
      title="A Smaller Model Instead"
      icon={Icon.LightBulb}
      detail={<List.Item.Detail markdown={waysOutMarkdown("## A Smaller Model Instead", plan.before, instead)} />}
      actions={<PlanActions {...work} pull={pull} checkBuilds={checkBuilds} />}
    />
  ) : (
    items.shift()
  );
  return (
    <List
      isLoading={isLoading}
      isShowingDetail
      navigationTitle={title}
      searchBarPlaceholder={`Ways to make ${title} fit`}
      filtering={{ keepSectionOrder: true }}
    >
      <List.Section title={headline(plan)}>{first}</List.Section>
      {items.length > 0 && <List.Section title="Other Ways">{items}</List.Section>}
    </List>
  );
}
