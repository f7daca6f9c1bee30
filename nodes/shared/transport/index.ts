export { bridgeJson, bridgeRequest, bridgeUrl, readCredential, type BridgeBytes } from './request';
export { whileAway } from './patience';
export { codeOf } from './problem';
