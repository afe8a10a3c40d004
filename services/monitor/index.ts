export { buildMonitor } from './app.js';
export { monitorVariables, readConfig, type MonitorConfig } from './config.js';
export { RunMonitor } from './run-monitor.js';
