#!/usr/bin/env node
/**
 * The Elevator: carries marbles between runs. Its environment configures it (docs/CONFIGURATION.md).
 */
import { endAtSignals } from '@marblerun/service/early';

endAtSignals(); // before the rest is loaded
const { runService } = await import('@marblerun/service');
const { buildElevator } = await import('./app.js');
const { readConfig } = await import('./config.js');

await runService(() => buildElevator(readConfig()));
