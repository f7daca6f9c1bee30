/**
 * Node's `http` for whoever needs it while the bridge starts. An ES import of `node:http` reads everything that the module
 * exports, and some of that loads a second HTTP client first: 80 ms of processor time and its memory, for nothing.
 */
import process from 'node:process';

export const http = process.getBuiltinModule('node:http');
