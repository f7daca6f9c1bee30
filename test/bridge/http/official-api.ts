/**
 * An engine as one over an official API will be: it is told an account and secrets when a session is added, links nothing,
 * and takes signed webhooks.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import Type from 'typebox';
import { object } from '../../../bridge/src/contract/schema.ts';
import type { ChatId, MessageId, SessionName } from '../../../bridge/src/contract/ids.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type {
  EngineListener,
  EngineOptions,
  IngressAnswer,
  IngressRequest,
} from '../../../bridge/src/engine/engine.ts';
import { messageFact } from '../events/message-fact.ts';
import { FakeFactory, READY, type FakeEngine } from '../sessions/fake-engine.ts';

export const MAX_BODY_BYTES = 10_000;

interface OfficialSettings {
  readonly account: string;
  readonly appSecret: string;
  readonly verifyToken: string;
}

/** As the other side signs a body. */
export const signatureOf = (body: string | Buffer, appSecret: string): string =>
  `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`;

export class OfficialApiFactory extends FakeFactory {
  override settings = {
    shown: object({ account: Type.String({ minLength: 1 }) }),
    secret: object({ appSecret: Type.String({ minLength: 8 }), verifyToken: Type.String({ minLength: 8 }) }),
  };
  override ingress = { methods: ['GET', 'POST'] as const, maxBodyBytes: MAX_BODY_BYTES };
  override capabilities = {
    chosenMessageIds: false,
    linking: [],
    parallelFiles: true,
    simulated: false,
    operations: [],
    events: [],
  };
  /** What was received and is not answered yet waits for this. */
  held: Promise<void> = Promise.resolve();
  received = 0;

  override create(
    session: SessionName,
    profileDir: string,
    listener: EngineListener,
    options: EngineOptions = {},
  ): FakeEngine {
    const engine = super.create(session, profileDir, listener, options);
    const settings = options.settings as unknown as OfficialSettings;
    engine.onStart = async () => listener.signal(READY);
    engine.receive = async (request) => {
      this.received += 1;
      await this.held;
      return request.method === 'GET' ? challenge(request, settings) : report(request, settings, listener);
    };
    return engine;
  }
}

/** The other side asks whether the address is meant for it. */
function challenge({ query }: IngressRequest, { verifyToken }: OfficialSettings): IngressAnswer {
  const asked = new URLSearchParams(query);
  if (asked.get('hub.verify_token') !== verifyToken) return { status: 403 };
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: asked.get('hub.challenge') ?? '' };
}

async function report(
  { headers, body }: IngressRequest,
  { appSecret }: OfficialSettings,
  listener: EngineListener,
): Promise<IngressAnswer> {
  const expected = Buffer.from(signatureOf(body, appSecret));
  const given = Buffer.from(String(headers['x-hub-signature-256']));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { status: 401 };
  const { id, from, text } = JSON.parse(body.toString('utf8')) as { id: string; from: ChatId; text: string };
  await listener.fact(
    messageFact({
      messageId: `false_${from}_${id}` as MessageId,
      chat: addressOf(from),
      sender: addressOf(from),
      fromMe: false,
      sentAt: new Date(),
      kind: 'text',
      text,
      mentions: [],
      quotedMessageId: null,
    }),
  );
  return { status: 200, headers: { 'content-type': 'application/json' }, body: '{"success":true}' };
}
