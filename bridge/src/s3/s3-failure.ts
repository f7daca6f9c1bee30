/** What the AWS SDK throws, as errors of the catalogue: what is wrong with the store, and what to do next. */
import { WabError } from '../contract/errors.ts';

interface SdkFailure extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/** Which store is in a bucket: its errors, and the setting that names the bucket. */
export interface StoreKind {
  readonly unavailable: 'WAB_MEDIA_STORE_UNAVAILABLE' | 'WAB_PROFILE_STORE_UNAVAILABLE';
  readonly unusable: 'WAB_MEDIA_STORE_UNUSABLE' | 'WAB_PROFILE_STORE_UNUSABLE';
  readonly setting: 'WABRIDGE_MEDIA_URL' | 'WABRIDGE_PROFILES_URL';
}

/** Stands for the setting that names the bucket. */
const SETTING = '{setting}';
const CREDENTIALS = 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the other credentials of the AWS SDK';
const REGION = `The bucket is in another region. Set region in ${SETTING}`;

/** Why nothing works until somebody changes something, by the name of the error. */
const REFUSALS: Readonly<Record<string, string>> = {
  NoSuchBucket: `the bucket does not exist. Create it, or correct ${SETTING}`,
  AccessDenied:
    'access is denied. Allow s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload',
  InvalidAccessKeyId: `the access key is unknown. ${CREDENTIALS}`,
  SignatureDoesNotMatch: `the secret key is wrong. ${CREDENTIALS}`,
  InvalidToken: `the session token is not valid. ${CREDENTIALS}`,
  ExpiredToken: `the session token has expired. ${CREDENTIALS}`,
  CredentialsProviderError: `there are no credentials. ${CREDENTIALS}`,
  PermanentRedirect: REGION,
  AuthorizationHeaderMalformed: REGION,
  IllegalLocationConstraintException: REGION,
  RequestTimeTooSkewed: 'the clock of this machine is wrong. Set it (NTP)',
};
/** The same for answers without a body, which have no name. */
const REFUSALS_BY_STATUS: Readonly<Record<number, string>> = { 301: REGION, 403: REFUSALS['AccessDenied']! };

/** Why nothing works for now, by the code of the system. */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'the name service does not answer',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ETIMEDOUT: 'it does not answer in time',
};
const BUSY: Readonly<Record<string, string>> = {
  SlowDown: 'it asks for fewer requests',
  TimeoutError: 'it does not answer in time',
  AbortError: 'it does not answer in time',
};

/** Whether the store says that there is nothing under a key. */
export function isAbsent(error: unknown): boolean {
  const { name, $metadata } = error as SdkFailure;
  return name === 'NoSuchKey' || name === 'NotFound' || (name !== 'NoSuchBucket' && $metadata?.httpStatusCode === 404);
}

/** Whether the store does not know an operation of the protocol, as small servers may not. */
export function isUnsupported(error: unknown): boolean {
  const { name, $metadata } = error as SdkFailure;
  return name === 'NotImplemented' || $metadata?.httpStatusCode === 501 || $metadata?.httpStatusCode === 405;
}

/** Whether a condition of a write did not hold: the object has changed, exists already, or is being written by another. */
export function isConditionFailure(error: unknown): boolean {
  const { name, $metadata } = error as SdkFailure;
  const status = $metadata?.httpStatusCode;
  return status === 412 || name === 'PreconditionFailed' || name === 'ConditionalRequestConflict' || isAbsent(error);
}

/**
 * The failure as an error of the catalogue.
 *
 * @param store how a person names the store
 * @param atStart whether somebody starts the bridge or looks, and must be told what to change, instead of waiting
 */
export function explainS3(failure: unknown, store: string, kind: StoreKind, atStart = false): Error {
  if (failure instanceof WabError) return failure;
  const { name, code, $metadata: metadata } = failure as SdkFailure;
  const status = metadata?.httpStatusCode;
  // Without its members: among them are the access key and the text that was signed.
  const cause = new Error(`${name} (HTTP status ${status ?? 'none'}, request ${metadata?.requestId ?? 'unknown'})`);
  const refusal = (REFUSALS[name] ?? REFUSALS_BY_STATUS[status ?? 0])?.replace(SETTING, kind.setting);
  if (refusal !== undefined && atStart) return new WabError(kind.unusable, { store, reason: refusal }, { cause });
  const reason =
    refusal ??
    BUSY[name] ??
    NETWORK[code ?? ''] ??
    (status === undefined
      ? `the request failed (${code ?? name})`
      : `it answered with HTTP status ${status} (${name})`);
  return new WabError(kind.unavailable, { store, reason }, { cause });
}
