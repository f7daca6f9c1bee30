export { bridgeJson, bridgeRequest, bridgeUrl, readCredential, type BridgeBytes } from './request';
export { retryWhileUnavailable } from './retry';
export { codeOf } from './problem';
