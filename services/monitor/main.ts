#!/usr/bin/env node
/**
 * The Monitor: brings back dropped marbles. Its environment configures it (docs/CONFIGURATION.md).
 */
import { endAtSignals } from '@marblerun/service/early';

endAtSignals(); // before the rest is loaded
const { runService } = await import('@marblerun/service');
const { buildMonitor } = await import('./app.js');
const { readConfig } = await import('./config.js');

await runService(() => buildMonitor(readConfig()));
