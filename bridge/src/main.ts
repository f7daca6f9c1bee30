/** The bridge as a program of its own. What it consists of is loaded only once the process has restarted (ADR 14). */
import { keepYoungGenerationSmall } from './ops/young-generation.ts';

keepYoungGenerationSmall(import.meta.filename);
const [{ runBridge }, { loadSettings }, { errorLines }] = await Promise.all([
  import('./run-bridge.ts'),
  import('./config/load-settings.ts'),
  import('./cli/failure.ts'),
]);
try {
  await runBridge(loadSettings(process.env));
} catch (error) {
  process.stderr.write(`${errorLines(error, false)}\n`);
  process.exitCode = 1;
}
