/**
 * The part of the Monitor's API that shows what Monitors do to containers.
 */
import type { Routes } from '@marblerun/service';
import { z } from 'zod';
import { view, type Find } from './api-views.js';
import { notedRestart } from './docker/restart-note.js';
import { scaledService } from './docker/scale-note.js';

const containers = z.object({
  docker: z.boolean().describe('whether this Monitor asks a Docker engine; otherwise there is nothing here'),
  scaled: z.array(scaledService).describe('compose services that ask to be scaled'),
  restarts: z.array(notedRestart).describe('containers restarted within the last hour because a worker in them hung'),
  restarting: z.string().describe('why none is restarted now, or which one is; empty where none had to be'),
});

export function registerContainers(routes: Routes, find: Find): void {
  const schema = view('What Monitors do to containers', containers);
  routes.get('/api/runs/:run/containers', { schema }, async ({ params }) => {
    const { upkeep } = find(params.run);
    if (!upkeep) return { docker: false, scaled: [], restarts: [], restarting: '' };
    const { scaled, restarting } = await upkeep.noted();
    const { restarts, state } = restarting;
    return { docker: true, scaled: [...scaled], restarts, restarting: state };
  });
}
