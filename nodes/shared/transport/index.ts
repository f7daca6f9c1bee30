export { bridgeJson, bridgeRequest, bridgeUrl, readCredential, type BridgeBytes } from './request';
export { retryWhileUnavailable } from './patience';
export { codeOf } from './problem';
