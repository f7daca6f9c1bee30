/**
 * What would be published: packs `n8n-nodes-wabridge`, looks at what the tarball holds and runs the rules of n8n's own
 * package scanner over it and over the sources, where a warning counts as a failure.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildScanConfig, SOURCE_FILE_PATTERNS } from '@n8n/scan-community-package/scanner/scanner.mjs';
import { ESLint } from 'eslint';
import { npm, root, run } from './tasks.ts';

interface Manifest {
  readonly n8n: { readonly nodes: readonly string[]; readonly credentials: readonly string[] };
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

const problems: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'wabridge-package-'));
try {
  const packed = await npm(['pack', '--pack-destination', folder]);
  if (packed.code !== 0) throw new Error('npm pack failed');
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error('npm pack wrote no tarball');
  await run('tar', ['-xzf', tarball], { cwd: folder });
  const unpacked = join(folder, 'package');

  const files = readdirSync(unpacked, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(unpacked.length + 1));
  const allowed =
    /^(package\.json|README\.md|LICENSE|dist\/(nodes|credentials|icons)\/.+\.(js|js\.map|d\.ts|json|svg))$/;
  for (const file of files)
    if (!allowed.test(file)) problems.push(`the tarball contains ${file}, which is not part of the pack`);

  const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as Manifest;
  for (const file of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) {
    if (!files.includes(file)) problems.push(`package.json refers to ${file}, which is missing from the tarball`);
  }
  if (Object.keys(manifest.dependencies ?? {}).length > 0) problems.push('the pack has runtime dependencies');
  if (Object.keys(manifest.peerDependencies ?? {}).join() !== 'n8n-workflow')
    problems.push('the only peer dependency may be n8n-workflow');

  const scan = async (where: string, patterns: string[]): Promise<void> => {
    const eslint = new ESLint({
      cwd: where,
      allowInlineConfig: false,
      overrideConfigFile: true,
      overrideConfig: await buildScanConfig(),
    });
    for (const { filePath, messages } of await eslint.lintFiles(patterns)) {
      for (const { line, message, ruleId } of messages) {
        problems.push(`${filePath.slice(where.length + 1)}:${line} ${message} (${ruleId})`);
      }
    }
  };
  await scan(unpacked, ['**/*.js', '**/*.json']);
  await scan(root, SOURCE_FILE_PATTERNS);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
