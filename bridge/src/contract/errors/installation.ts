/** What is wrong on the machine of the bridge: settings, browser, ports, database, disk and backups. */
import type { ErrorDefinition } from './definition.ts';

export const INSTALLATION_ERRORS = {
  WAB_CONFIG_INVALID: { status: 500, retryable: false, message: 'The settings are not valid: {reason}' },
  WAB_BROWSER_NOT_FOUND: {
    status: 500,
    retryable: false,
    message:
      'No usable browser was found: {reason}. Run `wabridge browser install`, or install one (Debian: apt-get install chromium-headless-shell) and, if the bridge does not find it, set browserPath (WABRIDGE_BROWSER_PATH) to its path.',
  },
  WAB_BROWSER_INSTALL_FAILED: {
    status: 500,
    retryable: false,
    message:
      'The browser could not be installed: {reason}. Check the network, or install chromium-headless-shell, chromium or Chrome another way and set browserPath (WABRIDGE_BROWSER_PATH) to its path.',
  },
  WAB_DATABASE_LOCKED: {
    status: 500,
    retryable: false,
    message:
      'The data folder {folder} is in use by another wabridge (process {pid}). Stop it first, or choose another folder with WABRIDGE_DATA_DIR.',
  },
  WAB_PORT_IN_USE: {
    status: 500,
    retryable: false,
    message:
      'Another program, perhaps a second wabridge, already listens on {address}. Stop it, or choose another port with {setting}.',
  },
  WAB_ADDRESS_UNUSABLE: { status: 500, retryable: false, message: 'The bridge cannot listen on {address}: {reason}.' },
  WAB_PATH_UNUSABLE: {
    status: 500,
    retryable: false,
    message:
      'The path {path} cannot be used: {reason}. Fix that, or choose another path (for the data folder, set WABRIDGE_DATA_DIR).',
  },
  WAB_DATABASE_DAMAGED: {
    status: 500,
    retryable: false,
    message:
      'The database in {folder} is damaged: {reason}. Keep a copy of the folder, check the disk, and restore a backup with `wabridge restore <backup>`; the runbook says what to do if you have none.',
  },
  WAB_DATABASE_NEWER: {
    status: 500,
    retryable: false,
    message:
      'The database was last used by a newer version of wabridge (this version does not know its schema {schema}). Start the newer version, or restore a backup made by this version.',
  },
  WAB_DATABASE_EMPTY: {
    status: 500,
    retryable: false,
    message:
      'The database {file} is missing or empty, but {beside} shows that this data folder has been used before. Restore the database (`wabridge restore <backup>`), or move the empty file and {beside} away to start over.',
  },
  WAB_DATABASE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message:
      'The database is not available: {reason}. The bridge keeps trying. Try again in a few seconds, with the same Idempotency-Key if the request has one.',
  },
  WAB_DATABASE_UNUSABLE: {
    status: 500,
    retryable: false,
    message:
      'The database at {server} cannot be used: {reason}. Correct that, or WABRIDGE_DATABASE_URL; bridge/docs/storage.md says what the bridge needs.',
  },
  WAB_DATABASE_IN_USE: {
    status: 500,
    retryable: false,
    message:
      'The database at {server} is in use by another wabridge (its connection comes from {client}, process {pid} of the server). Stop it first, or choose another database with WABRIDGE_DATABASE_URL.',
  },
  WAB_DATABASE_CHANGED: {
    status: 500,
    retryable: false,
    message:
      'While the connection to the database at {server} was lost, another wabridge wrote to it, or the server lost what it had confirmed (a failover to a standby that lags). The bridge stops, since what it holds in memory no longer fits. Start it again; after such a failover, run `wabridge database restored` first.',
  },
  WAB_DATABASE_NOT_COPIED: {
    status: 500,
    retryable: false,
    message:
      'The database at {server} is empty, but this data folder has been used with the database {file}. To take everything along, unset WABRIDGE_DATABASE_URL, run `wabridge database copy --to <that URL>`, and set it again. To start over with an empty database, move the file away.',
  },
  WAB_DATABASE_NOT_EMPTY: {
    status: 409,
    retryable: false,
    message:
      'The target of the copy has content already ({database}). Choose an empty one: create another PostgreSQL database, or move the file of SQLite away together with the files beside it that end in -wal and -shm.',
  },
  WAB_DATABASE_COPY_UNFINISHED: {
    status: 500,
    retryable: false,
    message:
      'A copy from {peer} into this database ({database}) was begun and is not finished. Run the same `wabridge database copy` again, with the settings that name the source: it continues from where it stopped. To give up the copy, drop the target database (or remove its file) and use the source.',
  },
  WAB_DATABASE_COPY_STOPPED: {
    status: 503,
    retryable: true,
    message: 'The copy stopped: {reason}. Run the same command again: it continues from where it stopped.',
  },
  WAB_DATABASE_COPY_DIFFERS: {
    status: 500,
    retryable: false,
    message:
      'After the copy, source ({source}) and target ({target}) differ in: {tables}. The source was used since the copy began, or data was damaged on the way. Run the same command again: it copies everything once more.',
  },
  WAB_DATABASE_MOVED: {
    status: 500,
    retryable: false,
    message:
      'Everything in this database ({database}) was copied to another one ({peer}), which is used in its place: set WABRIDGE_DATABASE_URL to its URL, or unset it if it is the file in the data folder. To use this database again instead, run `wabridge database reopen`, and do not start a bridge on the other one any more: queued messages would be sent twice.',
  },
  WAB_BACKUP_BY_SERVER: {
    status: 409,
    retryable: false,
    message:
      'The database is on a PostgreSQL server, which has tools of its own for this: {tool}. See bridge/docs/storage.md.',
  },
  WAB_DISK_FULL: {
    status: 507,
    retryable: true,
    message:
      'The disk that holds the data folder, or the database, is full. Free some space; nothing from this request was stored.',
  },
  WAB_BACKUP_EXISTS: {
    status: 409,
    retryable: false,
    message: 'The file {file} already exists. Choose a new name for the backup.',
  },
  WAB_BACKUP_INVALID: { status: 422, retryable: false, message: 'The backup {file} cannot be restored: {reason}.' },
  WAB_PASSPHRASE_MISSING: {
    status: 400,
    retryable: false,
    message:
      'A backup of a login state is encrypted with a passphrase, and {reason}. Write the passphrase to a file and pass its path with --passphrase-file, set WABRIDGE_PASSPHRASE, or run the command in a terminal, where it asks for the passphrase.',
  },
  WAB_PASSPHRASE_WRONG: {
    status: 422,
    retryable: false,
    message:
      'The passphrase does not open {file}, or the beginning of the file was changed. Nothing was restored. Use the passphrase that the backup was made with.',
  },
  WAB_LOGIN_ABSENT: {
    status: 404,
    retryable: false,
    message:
      'There is no login state for session {session} in {folder}, or the session is not linked yet. Set the data folder with --data-dir or WABRIDGE_DATA_DIR; only sessions of the engine webjs have a login state to back up.',
  },
  WAB_LOGIN_EXISTS: {
    status: 409,
    retryable: false,
    message:
      'The folder {folder} already has a login state for session {session}. Restore with --replace to discard it, or back it up first with `wabridge session backup {session} <file>`.',
  },
  WAB_LOGIN_IN_USE: {
    status: 409,
    retryable: false,
    message:
      'The login state of session {session} is in use. Stop the session with `wabridge session stop {session}`, or the bridge that runs it, and try again.',
  },
} as const satisfies Record<string, ErrorDefinition>;
