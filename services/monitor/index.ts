export { buildMonitor } from './app.js';
export { monitorVariables, readConfig, type MonitorConfig } from './config.js';
export { proxyVariables } from './docker-proxy/config.js';
export { startMonitor, type MonitorOptions, type RunningMonitor } from './start.js';
export { RunMonitor } from './run-monitor.js';
