/** Where a store is, as a URL: a folder (`file:///…`), or a bucket that is reached by the S3 protocol (`s3://…`). */
import { fileURLToPath } from 'node:url';

interface DiskLocation {
  readonly kind: 'disk';
  readonly folder: string;
}

interface S3Location {
  readonly kind: 's3';
  readonly bucket: string;
  /** Before every name of an object: empty, or it ends with a slash. */
  readonly prefix: string;
  /** Null: as the environment says. */
  readonly region: string | null;
  /** Null: Amazon's own. */
  readonly endpoint: string | null;
  /** Whether the bucket is in the path and not in the name of the host. */
  readonly pathStyle: boolean;
  /** Encryption that the server is asked for; null: as the bucket is set. */
  readonly encryption: 'AES256' | 'aws:kms' | null;
  readonly kmsKeyId: string | null;
}

export type StoreLocation = DiskLocation | S3Location;

const OPTIONS = ['region', 'endpoint', 'pathStyle', 'sse', 'kmsKeyId'] as const;
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;
const PREFIX = /^[A-Za-z0-9_.=/-]*$/;
const FORMS = 's3://bucket/prefix?region=eu-central-1, or file:///folder';

/** The place as a person names it. */
export const placeOf = (location: StoreLocation): string =>
  location.kind === 'disk' ? location.folder : `s3://${location.bucket}/${location.prefix}`;

/** @throws Error with a sentence that says what to write, and repeats nothing that could be a secret */
export function parseStoreUrl(text: string): StoreLocation {
  if (!URL.canParse(text)) throw new Error(`It is not a URL. Write ${FORMS}.`);
  const url = new URL(text);
  if (url.protocol === 'file:') {
    if (url.host !== '' || url.search !== '') throw new Error('Write a folder of this machine: file:///folder.');
    return { kind: 'disk', folder: fileURLToPath(url) };
  }
  if (url.protocol !== 's3:') throw new Error(`Its scheme is not supported. Write ${FORMS}.`);
  return s3LocationOf(url);
}

function s3LocationOf(url: URL): S3Location {
  if (url.username !== '' || url.password !== '')
    throw new Error(
      'It contains credentials, which logs could show. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use another way of the AWS SDK.',
    );
  const unknown = [...url.searchParams.keys()].find((name) => !(OPTIONS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Error(`"${unknown}" is not an option. The options are ${OPTIONS.join(', ')}.`);
  const option = (name: (typeof OPTIONS)[number]): string | null => url.searchParams.get(name) || null;
  const bucket = decodeURIComponent(url.host);
  if (!BUCKET.test(bucket)) throw new Error(`It does not name a bucket. Write ${FORMS}.`);
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  if (!PREFIX.test(prefix)) throw new Error('Its prefix may have letters, digits and _ . = - / only.');
  const endpoint = endpointOf(option('endpoint'));
  return {
    kind: 's3',
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    region: option('region'),
    endpoint,
    // What people run themselves rarely has a name for each bucket.
    pathStyle: booleanOf('pathStyle', option('pathStyle')) ?? endpoint !== null,
    ...encryptionOf(option('sse'), option('kmsKeyId')),
  };
}

function endpointOf(text: string | null): string | null {
  if (text === null) return null;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Error(
      'Its endpoint is not an http or https URL. Write, for example, endpoint=https://minio.example:9000.',
    );
  const { username, password, origin } = new URL(text);
  if (username !== '' || password !== '') throw new Error('Its endpoint contains credentials, which logs could show.');
  return origin;
}

function booleanOf(name: string, text: string | null): boolean | null {
  if (text === null) return null;
  if (text !== 'true' && text !== 'false') throw new Error(`${name} is true or false.`);
  return text === 'true';
}

function encryptionOf(sse: string | null, kmsKeyId: string | null): Pick<S3Location, 'encryption' | 'kmsKeyId'> {
  if (sse !== null && sse !== 'AES256' && sse !== 'aws:kms') throw new Error('sse is AES256 or aws:kms.');
  if (kmsKeyId !== null && sse !== 'aws:kms') throw new Error('kmsKeyId needs sse=aws:kms.');
  return { encryption: sse, kmsKeyId };
}
