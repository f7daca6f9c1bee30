/** What linked devices ask of WhatsApp's server: messages, deeds, typing, groups. */
import type { Account } from './account.ts';
import type { Deeds } from './deeds.ts';
import type { Device } from './device.ts';
import type { PageDeed, PageFrame, PageRequest, WireMessage } from './frames.ts';
import type { Groups } from './groups.ts';
import { idOf } from './letter.ts';
import { ACK, type Post } from './post.ts';

/** How the server behaves; see the fields of `Network`. */
export interface Mood {
  readonly refuses: boolean;
  readonly swallows: boolean;
  readonly holdsAcks: boolean;
  find(id: string): Account | undefined;
}

type OtherFrame = Exclude<
  PageFrame,
  PageRequest | { readonly type: 'hello' | 'got' | 'send' | 'refresh' | 'takeover' }
>;

export class Acts {
  readonly #server: Mood;
  readonly #post: Post;
  readonly #deeds: Deeds;
  readonly #groups: Groups;

  constructor(server: Mood, post: Post, deeds: Deeds, groups: Groups) {
    this.#server = server;
    this.#post = post;
    this.#deeds = deeds;
    this.#groups = groups;
  }

  /** Repeating a stanza delivers it once, as the real server does. */
  send(account: Account, device: Device, message: WireMessage): void {
    const id = idOf({ ...message, fromMe: true });
    device.ids.set(message.stanza, id);
    if (this.#server.swallows) return;
    const to = this.#groups.find(message.chat) ?? this.#server.find(message.chat);
    if (this.#server.refuses || !to) return device.keep({ type: 'ack', id, ack: ACK.refused });
    if (this.#post.find(message.stanza)) return this.#post.report(message.stanza);
    this.#post.carry(account, to, message.stanza, message, { by: device });
  }

  /** Does something to a message. Gives the server's answer, undefined where it gives none. */
  deed(account: Account, device: Device, deed: PageDeed): { ok: true } | { error: string } | undefined {
    if (this.#server.swallows) return undefined;
    if (this.#server.refuses) return { error: 'not-acceptable' };
    if (!this.#post.find(deed.stanza)) return { error: 'item-not-found' };
    if (deed.type === 'react') this.#deeds.react(account, deed.stanza, deed.emoji);
    else if (deed.type === 'edit') this.#deeds.edit(account, deed.stanza, deed.body, device);
    else if (deed.type === 'revoke') this.#deeds.revoke(account, deed.stanza, device);
    else this.#deeds.vote(account, deed.stanza, deed.options);
    return this.#server.holdsAcks ? undefined : { ok: true };
  }

  /** The rest, which gets no answer. What makes no sense is dropped. */
  act(account: Account, device: Device, act: OtherFrame): void {
    switch (act.type) {
      case 'seen':
        return this.#post.seen(account, act.chat, device);
      case 'delete':
        return this.#post.find(act.stanza) && this.#deeds.delete(account, act.stanza, device);
      case 'chatstate': {
        const to = this.#groups.find(act.chat)?.members ?? [this.#server.find(act.chat)];
        for (const other of to)
          if (other && other !== account)
            this.#post.tell(other, { kind: 'chatstate', by: account, chat: act.chat, state: act.state });
        return;
      }
      case 'presence':
        account.available = act.available;
        return;
      case 'reject-call': {
        const caller = this.#server.find(act.to);
        return caller && this.#post.tell(caller, { kind: 'call-rejected', by: account, call: act.call });
      }
      case 'resend':
        if (account.resendsUndecrypted) for (const stanza of act.stanzas) this.#post.decrypt(stanza);
        return;
      case 'leave':
      case 'rename': {
        const group = this.#groups.find(act.chat);
        if (!group?.members.includes(account)) return;
        if (act.type === 'leave') this.#groups.leave(group, account);
        else this.#groups.rename(group, account, act.subject);
      }
    }
  }
}
