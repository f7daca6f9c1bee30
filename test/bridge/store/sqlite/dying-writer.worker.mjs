// Stands in for a writer that dies over its first unit of work.
import { parentPort } from 'node:worker_threads';
parentPort.on('message', () => {
  throw new Error('the writer died');
});
parentPort.postMessage({ kind: 'opened' });
