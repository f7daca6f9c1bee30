import { expect, test } from '@jest/globals';
import { SendGate } from '../../../../../bridge/src/engine/webjs/outbound/send-gate.ts';

test('a gate that closes lets nothing more in and waits for what is inside', async () => {
  const gate = new SendGate();
  const order: string[] = [];
  let finish = (): void => undefined;
  const slow = gate.pass(() => new Promise<void>((resolve) => (finish = resolve))).then(() => order.push('sent'));
  const failing = gate.pass(() => Promise.reject(new Error('refused')));
  const closed = gate.close('it is restarted').then(() => order.push('closed'));
  await expect(failing).rejects.toThrow('refused');
  await expect(gate.pass(() => Promise.resolve('late'))).rejects.toMatchObject({
    outcome: 'defer',
    code: 'WAB_SESSION_NOT_READY',
    message: 'it is restarted',
  });
  expect(order).toEqual([]);
  finish();
  await Promise.all([slow, closed]);
  expect(order).toEqual(['sent', 'closed']);
  await gate.close('again');
});
