/** Eight sessions in headless shells, which is the browser that the bridge takes where it can choose. */
import { manySessions } from './many-sessions.suite.ts';

manySessions('headless shell', 2);
