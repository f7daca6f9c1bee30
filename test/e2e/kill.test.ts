/** n8n and the bridge killed under 400 events. */
import { killed } from './kill.suite.ts';

killed(400);
