/** The export of the services: every metric with its type and the labels of its series. */
export interface Exported {
  readonly type: string;
  readonly help: string;
  readonly labels: ReadonlySet<string>;
}

/** Reads Prometheus' text format. A histogram also yields the names of its series: _bucket, _sum, _count. */
export function readExposition(text: string): Map<string, Exported> {
  const metrics = new Map<string, Exported & { labels: Set<string> }>();
  const help = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, what, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (what === 'HELP') help.set(name, rest);
    if (what === 'TYPE') {
      for (const series of rest === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])
        metrics.set(series, { type: rest, help: help.get(name) ?? '', labels: new Set() });
    }
    const [, series = '', labels = ''] = /^([a-z_]\w*)(?:\{(.*)\})? \S+$/i.exec(line) ?? [];
    for (const [, label] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) {
      for (const owner of [series, series.replace(/_(bucket|sum|count)$/, '')]) metrics.get(owner)?.labels.add(label!);
    }
  }
  return metrics;
}
