/** `npm run generate`: writes every file that is generated from the catalogues. Tests fail while one of them is out of date. */
import { run } from './tasks.ts';

/** In this order: the others load the catalogues by their indexes. */
const SCRIPTS = ['write-indexes.ts', 'write-docs.ts', 'generate-pack-contract.ts'];

for (const script of SCRIPTS) {
  const { code } = await run(process.execPath, [`scripts/${script}`]);
  if (code !== 0) process.exit(code);
}
