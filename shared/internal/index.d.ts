export * from '../dist/communicator/internal.js';
