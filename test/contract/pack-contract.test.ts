import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { PACK_CONTRACT_PATH, renderPackContract } from '../../scripts/generate-pack-contract.ts';

test("the pack's contract is what the bridge's contract generates (else run `npm run generate`)", () => {
  expect(readFileSync(PACK_CONTRACT_PATH, 'utf8')).toBe(renderPackContract());
});

test('the generated contract names every frame and every event type', () => {
  const text = renderPackContract();
  for (const name of ['ClientSubscribe', 'ClientNack', 'BridgeHello', 'BridgeReset', 'BridgeBye'])
    expect(text).toContain(`export type ${name} =`);
  expect(text).toContain("'message.received': { description:");
});
