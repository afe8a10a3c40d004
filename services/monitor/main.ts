#!/usr/bin/env node
/**
 * The Monitor: brings back dropped marbles. Configured by its environment (docs/CONFIGURATION.md).
 */
import { runService } from '@marblerun/service';
import { buildMonitor } from './app.js';
import { readConfig } from './config.js';

await runService(() => buildMonitor(readConfig()));
