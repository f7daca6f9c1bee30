/** Eight sessions, each in a whole Chromium. */
import { manySessions } from '../browser/many-sessions.suite.ts';

manySessions('chromium', 3);
