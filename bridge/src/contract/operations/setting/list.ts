import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { SettingList } from '../../views/setting.ts';

export const listSettings = operation({
  id: 'setting.list',
  via: 'bridge',
  // Paths and addresses of the machine are for those who run it.
  scope: 'keys:manage',
  summary: 'The settings of the running bridge',
  tag: 'operations',
  operationId: 'listSettings',
  http: { method: 'GET', path: '/settings', status: 200 },
  input: object({}),
  result: SettingList,
  errors: [],
  examples: [{}],
});
