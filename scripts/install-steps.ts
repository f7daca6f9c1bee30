/**
 * How the packed pack gets into an n8n of one's own: the words that `npm run pack:n8n` prints and the README has. n8n
 * puts a community package into place in the same way: it unpacks the tarball below its folder for nodes.
 */

/** The tarball, below the root of the repository; without a version, so that what is written down stays true. */
export const TARBALL = 'n8n-nodes-wabridge.tgz';

export interface InstallSteps {
  readonly where: string;
  /** For a shell in the root of the repository. */
  readonly commands: readonly string[];
  readonly then: string;
}

const unpackInto = (tar: string): string =>
  `mkdir -p ~/.n8n/nodes/node_modules/n8n-nodes-wabridge && ${tar} -C ~/.n8n/nodes/node_modules/n8n-nodes-wabridge --strip-components=1`;

export const INSTALL_STEPS: readonly InstallSteps[] = [
  {
    where: 'n8n installed by npm',
    commands: [unpackInto(`tar -xzf ${TARBALL}`)],
    then: 'Restart n8n. If N8N_USER_FOLDER is set, use that folder instead of ~.',
  },
  {
    where: 'n8n in Docker (a container named n8n, with a volume at /home/node/.n8n)',
    commands: [`docker exec -i n8n sh -c '${unpackInto('tar -xz')}' < ${TARBALL}`, 'docker restart n8n'],
    then: 'The pack is in the volume, so it survives an update of the image.',
  },
  {
    where: 'queue mode',
    commands: [],
    then: 'Do the same on every n8n instance: main, workers and webhook processors. Then restart all of them.',
  },
];

/** All of it, for a terminal. */
export function installText(): string {
  const paragraphs = INSTALL_STEPS.map(({ where, commands, then }) =>
    [`${where}:`, ...commands.map((command) => `  ${command}`), `  ${then}`].join('\n'),
  );
  return [
    `The pack is in ${TARBALL}. Install it in n8n 2.20 or newer like this; the same steps also replace an older version.`,
    ...paragraphs,
    'Then continue in README.md with "Your own n8n".',
  ].join('\n\n');
}
