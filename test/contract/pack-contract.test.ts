import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import Type from 'typebox';
import { ExpiryField, RecipientField, SessionField, textField } from '../../bridge/src/contract/fields.ts';
import { operation } from '../../bridge/src/contract/operation.ts';
import { OPERATIONS } from '../../bridge/src/contract/operations/operations.ts';
import { nullable, object } from '../../bridge/src/contract/schema.ts';
import { OutboxMessage } from '../../bridge/src/contract/views/outbox-message.ts';
import { renderPack, renderPackContract } from '../../scripts/generate-pack-contract.ts';
import { entryOf, NOT_OFFERED, renderPackOperations } from '../../scripts/pack-operations.ts';

test("the pack's files are what the contract generates (else run `npm run generate`)", () => {
  for (const [path, text] of renderPack()) expect(readFileSync(path, 'utf8')).toBe(text);
});

test('the generated contract names every frame and every event type', () => {
  const text = renderPackContract();
  for (const name of ['ClientSubscribe', 'ClientNack', 'BridgeHello', 'BridgeReset', 'BridgeBye'])
    expect(text).toContain(`export type ${name} =`);
  expect(text).toContain("'message.received': { description:");
});

describe('the table of operations', () => {
  test('has every operation, unless it says why the node does not offer it', () => {
    const text = renderPackOperations();
    for (const { id } of OPERATIONS) expect([id, text.includes(`\n  '${id}': {`)]).toEqual([id, !(id in NOT_OFFERED)]);
    for (const reason of Object.values(NOT_OFFERED)) expect(reason).toMatch(/\w+ \w+/);
  });

  test('says what the node has to know of each field', () => {
    const sendPoll = operation({
      id: 'message.sendPoll',
      via: { outbox: 'repeatable' },
      scope: 'messages:send',
      summary: 'Send a poll',
      tag: 'messages',
      operationId: 'sendPoll',
      http: { method: 'POST', path: '/messages', status: 202, type: 'poll' },
      input: object({
        session: SessionField,
        to: RecipientField,
        expiresInSeconds: Type.Optional(ExpiryField),
        question: textField('visible', { maxLength: 255, description: 'what is asked' }),
        options: Type.Array(textField('visible', { maxLength: 100 }), { minItems: 2, maxItems: 12 }),
        allowMultipleAnswers: Type.Optional(Type.Boolean({ default: false })),
        proxy: nullable(Type.String({ pattern: '^x' })),
      }),
      result: OutboxMessage,
      errors: [],
      examples: [],
    });
    expect(entryOf(sendPoll)).toEqual({
      summary: 'Send a poll',
      carrier: 'outbox',
      method: 'POST',
      path: '/v1/messages',
      type: 'poll',
      result: 'object',
      fields: {
        session: { type: 'string', role: 'session', required: true },
        to: { type: 'string', role: 'recipient', required: true },
        expiresInSeconds: { type: 'integer', role: 'expiry', required: false },
        question: { type: 'string', rule: 'visible', maxLength: 255, required: true, description: 'what is asked' },
        options: {
          type: 'array',
          required: true,
          items: { type: 'string', rule: 'visible', maxLength: 100 },
          minItems: 2,
          maxItems: 12,
        },
        allowMultipleAnswers: { type: 'boolean', required: false, default: false },
        proxy: { type: 'string', pattern: '^x', required: true, nullable: true },
      },
    });
  });

  test('does not take a schema for which the node has no field', () => {
    const odd = { ...OPERATIONS[0], input: object({ what: Type.Union([Type.String(), Type.Number()]) }) };
    expect(() => entryOf(odd)).toThrow('The node has no field for this schema');
  });
});
