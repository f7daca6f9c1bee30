/** What an engine needs to know of a session, as it is kept: open what everybody may see, sealed what is secret. */
import type { TObject } from 'typebox';
import { Compile } from 'typebox/compile';
import { WabError } from '../contract/errors.ts';
import type { SessionSettings } from '../contract/fields.ts';
import type { SessionName } from '../contract/ids.ts';
import { object } from '../contract/schema.ts';
import { explainFaults, type Fault } from '../contract/schema-faults.ts';
import type { EngineFactory, EngineOptions } from '../engine/engine.ts';
import type { Secrets } from './session-proxy.ts';

/** As the columns of the session's row are named. */
export interface StoredSettings {
  /** As JSON; null if the engine asks for nothing. */
  readonly settings: string | null;
  /** As JSON, sealed; null if it asks for no secret. */
  readonly secrets: string | null;
}

type Asking = Pick<EngineFactory, 'name' | 'settings'>;
const purposeOf = (name: SessionName): string => `settings of session ${name}`;

/**
 * What to keep of the settings that a session is added with.
 *
 * @throws WabError WAB_SETTINGS_INVALID, which names fields and repeats no value; WAB_CONFIG_INVALID
 */
export function storedSettings(
  name: SessionName,
  factory: Asking,
  given: SessionSettings,
  secrets: Secrets,
): StoredSettings {
  check(name, factory, given);
  if (!factory.settings) return { settings: null, secrets: null };
  const { shown, secret } = factory.settings;
  const hidden = pick(given, secret);
  return {
    settings: JSON.stringify(pick(given, shown)),
    secrets: Object.keys(hidden).length === 0 ? null : secrets.seal(JSON.stringify(hidden), purposeOf(name)),
  };
}

/**
 * As an engine wants them.
 *
 * @throws WabError WAB_CONFIG_INVALID if the secrets cannot be read, WAB_SETTINGS_INVALID if they are those of another
 *   version of the engine
 */
export function settingsOption(
  name: SessionName,
  factory: Asking,
  stored: StoredSettings,
  secrets: Secrets,
): Pick<EngineOptions, 'settings'> {
  if (!factory.settings) return {};
  const hidden = stored.secrets === null ? {} : parse(secrets.open(stored.secrets, purposeOf(name)));
  const settings = { ...shownSettings(stored), ...hidden };
  check(name, factory, settings);
  return { settings };
}

export const shownSettings = ({ settings }: StoredSettings): SessionSettings =>
  settings === null ? {} : parse(settings);

function check(session: SessionName, { name: engine, settings }: Asking, given: SessionSettings): void {
  if (!settings && Object.keys(given).length === 0) return;
  if (!settings)
    throw new WabError('WAB_SETTINGS_INVALID', { session, engine, reason: 'it takes none, so leave the field out' });
  // In the field of the request, so that a fault names where it is.
  const wanted = Compile(object({ settings: object({ ...settings.shown.properties, ...settings.secret.properties }) }));
  const body = { settings: given };
  if (wanted.Check(body)) return;
  const faults = [...wanted.Errors(body)] as unknown as readonly Fault[];
  throw new WabError('WAB_SETTINGS_INVALID', { session, engine, reason: explainFaults('body', faults) });
}

const parse = (json: string): SessionSettings => JSON.parse(json) as SessionSettings;
const pick = (given: SessionSettings, { properties }: TObject): SessionSettings =>
  Object.fromEntries(Object.entries(given).filter(([field]) => Object.hasOwn(properties, field)));
