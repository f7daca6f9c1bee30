/** Defaults of the trigger's options: what the editor shows, and what holds while an option is not added. */
export const DEFAULT_BACKLOG_HOURS = 1;
export const DEFAULT_BINARY_FIELD = 'data';
export const DEFAULT_MAX_IN_FLIGHT = 5;
export const DEFAULT_MEDIA_WAIT_SECONDS = 30;
export const DEFAULT_OUTAGE_MINUTES = 2;
