/** Messages that cannot be read when they come, and can be later: in the same page, after a reload, after a restart. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import { BUILDS, type PageSettings } from '../standin/page-settings.ts';
import { LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
afterEach(() => session.close(), LONG);

const texts = (recording: EngineRecording): (string | null)[] => recording.messages.map(({ text = null }) => text);
/** Everything said before this is reported or will never be. */
async function settled(recording: EngineRecording, word: string): Promise<(string | null)[]> {
  session.standin.network.say(session.carol, session.me, word);
  await recording.untilMessage(({ text }) => text === word);
  return texts(recording).filter((text) => text !== word);
}

describe.each(Object.keys(BUILDS) as PageSettings['build'][])('a message that is decrypted late (%s)', (build) => {
  test(
    'soon: it is reported once, in its place',
    async () => {
      session = await SessionAtTest.open(build);
      const { network } = session.standin;
      const { recording } = await session.linked({ decryption: 60_000 });
      const stanza = network.sayUndecrypted(session.bob, session.me, 'first');
      network.say(session.bob, session.me, 'second');
      // What others write does not wait.
      network.say(session.carol, session.me, 'meanwhile');
      await recording.untilMessage(({ text }) => text === 'meanwhile');
      network.decrypt(stanza);
      await recording.untilMessage(({ text }) => text === 'second');
      expect(await settled(recording, 'end')).toEqual(['meanwhile', 'first', 'second']);
    },
    LONG,
  );

  test(
    'later: the chat goes on without it, and it is reported once',
    async () => {
      session = await SessionAtTest.open(build);
      const { network } = session.standin;
      const { recording } = await session.linked({ decryption: 300, undecrypted: 200 });
      const stanza = network.sayUndecrypted(session.bob, session.me, 'first');
      network.say(session.bob, session.me, 'second');
      await recording.untilMessage(({ text }) => text === 'second');
      network.decrypt(stanza);
      const late = await recording.untilMessage(({ text }) => text === 'first');
      expect(late).toMatchObject({ kind: 'text', chat: { chatId: session.bob.pn } });
      expect(late.messageId).toContain(stanza);
      expect(await settled(recording, 'end')).toEqual(['second', 'first']);
    },
    LONG,
  );

  test(
    'after the page was reloaded, which the library does not notice',
    async () => {
      session = await SessionAtTest.open(build);
      const { network } = session.standin;
      const { recording } = await session.linked({ decryption: 300, undecrypted: 300 });
      const stanza = network.sayUndecrypted(session.bob, session.me, 'first');
      await network.until('the page has it', () => session.bob.inbox.length === 0 && network.message(stanza).ack > 1);
      network.say(session.bob, session.me, 'second');
      await recording.untilMessage(({ text }) => text === 'second');
      network.reload(session.me);
      await recording.untilSignal('ready', 2);
      network.decrypt(stanza);
      await recording.untilMessage(({ text }) => text === 'first');
      const reported = await settled(recording, 'end');
      expect(reported.filter((text) => text === 'first')).toHaveLength(1);
    },
    LONG,
  );

  test(
    'after a restart long after it came, and while the session did not run',
    async () => {
      session = await SessionAtTest.open(build);
      const { network } = session.standin;
      const first = await session.linked({ decryption: 300 });
      const stanzas = ['first', 'second'].map((text) => network.sayUndecrypted(session.bob, session.me, text));
      network.say(session.bob, session.me, 'third');
      await first.recording.untilMessage(({ text }) => text === 'third');
      await first.engine.stop();
      // As if time had passed: what could not be read lies before the mark. Much further ahead it would not be believed.
      const file = join(session.profileFolder, 'progress.json');
      const progress = JSON.parse(await readFile(file, 'utf8')) as { reportedUntil: number; undecrypted: unknown[] };
      expect(progress.undecrypted).toHaveLength(2);
      await writeFile(file, JSON.stringify({ ...progress, reportedUntil: progress.reportedUntil + 500 }));
      network.decrypt(stanzas[0] as string);
      const { recording, engine } = await session.launch({ undecrypted: 300 });
      await recording.untilMessage(({ text }) => text === 'first');
      await recording.untilSignal('ready');
      network.decrypt(stanzas[1] as string);
      await recording.untilMessage(({ text }) => text === 'second');
      expect(await settled(recording, 'end')).toEqual(['first', 'second']);
      await engine.stop();
      expect((JSON.parse(await readFile(file, 'utf8')) as { undecrypted: unknown[] }).undecrypted).toEqual([]);
    },
    LONG,
  );
});

test(
  'what linked devices never get to see is reported as such, at once',
  async () => {
    session = await SessionAtTest.open();
    const { recording } = await session.linked({ decryption: 60_000 });
    session.standin.network.say(session.bob, session.me, {
      type: 'ciphertext',
      extra: { subtype: 'view_once_unavailable_fanout' },
    });
    const message = await recording.until('the message', () => recording.messages[0]);
    expect(message).toMatchObject({ kind: 'unsupported', rawKind: 'view_once_unavailable_fanout' });
    expect(message).not.toHaveProperty('text');
    expect(message).not.toHaveProperty('media');
  },
  LONG,
);
