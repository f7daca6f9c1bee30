/** The settings with which this bridge runs. */
import type { SettingList } from '../contract/views/setting.ts';
import type { HandlersOf } from './handler.ts';

export const settingHandlers = (settings: () => SettingList): HandlersOf<'setting'> => ({ 'setting.list': settings });
