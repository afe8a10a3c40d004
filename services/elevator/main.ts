#!/usr/bin/env node
/**
 * The Elevator: carries marbles between runs. Configured by its environment (docs/CONFIGURATION.md).
 */
import { runService } from '@marblerun/service';
import { buildElevator } from './app.js';
import { readConfig } from './config.js';

await runService(() => buildElevator(readConfig()));
