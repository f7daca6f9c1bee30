/** n8n and the bridge killed under 1,000 events. */
import { killed } from '../e2e/kill.suite.ts';

killed(1_000);
