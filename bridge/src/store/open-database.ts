/** Opens the database that the settings name; the rest of the bridge does not know which one it is. */
export { openDatabase } from './sqlite/sqlite-database.ts';
export { restoreBackup } from './sqlite/backup.ts';
