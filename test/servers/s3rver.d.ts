/** s3rver has no types; this is what the tests use of it. */
declare module '@20minutes/s3rver' {
  import type { RequestListener } from 'node:http';

  export default class S3rver {
    constructor(options: { readonly directory: string; readonly silent: boolean; readonly vhostBuckets: boolean });
    /** Koa's. */
    readonly middleware: unknown[];
    callback(): RequestListener;
  }
}

declare module '@20minutes/s3rver/lib/models/account.js' {
  interface Account {
    createKeyPair(accessKeyId: string, secretAccessKey: string): void;
    revokeAccessKey(accessKeyId: string): void;
  }
  const accounts: { readonly DUMMY_ACCOUNT: Account };
  export default accounts;
}
