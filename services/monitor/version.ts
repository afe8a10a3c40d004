/**
 * The name of this Monitor on the bus. It is for people, not for other Monitors, since there is no leader.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

const about = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

export const VERSION = about.version;
export const NAME = `${hostname()}:${process.pid}`;
