/** Table of the media library. Times are milliseconds since the epoch. */
export interface MediaTable {
  id: string;
  /** The session whose message carries it; null for an upload. */
  session: string | null;
  /** Of an upload: the sessions of the key that made it, as a JSON list; null for a key with all sessions. */
  owner_sessions: string | null;
  /** The message to fetch it from; null for an upload. */
  wire_id: string | null;
  kind: string | null;
  state: 'pending' | 'stored' | 'failed';
  /** Found in the bytes; what the sender stated while pending. */
  mime_type: string;
  size_bytes: number;
  /** Hex; empty while pending. */
  sha256: string;
  file_name: string | null;
  failure: string | null;
  attempts: number;
  /** Not to be fetched before this; null once it need not be fetched. */
  due_at: number | null;
  created_at: number;
  updated_at: number;
}

export interface MediaTables {
  media: MediaTable;
}
