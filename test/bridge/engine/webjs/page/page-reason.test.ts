import { expect, test } from '@jest/globals';
import { withoutNumbers } from '../../../../../bridge/src/engine/webjs/page/page-reason.ts';

test('what the page says names nobody by number, and keeps its other figures', () => {
  expect(withoutNumbers('No LID for user 4915112345678@c.us')).toBe('No LID for user …@c.us');
  expect(withoutNumbers('took longer than 120000 ms, status 404')).toBe('took longer than 120000 ms, status 404');
});
