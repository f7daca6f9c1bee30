/** What the catalogue says of an error. */
export interface ErrorDefinition {
  /** Of the HTTP answer. */
  readonly status: number;
  /** Whether repeating the same request later can succeed without anybody changing anything. */
  readonly retryable: boolean;
  /** A template: `{name}` is filled from the details. Says what is wrong and what to do next. */
  readonly message: string;
}
