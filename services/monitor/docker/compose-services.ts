/**
 * Sorts containers into the compose services of a run that ask to be scaled, by their labels.
 */
import { RUN_LABEL, type EngineContainer } from './engine.js';
import { COMPOSE } from './likeness.js';
import { readScaleRule, type LabelMistake, type ScaleRule } from './scale-labels.js';

export interface ComposeService {
  readonly project: string;
  readonly service: string;
  readonly containers: readonly EngineContainer[];
  /** The rule of its newest containers, or what is wrong with their labels. */
  readonly rule: ScaleRule | LabelMistake;
}

const SCALE = /^marblerun\.scale\./;

/** Returns the runs that a container works for. */
export function runsOf({ labels }: EngineContainer): string[] {
  return (labels[RUN_LABEL] ?? '').split(',').map((run) => run.trim());
}

/** `listed`: the newest first, as an engine lists them. */
export function scaledServices(run: string, listed: readonly EngineContainer[]): ComposeService[] {
  const groups = new Map<string, EngineContainer[]>();
  for (const container of listed) {
    const { labels } = container;
    const asks = Object.keys(labels).some((label) => SCALE.test(label)) && runsOf(container).includes(run);
    if (!asks || labels[COMPOSE.oneoff] === 'True') continue;
    const name =
      labels[COMPOSE.number] === undefined ? ['', container.name] : [labels[COMPOSE.project], labels[COMPOSE.service]];
    const key = JSON.stringify(name);
    groups.set(key, [...(groups.get(key) ?? []), container]);
  }
  return [...groups].sort().map(([key, containers]) => {
    const [project, service] = JSON.parse(key) as [string, string];
    return { project, service, containers, rule: ruleOf(containers[0]!) };
  });
}

function ruleOf(container: EngineContainer): ScaleRule | LabelMistake {
  const { labels } = container;
  if (labels[COMPOSE.number] === undefined)
    return { label: COMPOSE.number, mistake: 'is not given; allowed: containers that compose has made' };
  if (runsOf(container).length > 1)
    return { label: RUN_LABEL, mistake: `${JSON.stringify(labels[RUN_LABEL])} names several runs; allowed: one` };
  return readScaleRule(labels);
}
