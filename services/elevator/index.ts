export { buildElevator } from './app.js';
export { Carrier, type CarrierOptions, type LaneStatus } from './carrier.js';
export { elevatorVariables, readConfig, type ElevatorConfig } from './config.js';
export { startElevator, type ElevatorOptions, type RunningElevator } from './start.js';
export { readLanes, type Lane, type Run } from './lanes.js';
export { createLaneMetrics } from './lane-metrics.js';
