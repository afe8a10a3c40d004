/** All examples by name, in the order in which to look at them. */
import { chain } from './architectures/chain.js';
import { hubAndSpokes } from './architectures/hub-and-spokes.js';
import { manyNodes } from './architectures/many-nodes.js';
import { mesh } from './architectures/mesh.js';
import { oneNode } from './architectures/one-node.js';
import { fanOut, processFolder, resumeImport } from './batches/scenes.js';
import { checksums } from './checksums/scene.js';
import { verbs } from './communicator/scene.js';
import { monitored, unfinished, unmonitored } from './loop/scenes.js';
import type { Scene } from './stage/scene.js';

export const scenes: Readonly<Record<string, Scene>> = {
  monitored,
  unmonitored,
  unfinished,
  'one-node': oneNode,
  'many-nodes': manyNodes,
  'hub-and-spokes': hubAndSpokes,
  mesh,
  chain,
  'process-folder': processFolder,
  'resume-import': resumeImport,
  'fan-out': fanOut,
  checksums,
  verbs,
};
