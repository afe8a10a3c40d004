/**
 * Turns the alerts and the dashboard of observability/ into the form that a cluster takes: a PrometheusRule, and a
 * ConfigMap for Grafana's sidecar. `npm run docs` writes both; with --check it tells whether they are out of date.
 */
import { format, resolveConfig } from 'prettier';
import { parse, stringify } from 'yaml';

export const clusterObservability = {
  'k8s/components/alerts/prometheus-rule.yaml': (read) => ({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'marblerun', labels: { 'app.kubernetes.io/part-of': 'marblerun' } },
    spec: { groups: parse(read('observability/rules.yml')).groups },
  }),
  'k8s/components/alerts/dashboard.yaml': (read) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'marblerun-dashboard',
      labels: { 'app.kubernetes.io/part-of': 'marblerun', grafana_dashboard: '1' },
    },
    data: { 'marblerun.json': read('observability/grafana/dashboards/marblerun.json') },
  }),
};

export async function asManifest(path, object) {
  const text = `# Written by \`npm run docs\` from observability/.\n${stringify(object, { lineWidth: 0 })}`;
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}
